"""A process's life: begun, ended, begun again, and what is said about it."""
import signal
import os
import time

import pytest

from fleet import alive, read_proc, wait_until

LOOP = "sleep 1000"


def down(name, command, **more):
    return {"name": name, "command": command, "autostart": False, **more}


def test_start_waits_until_it_runs_and_stop_until_it_is_gone(alone):
    alone.apply(down("cam", LOOP))
    assert alone.proc("cam")["state"] == "stopped"

    started = alone.ok("start", "cam")
    row = alone.proc("cam")
    assert row["state"] == "running" and alive(row["pid"])
    assert len(started.lines) == 1 and "cam" in started.out

    stopped = alone.ok("stop", "cam")
    assert not alive(row["pid"])
    assert alone.proc("cam")["state"] == "stopped"
    assert len(stopped.lines) == 1 and "cam" in stopped.out


def test_a_repeated_order_is_a_success_that_changes_nothing(alone):
    alone.apply(down("cam", LOOP))
    alone.ok("stop", "cam")
    alone.ok("start", "cam")
    before = alone.proc("cam")
    alone.ok("start", "cam")
    after = alone.proc("cam")
    assert (after["pid"], after["run"]) == (before["pid"], before["run"])


def test_restart_is_a_new_life(alone):
    alone.apply(down("cam", LOOP))
    alone.ok("start", "cam")
    before = alone.proc("cam")
    alone.ok("restart", "cam")
    after = alone.proc("cam")
    assert after["pid"] != before["pid"] and after["run"] == before["run"] + 1
    assert not alive(before["pid"]) and alive(after["pid"])
    assert after["restarts"] == 0    # an order is not a restart by policy


def test_restart_begins_what_was_stopped(alone):
    alone.apply(down("cam", LOOP))
    alone.ok("restart", "cam")
    assert alone.pid("cam")


def test_stop_ends_the_whole_group(alone):
    alone.apply(down("tree", "sh -c 'sleep 4711 & sleep 4711 & wait'"))
    alone.ok("start", "tree")
    wait_until(lambda: len(alone.copies("4711")) == 3, "the tree has grown")
    alone.ok("stop", "tree")
    assert alone.copies("4711") == []


def test_leftovers_of_a_dead_leader_are_ended(alone):
    alone.apply(down("parent", "sh -c 'sleep 4712 & echo begun'"))
    alone.ctl("start", "parent")
    alone.wait_state("parent", "exited")
    wait_until(lambda: alone.copies("4712") == [], "the orphan is gone")


def test_the_stubborn_are_killed_after_their_timeout(alone):
    alone.apply(down("mule", "sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'",
                     stop={"timeout": "300ms"}))
    alone.ok("start", "mule")
    pid = alone.pid("mule")
    begun = time.monotonic()
    alone.ok("stop", "mule")
    assert time.monotonic() - begun >= 0.3
    assert not alive(pid)
    assert "SIGKILL" in alone.proc("mule")["reason"] or \
        alone.proc("mule")["exit_signal"] == signal.SIGKILL


def test_the_stop_signal_is_the_configured_one(alone):
    alone.apply(down("polite", "sh -c 'trap \"echo interrupted; exit 0\" INT; echo up; "
                     "while :; do sleep 0.05; done'", stop={"signal": "INT"}))
    alone.ok("start", "polite")
    wait_until(lambda: "up" in alone.output_file("polite").read_text(), "it is up")
    alone.ok("stop", "polite")
    assert alone.output_file("polite").read_text() == "up\ninterrupted\n"


def test_a_signal_reaches_the_process(alone):
    alone.apply(down("ear", "sh -c 'trap \"echo heard\" USR1; echo up; "
                     "while :; do sleep 0.05; done'"))
    alone.ok("start", "ear")
    wait_until(lambda: "up" in alone.output_file("ear").read_text(), "it is up")
    alone.ok("signal", "USR1", "ear")
    wait_until(lambda: "heard" in alone.output_file("ear").read_text(), "the signal is heard")
    assert alone.proc("ear")["state"] == "running"


@pytest.mark.parametrize("command, more, state, code, number", [
    ("true", {}, "exited", 0, 0),
    ("sh -c 'exit 3'", {}, "failed", 3, 0),
    ("sh -c 'exit 3'", {"restart": {"success_codes": [0, 3]}}, "exited", 3, 0),
    ("sh -c 'kill -SEGV $$'", {}, "failed", 0, signal.SIGSEGV),
    ("sh -c 'kill -KILL $$'", {}, "failed", 0, signal.SIGKILL),
])
def test_an_end_is_told_with_its_code_or_signal(alone, command, more, state, code, number):
    alone.apply({"name": "job", "command": command, **more})
    row = alone.wait_state("job", "exited", "failed")
    assert (row["state"], row["exit_code"], row["exit_signal"]) == (state, code, number)
    assert row["pid"] == 0 and row["reason"]
    if number:
        assert signal.Signals(number).name in row["reason"]
    elif code:
        assert str(code) in row["reason"]


