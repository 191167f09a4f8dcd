"""What a process may use, and what is put in place of placeholders: seen from within it."""
import grp
import os
import pwd
from pathlib import Path

import pytest

from fleet import wait_until

SLEEP = "exec sleep 1000"


def begin(fleet, **keys):
    """A process `p` with these keys, running; its pid."""
    fleet.apply({"name": "p", "command": SLEEP, **keys})
    return fleet.pid("p")


def proc_lines(pid, name):
    return Path(f"/proc/{pid}/{name}").read_text().splitlines()


def limit(pid, title):
    """Soft and hard, as /proc has them."""
    line = next(line for line in proc_lines(pid, "limits") if line.startswith(title))
    return line[len(title):].split()[:2]


def refusal(fleet, **keys):
    """Of a process that cannot begin: why not."""
    fleet.apply({"name": "p", **({"command": SLEEP} if "exec" not in keys else {}), **keys})
    return fleet.wait_state("p", "failed")["reason"]


def said(fleet, **keys):
    """What a process `p` with these keys says, when it is over."""
    fleet.apply({"name": "p", **keys})
    fleet.wait_state("p", "exited")
    path = fleet.output_file("p", keys.get("group", ""))
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"), "its last line")
    return path.read_text()


# ---- umask, nice, limits -------------------------------------------------------------------

def test_a_process_has_the_mask_niceness_and_limits_of_its_file(alone):
    pid = begin(alone, umask="027", nice=5,
                limits={"nofile": {"soft": 100, "hard": 200}, "core": 0, "stack": "1MiB"})
    assert "Umask:\t0027" in proc_lines(pid, "status")
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    assert limit(pid, "Max open files") == ["100", "200"]
    assert limit(pid, "Max core file size") == ["0", "0"]
    assert limit(pid, "Max stack size") == ["1048576", "1048576"]


def test_a_limit_that_cannot_be_had_fails_the_start_with_its_name(alone):
    reason = refusal(alone, limits={"nofile": 1 << 40})
    assert reason.startswith("cannot set limit nofile to 1099511627776: Operation not permitted")
    alone.ok("edit", "p", "--set", "limits={nofile: 64}")
    alone.ok("start", "p")
    assert limit(alone.pid("p"), "Max open files") == ["64", "64"]


def test_a_changed_limit_costs_a_new_life_once(alone):
    first = begin(alone, limits={"nofile": 100})
    assert begin(alone, limits={"nofile": 100}) == first
    alone.ok("edit", "p", "--set", "limits={nofile: 101}")
    second = wait_until(lambda: (pid := alone.pid("p")) != first and pid, "another life")
    assert limit(second, "Max open files") == ["101", "101"]


# ---- placeholders and variables ------------------------------------------------------------

SAY = ["printf", "%s\\n"]


def test_words_and_values_are_filled_in_on_the_deputy(alone):
    text = said(alone, group="drivers/cameras", env={"PORT": "7000", "URL": "tcp://{host}:${PORT}",
                                                     "PATH": "/opt/x:${PATH}"},
                exec=SAY + ["{name}@{host}", "{group}", "${URL}", "${NONE:-a  b}", "$${PORT} $1",
                            '{"name": "{name}"}', "${PATH}"])
    assert text.splitlines() == ["p@alpha", "drivers/cameras", "tcp://alpha:7000", "a  b",
                                 "${PORT} $1", '{"name": "p"}',
                                 "/opt/x:" + alone.env["PATH"]]


def test_a_command_is_shs_but_for_placeholders(alone):
    text = said(alone, env={"CAM_PORT": "7000"}, command=(
        "LD=1 printf '%s\\n' ${CAM_PORT} {name}/{index} '{\"name\": 1}' \"$(echo $CAM_PORT)\"; "
        "test $$ = $PPID || echo ${NONE:-none} {{name}}"))
    assert text.splitlines() == ["7000", "p/0", '{"name": 1}', "7000", "none {{name}}"]


def test_instances_tell_themselves_apart(alone):
    alone.apply({"name": "p", "instances": 2, "working_dir": "${HOME}",
                 "exec": ["sh", "-c", "pwd; echo $$0", "{name} {index}"]})
    for index in range(2):
        alone.wait_state(f"p:{index}", "exited")
        path = alone.output_file(f"p:{index}")
        wait_until(lambda: path.exists() and path.read_text() ==
                   f"{alone.dir}\np:{index} {index}\n", "what it is called, and where it is")


