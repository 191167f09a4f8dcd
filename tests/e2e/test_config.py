"""Configuration: what loads, what is refused, and that only what changed is touched."""
import json
import signal

import pytest

from fleet import alive, wait_until

ORIGINAL = """{"deputies": ["http://localhost:8000"],
 "processes": [{"name": "echoloop",
                "command": "sh -c 'while true; do echo \\"hello\\"; sleep 1; done'",
                "working_dir": "/tmp", "host": "alpha", "autostart": true,
                "auto_restart": false}]}
"""

SAME_IN_YAML = """
deputies: [http://localhost:8000]
processes:
  - name: echoloop
    command: sh -c 'while true; do echo "hello"; sleep 1; done'
    working_dir: /tmp
    host: alpha
    autostart: true
    auto_restart: false
"""

BROKEN = """processes:
  - name: cam
    command: sleep 1000
    autostrat: true
  - name: lidar
    comand: sleep 1000
    auto_restart: sometimes
"""

WELL = """processes:
  - {name: cam, command: sleep 1000}
"""


def says_all_errors(text, path):
    """Each error with its place, its line, a caret and a suggestion; all at once."""
    for place in (f"{path}:4:", f"{path}:6:", f"{path}:7:"):
        assert place in text, text
    for words in ("autostrat", "autostart", "comand", "command", "sometimes", "    ^"):
        assert words in text, text


@pytest.mark.parametrize("name, text", [("original.json", ORIGINAL), ("same.yaml", SAME_IN_YAML)])
def test_the_original_file_runs_unchanged(fleet, name, text):
    path = fleet.file(name, text)
    fleet.ok("check", path)
    fleet.sheriff(config=path)
    fleet.deputy("alpha")
    fleet.pid("echoloop")
    wait_until(lambda: fleet.output_file("echoloop").read_text().startswith("hello\n"), "hello")


def test_localhost_is_the_sheriffs_own_machine(alone):
    alone.apply({"name": "a", "command": "sleep 1000", "host": "localhost"},
                {"name": "b", "command": "sleep 1000"})
    assert alone.pid("a") and alone.pid("b")
    assert {row["host"] for row in alone.status()} == {"alpha"}


def test_names_are_data(alone):
    names = ["with-dash", "under_score", "two words", "größe ✓", "percent%20", "-x", ".hidden"]
    alone.apply(*({"name": name, "command": "echo hi", "group": "odd names/ü"} for name in names))
    for name in names:
        alone.wait_state(name, "exited")
    files = list((alone.log_dir("alpha")).rglob("*.log"))
    assert len(files) == len(names)
    wait_until(lambda: all(file.read_text() == "hi\n" for file in files), "all have spoken")


def test_one_name_on_two_hosts(three):
    three.apply({"name": "cam", "command": "sleep 1000", "host": "alpha"},
                {"name": "cam", "command": "sleep 1000", "host": "beta"})
    one, two = three.pid("cam", "alpha"), three.pid("cam", "beta")
    three.ok("stop", "cam@beta")
    assert alive(one) and not alive(two)


def test_defaults_reach_every_process(alone):
    alone.apply({"name": "a", "command": "sh -c 'pwd; echo $X'"}, defaults={
        "working_dir": "/usr", "env": {"X": "from defaults"}})
    alone.wait_state("a", "exited")
    wait_until(lambda: alone.output_file("a").read_text() == "/usr\nfrom defaults\n", "it spoke")


def test_check_tells_every_error_and_needs_no_daemon(fleet):
    path = fleet.file("broken.yaml", BROKEN)
    result = fleet.ctl("check", path)
    assert result.status == 2
    says_all_errors(result.err + result.out, path)


def test_check_of_a_missing_file_says_so(fleet):
    result = fleet.ctl("check", "/no/such/file.yaml")
    assert result.status == 2
    assert "/no/such/file.yaml" in result.err and "No such file" in result.err


def test_json_errors_have_their_place_too(fleet):
    path = fleet.file("broken.json", '{"processes": [\n  {"name": "a", "command": "b", "x": 1}\n]}')
    result = fleet.ctl("check", path)
    assert result.status == 2 and f"{path}:2:" in result.err + result.out