@pytest.mark.parametrize("more, said", [
    ({"command": "/no/such/program"}, ["/no/such/program", "No such file"]),
    ({"command": "no-such-program-anywhere"}, ["no-such-program-anywhere"]),
    ({"exec": ["/etc/passwd"]}, ["/etc/passwd", "ermission denied"]),
    ({"command": LOOP, "working_dir": "/no/such/place"}, ["working directory", "/no/such/place",
                                                         "No such file"]),
    ({"command": LOOP, "run_as": {"user": "nobody-we-know"}}, ["nobody-we-know"]),
])
def test_what_cannot_start_says_where_and_why(alone, more, said):
    alone.apply({"name": "broken", "autostart": False, **more})
    result = alone.ctl("start", "broken")
    row = alone.proc("broken")
    assert result.status == 1, result
    assert row["state"] == "failed" and row["pid"] == 0
    for words in said:
        assert words.lower() in row["reason"].lower()
        assert words.lower() in (result.out + result.err).lower(), result


def test_a_failed_start_shows_the_last_output(alone):
    alone.apply(down("engine", "sh -c 'echo no fuel in tank; exit 7'"))

    result = alone.ctl("start", "engine")
    assert result.status == 1
    assert "exit code 7" in result.out and "no fuel in tank" in result.out, result


def test_a_crashed_process_comes_back_and_is_counted(alone):
    alone.apply({"name": "cam", "command": LOOP, "auto_restart": "on-failure"})
    before = alone.wait_state("cam", "running")
    os.kill(before["pid"], signal.SIGKILL)
    after = wait_until(lambda: (row := alone.proc("cam"))["run"] > before["run"]
                       and row["state"] == "running" and row, "it is back")
    assert after["pid"] != before["pid"] and after["restarts"] == 1


def test_success_is_not_restarted_on_failure(alone):
    alone.apply({"name": "job", "command": "true", "auto_restart": "on-failure"})
    row = alone.wait_state("job", "exited")
    assert row["run"] == 1


def test_always_means_always_with_growing_pauses(alone):
    alone.apply({"name": "job", "command": "true", "auto_restart": True,
                 "restart": {"delay": "20ms", "max_delay": "100ms"}})
    wait_until(lambda: alone.proc("job")["restarts"] >= 5, "it came back five times")
    alone.ok("stop", "job")
    assert alone.proc("job")["state"] == "stopped"


def test_enough_failures_are_final(alone):
    alone.apply({"name": "job", "command": "sh -c 'exit 1'", "auto_restart": "on-failure",
                 "restart": {"delay": "10ms", "max_failures": 3}})
    row = alone.wait_state("job", "failed")
    assert row["run"] == 3, row
    alone.ctl("start", "job")
    assert wait_until(lambda: (row := alone.proc("job"))["run"] > 3 and row, "a new order counts")


def test_a_start_does_not_wait_for_the_backoff(alone):
    alone.apply({"name": "job", "command": "sh -c '[ -e ok ] && exec sleep 1000; exit 1'",
                 "working_dir": str(alone.dir), "auto_restart": "on-failure",
                 "restart": {"delay": "1h", "max_delay": "1h"}})
    row = alone.wait_state("job", "backoff")
    assert row["next_try_ms"] > 60_000
    (alone.dir / "ok").touch()
    alone.ok("start", "job")
    assert alone.pid("job")


def test_a_process_gets_its_directory_environment_and_session(alone):
    work = alone.dir / "work place"
    work.mkdir()
    alone.apply({"name": "cam", "command": "sh -c 'pwd; echo \"$A|$B|$PROCMAN_RUN\"; exec sleep 1000'",
                 "working_dir": str(work), "env": {"A": "x y", "B": "ü"}})
    pid = alone.pid("cam")
    text = wait_until(lambda: (t := alone.output_file("cam").read_text()).count("\n") == 2 and t,
                      "it spoke")
    place, env = text.splitlines()
    assert place == str(work)
    assert env.startswith("x y|ü|alpha/")
    assert os.getsid(pid) == pid
    assert b"NOTIFY_SOCKET" not in read_proc(pid, "environ")
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
    assert sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"]


def test_an_argument_vector_is_taken_as_it_is(alone):
    alone.apply({"name": "echo", "exec": ["printf", "%s.", "a b", "$HOME", "*", "'"]})
    alone.wait_state("echo", "exited")
    wait_until(lambda: alone.output_file("echo").read_text() == "a b.$HOME.*.'.", "the words came")


def test_deputyd_ends_its_processes_when_it_is_stopped(alone):
    alone.apply({"name": "one", "command": LOOP}, {"name": "two", "command": LOOP})
    living = [alone.pid("one"), alone.pid("two")]
    assert alone.alpha.stop() == 0, alone.alpha.log
    assert not any(map(alive, living))
    alone.wait_link("alpha", "gone", "lost")


def test_deputyd_leaves_them_running_when_told_and_takes_them_back(fleet):
    fleet.sheriff()
    first = fleet.deputy("alpha", "--leave-running")
    fleet.apply({"name": "one", "command": LOOP})
    pid = fleet.pid("one")
    assert first.stop() == 0, first.log
    assert alive(pid)
    fleet.deputy("alpha")
    assert fleet.pid("one") == pid
    fleet.ok("stop", "one")
    assert not alive(pid)


def measured(pid):
    """The processes whose numbers in /proc a daemon holds open."""
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
    return [link for link in links if link.startswith("/proc/") and link.count("/") == 3]


def test_who_ends_and_is_removed_at_once_leaves_no_descriptor_behind(alone):
    names = [f"kid-{i}" for i in range(20)]
    alone.apply(*({"name": name, "exec": ["sleep", "1000"]} for name in names))
    brain = alone.brain(alone.alpha)
    wait_until(lambda: len(measured(brain)) == len(names), "each is measured")
    alone.ok("remove", *names)
    wait_until(lambda: not measured(brain), "none is any more")