def test_a_variable_that_is_missing_fails_the_start_with_its_sentence(alone):
    reason = refusal(alone, exec=["sleep", "${SECONDS_TO_SLEEP:?how long?}"])
    assert reason.startswith("SECONDS_TO_SLEEP is not set: how long?;")
    reason = refusal(alone, env={"A": "relative"}, working_dir="${A}")
    assert reason.startswith("working directory relative: it does not begin with a '/'")
    reason = refusal(alone, exec=["${NONE:-/no/such}/{name}", "x"])
    assert reason.startswith("cannot execute /no/such/p: No such file or directory")
    reason = refusal(alone, working_dir="/no/such/${NONE:-place}")
    assert reason.startswith("working directory /no/such/place: No such file or directory")


def test_what_cannot_be_filled_in_is_an_error_of_the_file(alone):
    path = alone.file("bad.yaml", "processes:\n- {name: p, exec: [a, '${B%c}'],\n"
                                  "   env: {D: '${E'}, working_dir: '/${}'}\n")
    wrong = alone.ctl("check", path)
    assert wrong.status == 2
    for place in ("bad.yaml:2:23: ", "bad.yaml:3:13: ", "bad.yaml:3:34: "):
        assert place in wrong.err, wrong


# ---- env_file ------------------------------------------------------------------------------

def test_the_env_file_is_read_at_each_start(alone):
    path = alone.file("p.env", "# of p\nA=1\nexport B=\"two words\"\nC=3 # three\n")
    keys = {"env_file": str(alone.dir / "{name}.env"), "env": {"C": "${A}${C}"},
            "exec": SAY + ["${A}", "${B}", "${C}"]}
    assert said(alone, **keys) == "1\ntwo words\n13\n"
    path.write_text("A=4\nB=5\n")
    alone.ok("start", "p")
    wait_until(lambda: alone.output_file("p").read_text().endswith("\n4\n5\n4\n"), "the new ones")


def test_an_env_file_that_is_wrong_fails_the_start_with_its_place(alone):
    path = alone.dir / "p.env"
    assert refusal(alone, env_file=str(path)).startswith(
        f"env_file {path}: No such file or directory")
    path.write_text("A=1\nB\n")
    alone.ok("edit", "p", "--set", "nice=1")
    assert alone.ctl("start", "p").status == 1
    assert alone.wait_state("p", "failed")["reason"].startswith(
        f"env_file {path}:2: not a line NAME=VALUE")
    path.unlink()
    os.mkfifo(path)     # whoever read it would wait for ever
    assert alone.ctl("start", "p").status == 1
    assert alone.wait_state("p", "failed")["reason"].startswith(
        f"env_file {path}: it is not a regular file")
    path.unlink()
    path.write_text("A=1\n" * 20000)
    alone.ctl("start", "p")
    assert alone.wait_state("p", "failed")["reason"].startswith(
        f"env_file {path}: it is larger than 64KiB")
    path.write_text("A=1\n")
    alone.ok("start", "p")
    assert alone.pid("p")


# ---- run_as --------------------------------------------------------------------------------

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another")
def test_a_user_brings_groups_and_variables(alone):
    text = said(alone, run_as={"user": "nobody"}, env={"SHELL": "/bin/mine", "WHERE": "${HOME}"},
                command="id -un; id -Gn; echo $HOME $USER $LOGNAME $SHELL $WHERE")
    home = pwd.getpwnam("nobody").pw_dir
    groups = [grp.getgrgid(gid).gr_name for gid in
              os.getgrouplist("nobody", pwd.getpwnam("nobody").pw_gid)]
    assert text.splitlines() == ["nobody", " ".join(groups),
                                 f"{home} nobody nobody /bin/mine {home}"]


# ---- control groups ------------------------------------------------------------------------

def controllers():
    """Which ones a deputyd that we begin may hand down."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = next((line[3:] for line in lines if line.startswith("0::/")), None)
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        path = Path(mount) / (own or "").lstrip("/") / "cgroup.controllers"
        if own and path.exists():
            return path.read_text().split()
    return []


@pytest.mark.parametrize("controller, key, value", [
    ("memory", "memory_max", "64MiB"), ("cpu", "cpu_max", "50%"), ("pids", "pids_max", 20)])
def test_a_limit_that_this_host_cannot_set_is_refused(alone, controller, key, value):
    if controller in controllers():
        pytest.skip("it may be able to")
    reason = refusal(alone, cgroup={key: value})
    assert reason.startswith(f"this host has no cgroup v2 {controller} controller for deputyd; "
                             "see Control groups in deputyd(8);"), reason
    alone.ok("edit", "p", "--set", f"cgroup.{key}=0")
    alone.ok("start", "p")
    assert alone.pid("p")


def test_without_control_groups_a_limit_of_them_is_refused(fleet):
    fleet.sheriffd = fleet.sheriff()
    fleet.alpha = fleet.deputy("alpha", "--no-cgroups")
    reason = refusal(fleet, cgroup={"memory_max": "64MiB"})
    assert reason.startswith("this host has no cgroup v2 memory controller for deputyd;"), reason