def test_comments_in_json_are_explained(fleet):
    path = fleet.file("fleet.json", '// my fleet\n{"processes": []}')
    result = fleet.ctl("check", path)
    assert result.status == 2 and "comment" in (result.err + result.out).lower(), result


def test_apply_of_a_broken_file_tells_the_same_and_changes_nothing(alone):
    alone.apply({"name": "cam", "command": "sleep 1000"})
    pid = alone.pid("cam")
    path = alone.file("broken.yaml", BROKEN)
    result = alone.ctl("apply", path)
    assert result.status == 2
    says_all_errors(result.err + result.out, path)
    assert [row["pid"] for row in alone.status()] == [pid]


def test_sheriffd_refuses_to_begin_with_a_broken_file(fleet):
    path = fleet.file("broken.yaml", BROKEN)
    daemon = fleet.spawn("sheriffd", "sheriffd", "--name", "alpha", "--run-dir", fleet.run_dir,
                         "--state-dir", fleet.state_dir, "--config", path)
    daemon.may_end_with = (2,)
    assert daemon.end() == 2
    says_all_errors(daemon.log, path)


def test_sighup_applies_the_file_again(fleet):
    path = fleet.file("fleet.yaml", WELL)
    sheriff = fleet.sheriff(config=path)
    fleet.deputy("alpha")
    pid = fleet.pid("cam")
    fleet.file("fleet.yaml", WELL + "  - {name: lidar, command: sleep 1000}\n")
    sheriff.signal(signal.SIGHUP)
    wait_until(lambda: fleet.proc("lidar"), "lidar is known")
    fleet.pid("lidar")
    assert fleet.pid("cam") == pid


def test_sighup_with_a_bad_file_changes_nothing(fleet):
    path = fleet.file("fleet.yaml", WELL)
    sheriff = fleet.sheriff(config=path)
    fleet.deputy("alpha")
    pid = fleet.pid("cam")
    fleet.file("fleet.yaml", BROKEN)
    sheriff.signal(signal.SIGHUP)
    wait_until(lambda: "autostrat" in sheriff.log, "it complains")
    assert sheriff.running and fleet.pid("cam") == pid


def test_apply_touches_only_what_changed(alone):
    alone.apply({"name": "same", "command": "sleep 1000"},
                {"name": "live", "command": "sleep 1000"},
                {"name": "changed", "command": "sleep 1000"},
                {"name": "gone", "command": "sleep 1000"})
    pid = {name: alone.pid(name) for name in ("same", "live", "changed", "gone")}

    path = alone.file("next.json", {"processes": [
        {"name": "same", "command": "sleep 1000"},
        {"name": "live", "command": "sleep 1000", "stop": {"timeout": "3s"}},
        {"name": "changed", "command": "sleep 1001"},
        {"name": "new", "command": "sleep 1000"}]})
    plan = alone.ok("apply", path, "--plan", "--prune", "--json").json["plan"]
    assert {row["name"]: row["action"] for row in plan} == {
        "same": "none", "live": "live", "changed": "restart", "gone": "remove", "new": "add"}
    assert next(row for row in plan if row["name"] == "changed")["fields"] == ["command"]
    assert {name: alone.pid(name) for name in pid} == pid    # a plan changes nothing

    alone.ok("apply", path, "--prune")
    wait_until(lambda: alone.proc("gone") is None, "the removed one is forgotten")
    changed = wait_until(lambda: (p := alone.pid("changed")) != pid["changed"] and p,
                         "the changed one is restarted")
    assert (alone.pid("same"), alone.pid("live")) == (pid["same"], pid["live"])
    assert alone.pid("new") and not alive(pid["gone"]) and not alive(pid["changed"])

    alone.ok("apply", path, "--prune")
    assert (alone.pid("same"), alone.pid("changed")) == (pid["same"], changed)


def test_a_change_of_what_is_down_waits_for_its_next_start(alone):
    alone.apply({"name": "job", "command": "echo old", "autostart": False})
    alone.apply({"name": "job", "command": "echo new", "autostart": False})
    assert alone.proc("job")["run"] == 0
    alone.ctl("start", "job")
    wait_until(lambda: alone.output_file("job").exists()
               and alone.output_file("job").read_text() == "new\n", "the new command ran")


