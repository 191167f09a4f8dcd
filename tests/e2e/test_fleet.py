"""Several machines, and the five promises when our own programs die."""
import os
import resource
import signal
import time

import pytest

from fleet import alive, free_ports, read_proc, wait_until

LOOP = "sleep 1000"


def one_on_each(fleet):
    fleet.apply(*({"name": f"on-{host}", "command": LOOP, "host": host}
                  for host in ("alpha", "beta", "gamma")))
    return {name: fleet.pid(name) for name in ("on-alpha", "on-beta", "on-gamma")}


def test_three_deputies_run_what_is_theirs(three):
    one_on_each(three)
    deputies = three.deputies()
    assert set(deputies) == {"alpha", "beta", "gamma"}
    for row in deputies.values():
        assert row["state"] == "up" and row["procs"] == 1 and row["procs_up"] == 1
    for host in deputies:
        (pid,) = [row["pid"] for row in three.status() if row["host"] == host]
        assert f"PROCMAN_RUN={host}/".encode() in read_proc(pid, "environ")


def test_statistics_arrive(three):
    one_on_each(three)
    wait_until(lambda: all(row["rss_bytes"] > 0 and row["threads"] == 1
                           for row in three.status()), "every process has numbers")
    wait_until(lambda: all(row["machine"]["mem_total_bytes"] > 0
                           for row in three.deputies().values()), "every machine has numbers")


def test_a_lost_deputys_processes_live_on_and_are_called_lost(three):
    pids = one_on_each(three)
    suspended = [three.gamma.pid, three.brain(three.gamma)] # as a machine is: a keeper ends a
    for pid in suspended:                                   # brain that hangs
        os.kill(pid, signal.SIGSTOP)
    try:
        row = three.wait_state("on-gamma", "lost")
        assert alive(pids["on-gamma"]) and row["state_age_ms"] >= 2000
        assert three.deputies()["gamma"]["state"] == "lost"
        result = three.ctl("stop", "on-gamma", "--timeout", "5s")
        assert result.status == 1 and "gamma" in result.out + result.err, result
        assert three.proc("on-alpha")["state"] == "running"
        three.ok("start", "on-gamma", "--no-wait")
    finally:
        for pid in reversed(suspended):
            os.kill(pid, signal.SIGCONT)
    three.wait_link("gamma", "up")
    three.wait_state("on-gamma", "running")


def test_an_order_for_a_deputy_that_is_away_is_kept(alone):
    alone.apply({"name": "cam", "command": LOOP, "host": "beta"})
    row = alone.wait_state("cam", "waiting")
    assert "beta" in row["reason"], row
    result = alone.ctl("start", "cam")
    assert result.status == 1 and "beta" in result.out + result.err, result
    alone.deputy("beta")
    alone.pid("cam")


def test_the_sheriff_dies_and_no_process_notices(three):
    pids = one_on_each(three)
    three.ok("stop", "on-beta")
    for _ in range(3):
        three.sheriffd.kill()
        assert three.ctl("status").status == 5
        three.sheriffd = three.sheriff("--listen", three.endpoint)
        for host in ("alpha", "beta", "gamma"):
            three.wait_link(host, "up")
        assert three.pid("on-alpha") == pids["on-alpha"]
        assert three.pid("on-gamma") == pids["on-gamma"]
        assert three.wait_state("on-beta", "stopped")["run"] == 1
    three.ok("restart", "on-gamma")
    assert three.pid("on-gamma") != pids["on-gamma"]


def test_a_sheriff_without_memory_adopts_what_runs(alone):
    alone.apply({"name": "cam", "command": LOOP, "group": "drivers"})
    pid = alone.pid("cam")
    alone.sheriffd.kill()
    for path in alone.state_dir.rglob("*"):
        if path.is_file() and "sheriff" in str(path) or path.suffix in (".db", ".sqlite"):
            path.unlink()
    alone.sheriffd = alone.sheriff()
    alone.wait_link("alpha", "up")
    wait_until(lambda: alone.proc("cam"), "it is known again")
    assert alone.pid("cam") == pid
    assert alone.proc("cam")["group"] == "drivers"


