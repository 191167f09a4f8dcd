"""The command line: exit statuses, documents, selectors, errors that help."""
import json
import os
import signal

import pytest

from fleet import BIN, alive, wait_until

LOOP = "sleep 1000"


@pytest.fixture
def garden(alone):
    """Processes in nested groups: two up, one down."""
    alone.apply({"name": "left", "group": "drivers/cameras", "command": LOOP},
                {"name": "right", "group": "drivers/cameras", "command": LOOP},
                {"name": "lidar", "group": "drivers", "command": LOOP, "autostart": False})
    alone.pid("left"), alone.pid("right")
    return alone


def names(rows):
    return sorted(row["name"] for row in rows)


@pytest.mark.parametrize("selector, expected", [
    (["left"], ["left"]),
    (["drivers/lidar"], ["lidar"]),
    (["drivers/"], ["left", "lidar", "right"]),
    (["drivers/cameras/"], ["left", "right"]),
    (["l*"], ["left", "lidar"]),
    (["@alpha"], ["left", "lidar", "right"]),
    (["l*@al*"], ["left", "lidar"]),
    (["%running"], ["left", "right"]),
    (["drivers/%stopped"], ["lidar"]),
    (["all", "!left"], ["lidar", "right"]),
    (["left", "lidar"], ["left", "lidar"]),
])
def test_selectors(garden, selector, expected):
    assert names(garden.status(*selector)) == expected


def test_exit_statuses(garden):
    for status, command in [
            (0, ["status"]), (0, ["status", "left"]), (3, ["status", "lidar"]),
            (4, ["status", "nobody"]), (4, ["start", "nobody"]), (4, ["logs", "nobody"]),
            (2, ["start"]), (2, ["stop"]), (2, ["no-such-verb"]), (2, ["status", "--no-such"]),
            (2, ["status", "[x"]), (2, ["signal", "NOPE", "left"]), (2, ["apply"]),
            (0, ["help"]), (0, ["version"]), (0, ["--help"]), (0, ["--version"])]:
        result = garden.ctl(*command)
        assert result.status == status, result
        assert (status in (0, 3)) or result.err, result


def test_no_sheriff_is_status_5_and_says_what_to_do(fleet):
    for command in (["status"], ["start", "x"], ["deputies"], ["events"], ["logs", "x"]):
        result = fleet.ctl(*command)
        assert result.status == 5, result
        assert str(fleet.run_dir) in result.err and "procmanctl up" in result.err, result


def test_a_time_limit_is_status_124(alone):
    alone.apply({"name": "mule", "command": "sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'",
                 "stop": {"timeout": "20s"}})
    alone.pid("mule")
    result = alone.ctl("stop", "mule", "--timeout", "300ms")
    assert result.status == 124, result
    alone.ok("signal", "KILL", "mule")


def test_no_wait_returns_at_once(garden):
    garden.ok("stop", "left", "--no-wait")
    garden.wait_state("left", "stopped")


def test_interrupted_is_status_130(garden):
    follow = garden.follow("events", "-f")
    wait_until(lambda: follow.log, "it shows the past")
    follow.signal(signal.SIGINT)
    assert follow.end() == 130


def test_a_typing_error_gets_a_suggestion(garden):
    for command, meant in [(["start", "lidra"], "lidar"), (["statsu"], "status"),
                           (["status", "--jsno"], "--json")]:
        result = garden.ctl(*command)
        assert f"{meant}" in result.err and "did you mean" in result.err, result


def test_an_abbreviation_is_not_understood(garden):
    assert garden.ctl("stat").status == 2
    assert garden.ctl("status", "--jso").status == 2


@pytest.mark.parametrize("alias", ["ls", "ps"])
def test_aliases_of_status(garden, alias):
    assert names(garden.ok(alias, "--json").json["processes"]) == ["left", "lidar", "right"]