def test_what_an_operator_stopped_stays_down(fleet):
    path = fleet.file("fleet.yaml", WELL)
    sheriff = fleet.sheriff(config=path)
    fleet.deputy("alpha")
    fleet.pid("cam")
    fleet.ok("stop", "cam")
    fleet.ok("apply", path)
    assert fleet.proc("cam")["state"] == "stopped"
    assert sheriff.stop() == 0
    fleet.sheriff(config=path)
    fleet.wait_link("alpha", "up")
    fleet.wait_state("cam", "stopped")
    assert not fleet.proc("cam")["wanted"]


def test_add_edit_export_remove(alone):
    alone.ok("add", "cam", "--group", "drivers", "--set", "env.PORT=7000", "--",
             "sh", "-c", "echo $PORT; exec sleep 1000")
    assert alone.proc("cam")["state"] == "stopped"
    alone.ok("start", "drivers/cam")
    pid = alone.pid("cam")
    file = alone.output_file("cam", "drivers")
    wait_until(lambda: file.read_text() == "7000\n", "it has its port")

    alone.ok("edit", "drivers/cam", "--set", "env.PORT=7001")
    wait_until(lambda: file.read_text() == "7000\n7001\n", "it has its new port")
    assert alone.pid("cam") != pid

    path = alone.dir / "out.yaml"
    alone.ok("export", path)
    alone.ok("check", path)
    pid = alone.pid("cam")
    plan = alone.ok("apply", path, "--plan", "--json").json["plan"]
    assert [row["action"] for row in plan] == ["none"]

    alone.ok("remove", "drivers/cam")
    wait_until(lambda: alone.proc("cam") is None, "it is forgotten")
    assert not alive(pid)


def test_export_of_some_processes(alone):
    alone.apply({"name": "cam", "group": "drivers", "command": "sleep 4742"},
                {"name": "web", "command": "sleep 4743"})
    some = alone.ok("export", "-", "drivers/").out
    assert "cam" in some and "web" not in some, some
    path = alone.dir / "web.json"
    alone.ok("export", path, "web", "@alpha", "!drivers/")
    assert [row["name"] for row in json.loads(path.read_text())["processes"]] == ["web"]
    result = alone.ctl("export", "-", "wbe")
    assert result.status == 4 and result.out == "" and "web" in result.err, result


def test_add_of_a_known_name_is_refused(alone):
    alone.ok("add", "cam", "--", "sleep", "1000")
    result = alone.ctl("add", "cam", "--", "sleep", "1001")
    assert result.status == 1 and "cam" in result.err and "exist" in result.err, result


def test_a_wrong_key_in_edit_is_explained(alone):
    alone.ok("add", "cam", "--", "sleep", "1000")
    result = alone.ctl("edit", "cam", "--set", "auto_restrat=always")
    assert result.status == 2 and "auto_restart" in result.err, result


def test_how_output_is_kept_is_changed_live_and_a_terminal_takes_a_new_life(alone):
    alone.apply({"name": "cam", "command": "sleep 4741", "output": {"max_size": "64k", "keep": 2},
                 "on_sheriff_loss": {"stop_after": "30s"}})
    pid = alone.pid("cam")
    exported = alone.ok("export").out
    assert "output: {max_size: 64KiB, keep: 2}" in exported, exported
    assert "on_sheriff_loss: {stop_after: 30s}" in exported, exported

    plan = alone.ok("edit", "cam", "--set", "output.max_size=1M", "--set", "on_sheriff_loss=keep",
                    "--plain").out
    assert "live" in plan and "output.max_size" in plan and "on_sheriff_loss" in plan, plan
    assert alone.pid("cam") == pid
    assert "rotated at 1MiB, 2 kept" in alone.ok("show", "cam").out
    plan = alone.ok("edit", "cam", "--set", "output.pty=true", "--plan", "--plain").out
    assert "restart" in plan and "output.pty" in plan, plan

    result = alone.ctl("edit", "cam", "--set", "output.max_size=1k")
    assert result.status == 2 and "less than 4KiB" in result.err, result