def test_the_brain_dies_and_no_process_notices(alone):
    alone.apply({"name": "cam", "command": LOOP},
                {"name": "job", "command": "sh -c 'while [ ! -e go ]; do sleep 0.02; done; exit 7'",
                 "working_dir": str(alone.dir)})
    before = alone.wait_state("cam", "running")
    alone.pid("job")
    for _ in range(5):
        brain = alone.brain(alone.alpha)
        os.kill(brain, signal.SIGKILL)
        wait_until(lambda: not alive(brain), "the brain is dead")
    (alone.dir / "go").touch()
    row = alone.wait_state("job", "failed")
    assert row["exit_code"] == 7          # known although nobody was there to see it
    after = alone.wait_state("cam", "running")
    assert (after["pid"], after["run"], after["restarts"]) == (
        before["pid"], before["run"], before["restarts"])
    alone.ok("stop", "cam")
    assert not alive(before["pid"])


def test_the_keeper_dies_and_a_new_one_takes_over(alone):
    alone.apply({"name": "cam", "command": "sleep 4713", "auto_restart": "always"})
    pid = alone.pid("cam")
    alone.alpha.kill()
    assert alive(pid)
    alone.alpha = alone.deputy("alpha")
    assert alone.pid("cam") == pid
    assert alone.copies("4713") == [pid]  # never twice
    os.kill(pid, signal.SIGKILL)          # and it is watched as before
    again = wait_until(lambda: (row := alone.proc("cam"))["pid"] not in (0, pid)
                       and row["state"] == "running" and row["pid"], "it is replaced")
    assert alone.copies("4713") == [again]


def test_keeper_and_sheriff_die_together(alone):
    alone.apply({"name": "cam", "command": "sleep 4714"})
    pid = alone.pid("cam")
    alone.alpha.kill()
    alone.sheriffd.kill()
    alone.alpha = alone.deputy("alpha", connected=False)
    alone.sheriffd = alone.sheriff()
    alone.wait_link("alpha", "up")
    assert alone.pid("cam") == pid and alone.copies("4714") == [pid]


def test_a_deputy_supervises_while_the_sheriff_is_away(alone):
    alone.apply({"name": "cam", "command": "sleep 4715", "auto_restart": "always"})
    pid = alone.pid("cam")
    alone.sheriffd.kill()
    os.kill(alone.brain(alone.alpha), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (copies := alone.copies("4715")) and pid not in copies, "it is replaced")
    alone.sheriffd = alone.sheriff()
    assert alone.pid("cam") in alone.copies("4715")


def test_a_second_deputy_of_one_name_is_refused(three):
    pids = one_on_each(three)
    other = three.dir / "other"
    second = three.spawn("deputyd-second", "deputyd", "--name", "beta", "--run-dir", other,
                         "--log-dir", other / "log", "--sheriff", three.endpoint)
    wait_until(lambda: "two deputies are called beta" in second.log, "it is told")
    assert "--name" in second.log and "two deputies are called beta" in three.sheriffd.log
    assert three.pid("on-beta") == pids["on-beta"]
    shown = three.deputies()["beta"]
    assert shown["state"] == "up" and "127.0.0.1" in shown["second"], shown
    assert "deputy-refused" in three.ctl("events", "--plain").out
    assert "a second deputy called beta is refused" in three.ctl("deputies").err

    three.sheriffd.kill()  # who is first at the next one?
    three.sheriffd = three.sheriff("--listen", three.endpoint)
    three.wait_link("beta", "up")
    wait_until(lambda: "two deputies are called beta" in three.sheriffd.log, "it asks again", 20)
    assert three.pid("on-beta") == pids["on-beta"]
    assert len(three.copies("sleep")) == 3
    assert second.stop() == 0
    wait_until(lambda: not three.deputies()["beta"].get("second"), "it is shown no more", 15)
    assert three.pid("on-beta") == pids["on-beta"]


