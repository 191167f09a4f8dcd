"""What a process may use, and what is put in place of placeholders: seen from within it."""
import os
from pathlib import Path

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
    fleet.apply({"name": "p", "command": SLEEP, **keys})
    return fleet.wait_state("p", "failed")["reason"]


def said(fleet, **keys):
    """What a process `p` with these keys says, when it is over."""
    fleet.apply({"name": "p", **keys})
    fleet.wait_state("p", "exited")
    path = fleet.output_file("p")
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