def test_documents_are_versioned_and_whole(garden):
    for command, key in [(["status"], "processes"), (["deputies"], "deputies"),
                         (["events"], "events")]:
        document = garden.ok(*command, "--json").json
        assert document["schema"] == "procman.v1" and isinstance(document[key], list)
    row = garden.status("left")[0]
    for key in ("name", "group", "host", "state", "pid", "run", "uptime_ms", "cpu_pct",
                "rss_bytes", "restarts", "reason"):
        assert key in row


def test_tables_have_their_columns(garden):
    head = garden.ok("status").lines[0].split()
    assert head == "NAME HOST STATE PID UPTIME CPU MEM RESTARTS REASON".split()
    head = garden.ok("deputies").lines[0].split()
    assert head == "NAME STATE AGE CPU MEM DISK LOAD PROCS VERSION ADDRESS".split()


def test_no_escape_sequence_leaves_through_a_pipe(garden):
    for command in (["status"], ["deputies"], ["show", "left"], ["events"], ["help"]):
        assert "\033" not in garden.ok(*command).out


def test_one_line_for_each_process(garden):
    result = garden.ok("restart", "drivers/cameras/")
    assert len(result.lines) == 2
    assert {word for line in result.lines for word in line.split() if "left" in word
            or "right" in word}


def test_show_tells_spec_and_state(garden):
    text = garden.ok("show", "left").out
    for words in ("left", "drivers/cameras", "sleep 1000", "running", "alpha"):
        assert words in text


def test_show_tells_every_key_that_is_said(alone):
    alone.apply({"name": "cam", "command": LOOP, "autostart": False, "limits": {"nofile": 64},
                 "env": {"health": "no"}, "health": {"silence": "1h"}, "labels": {"team": "eyes"},
                 "ready": {"log": "x"}, "watchdog": "10s", "restart": {"max_memory": "1GiB"}})
    lines = [line.split(None, 1) for line in alone.ok("show", "cam").lines]
    for line in (["limits", "{nofile: 64}"], ["health", "{silence: 1h}"], ["labels", "team: eyes"],
                 ["watchdog", "10s"], ["max_memory", "1GiB, over it a restart"]):
        assert lines.count(line) == 1, line
    assert "ready" in [line[0] for line in lines]


def test_environment_values_are_left_out(alone):
    alone.apply({"name": "cam", "command": LOOP, "env": {"TOKEN": "hush-hush"}})
    for command in (["show", "cam"], ["show", "--json", "cam"], ["status", "--json"]):
        assert "hush-hush" not in alone.ok(*command).out
    assert "hush-hush" not in alone.ok("apply", alone.dir / "fleet.json", "--plan", "--json").out


def test_following_events_is_json_lines(garden):
    follow = garden.follow("events", "-f", "--json")
    garden.ok("stop", "left")
    wait_until(lambda: '"stopped"' in follow.log, "the stop is shown")
    for line in follow.log.splitlines():
        assert json.loads(line)["seq"] > 0


def test_help_for_every_verb(fleet):
    text = fleet.ok("help").out
    for verb in ("status deputies start stop restart signal logs show check apply add edit remove "
                 "export events up down version help").split():
        assert verb in text
        assert fleet.ok("help", verb).out == fleet.ok(verb, "--help").out != ""


def test_up_and_down_in_one_line_each(fleet):
    path = fleet.file("fleet.yaml", "processes:\n  - {name: cam, command: sleep 4720}\n")
    fleet.ok("up", path, "--state-dir", fleet.state_dir)
    pid = fleet.pid("cam")
    fleet.ok("up", path, "--state-dir", fleet.state_dir)    # again: nothing happens
    assert fleet.pid("cam") == pid
    fleet.ok("down")
    wait_until(lambda: not fleet.everything(), "everything has ended")
    assert not alive(pid)
    assert fleet.ctl("status").status == 5