def test_a_second_deputyd_on_one_run_directory_is_refused(alone):
    alone.apply({"name": "cam", "command": LOOP})
    pid = alone.pid("cam")
    begun = time.monotonic()
    second = alone.deputy("alpha", connected=False)
    second.may_end_with = (1,)
    assert second.end() == 1 and time.monotonic() - begun < 5
    assert len(second.log.strip().splitlines()) == 1 and "alpha" in second.log, second.log
    assert alone.pid("cam") == pid and alone.alpha.running


def test_a_second_sheriffd_on_one_run_directory_is_refused(alone):
    alone.apply({"name": "cam", "command": LOOP})
    pid = alone.pid("cam")
    second = alone.spawn("second", "sheriffd", "--run-dir", alone.run_dir, "--state-dir",
                         alone.dir / "elsewhere")
    second.may_end_with = (1,)
    assert second.end() == 1
    assert len(second.log.strip().splitlines()) == 1 and str(alone.run_dir) in second.log
    assert alone.pid("cam") == pid
    alone.ok("restart", "cam")


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "*"])
def test_the_network_is_refused_until_there_are_keys(fleet, address):
    daemon = fleet.spawn("sheriffd", "sheriffd", "--run-dir", fleet.run_dir, "--state-dir",
                         fleet.state_dir, "--listen", f"tcp://{address}:{free_ports()}")
    daemon.may_end_with = (1, 2)
    assert daemon.end() in (1, 2)
    assert "key" in daemon.log, daemon.log


def test_a_lone_ranger_brings_and_takes_its_deputy(fleet):
    sheriff = fleet.sheriff("--lone-ranger")
    fleet.wait_link("alpha", "up")
    fleet.apply({"name": "cam", "command": LOOP})
    pid = fleet.pid("cam")
    assert sheriff.stop() == 0, sheriff.log
    assert not alive(pid)
    wait_until(lambda: not fleet.everything(), "nothing is left")


def test_a_lone_ranger_that_was_killed_finds_its_deputy_again(fleet):
    sheriff = fleet.sheriff("--lone-ranger")
    fleet.wait_link("alpha", "up")
    fleet.apply({"name": "cam", "command": LOOP})
    pid = fleet.pid("cam")
    sheriff.kill()
    assert alive(pid)
    sheriff = fleet.sheriff("--lone-ranger")
    assert fleet.pid("cam") == pid
    assert sheriff.stop() == 0
    wait_until(lambda: not fleet.everything(), "nothing is left")


def test_descriptors_for_a_large_fleet_and_the_usual_limit_for_its_processes(fleet):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    try:
        sheriff = fleet.sheriff("--lone-ranger")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    fleet.wait_link("alpha", "up")
    fleet.apply({"name": "cam", "command": LOOP})
    assert resource.prlimit(sheriff.pid, resource.RLIMIT_NOFILE)[0] == hard
    assert resource.prlimit(fleet.pid("cam"), resource.RLIMIT_NOFILE)[0] == min(512, hard)
    assert sheriff.stop() == 0


def test_daemons_tell_the_service_manager_when_they_are_ready(fleet):
    import socket
    path = fleet.dir / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        fleet.env["NOTIFY_SOCKET"] = str(path)
        fleet.sheriff()
        assert b"READY=1" in manager.recv(4096)
        fleet.deputy("alpha")
        assert b"READY=1" in manager.recv(4096)
    del fleet.env["NOTIFY_SOCKET"]


def test_events_remember_who_and_why(alone):
    alone.apply({"name": "cam", "command": LOOP})
    alone.pid("cam")
    alone.ok("stop", "cam")
    events = wait_until(lambda: [row for row in alone.ok("events", "--json", "cam").json["events"]
                                 if row["what"] == "stopped"] and
                        alone.ok("events", "--json").json["events"], "the stop is recorded")
    words = [row["what"] for row in events]
    assert "deputy-up" in words and "added" in words and "running" in words
    assert any(row["by"] for row in events if row["name"] == "cam")
    assert [row["seq"] for row in events] == sorted(row["seq"] for row in events)
    alone.sheriffd.kill()
    alone.sheriffd = alone.sheriff()
    again = alone.ok("events", "--json").json["events"]
    assert again[:len(events)] == events