def test_down_leaves_nothing_that_a_sheriff_without_a_store_would_adopt(fleet):
    path = fleet.file("fleet.yaml", "processes:\n  - {name: cam, command: sleep 4722}\n")
    fleet.ok("up", path, "--state-dir", fleet.state_dir)
    fleet.pid("cam")
    fleet.ok("down")
    wait_until(lambda: not fleet.everything(), "everything has ended")
    for file in fleet.state_dir.glob("sheriff.db*"):
        file.unlink()
    fleet.ok("up", "--state-dir", fleet.state_dir)
    assert fleet.status() == []
    fleet.ok("down")
    wait_until(lambda: not fleet.everything(), "everything has ended")


def test_a_lone_rangers_killed_deputy_comes_again_and_finds_its_processes(fleet):
    def deputies():
        return [pid for pid, line in fleet.everything().items() if line[0].endswith("/deputyd")]

    path = fleet.file("fleet.yaml", "processes:\n  - {name: cam, command: sleep 4723}\n")
    fleet.ok("up", path, "--state-dir", fleet.state_dir)
    pid, before = fleet.pid("cam"), deputies()
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: deputies() and deputies() != before, "there is a new deputy")
    fleet.ok("restart", "cam")          # it is supervised again; until then it kept its pid
    assert not alive(pid) and fleet.pid("cam") != pid
    fleet.ok("down")
    wait_until(lambda: not fleet.everything(), "everything has ended")


def test_down_says_when_a_process_outlasts_its_patience(fleet):
    path = fleet.file("fleet.yaml", "processes:\n  - name: stubborn\n    stop: {timeout: 3s}\n"
                      "    command: trap '' TERM; while :; do sleep 0.1; done\n")
    fleet.ok("up", path, "--state-dir", fleet.state_dir)
    result = fleet.ctl("down", "--timeout", "500ms")
    assert result.status == 124 and "has not ended yet" in result.err
    wait_until(lambda: not fleet.everything(), "everything has ended after all")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_may_only_look_may_not_command(fleet):
    fleet.sheriff("--observers", "nogroup")
    fleet.deputy("alpha")
    fleet.apply({"name": "cam", "command": LOOP})
    pid = fleet.pid("cam")
    fleet.dir.chmod(0o755)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        look = fleet.ctl("status", "--json", **nobody)
    except PermissionError:
        pytest.skip(f"nobody may not even run what is in {BIN}")
    assert look.status == 0 and names(look.json["processes"]) == ["cam"], look
    assert fleet.ctl("show", "cam", **nobody).status == 0
    for command in (["stop", "cam"], ["apply", fleet.dir / "fleet.json"], ["remove", "cam"],
                    ["export"], ["show", "cam", "--show-env"]):
        result = fleet.ctl(*command, **nobody)
        assert result.status == 6 and result.err, result
    assert fleet.pid("cam") == pid


def test_the_sockets_have_their_permissions(alone):
    for name, mode in [("control.sock", 0o660), ("watch.sock", None), ("stream.sock", 0o660)]:
        got = (alone.run_dir / name).stat().st_mode & 0o777
        assert mode is None or got == mode, (name, oct(got))
        assert not got & 0o002, (name, oct(got))


def test_the_run_directory_may_be_an_option(alone):
    assert alone.ctl("status", "--run-dir", "/no/such/place").status == 5
    result = alone.ctl("status", "--run-dir", alone.run_dir, env={"PROCMAN_RUN_DIR": "/nowhere"})
    assert result.status == 0, result


@pytest.mark.parametrize("program", ["sheriffd", "deputyd"])
def test_daemons_have_help_and_exact_options(fleet, program):
    for option, status in [("--help", 0), ("--version", 0), ("--run-di", 2), ("--nonsense", 2)]:
        daemon = fleet.spawn(program, program, option)
        daemon.may_end_with = (2,)
        assert daemon.end() == status and daemon.log, (option, daemon.log)
