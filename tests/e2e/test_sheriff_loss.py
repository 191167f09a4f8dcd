"""Processes that must not run without the sheriff: on_sheriff_loss."""
import os
import signal
import time

from fleet import alive, wait_until

STOP_AFTER = 5


def let_pass(fleet, seconds):
    """So much time of the deputy's own, as a process of its has measured it."""
    fleet.apply({"name": "hourglass", "command": f"sleep {seconds}", "auto_restart": "no"})
    fleet.wait_state("hourglass", "exited")
    fleet.ok("remove", "hourglass")


def given_arm_and_cam(alone):
    """`arm` must not run unattended, `cam` may. Their pids."""
    alone.apply({"name": "arm", "command": "sleep 4751", "auto_restart": "always",
                 "on_sheriff_loss": {"stop_after": f"{STOP_AFTER}s"}},
                {"name": "cam", "command": "sleep 4752"})
    return alone.pid("arm"), alone.pid("cam")


def test_what_must_not_run_unattended_is_stopped_and_stays_down(alone):
    arm, cam = given_arm_and_cam(alone)
    silent = time.monotonic()
    alone.sheriffd.signal(signal.SIGSTOP)
    try:
        wait_until(lambda: not alive(arm), "arm is stopped", 15)
        assert time.monotonic() - silent > STOP_AFTER - 2
        assert alive(cam)
    finally:
        alone.sheriffd.signal(signal.SIGCONT)

    row = wait_until(lambda: (row := alone.proc("arm"))["state"] == "stopped" and row,
                     "the sheriff hears of it", 20)
    assert "the sheriff was not heard for 5s" in row["reason"], row
    assert row["wanted"], "the wish is what it was"
    assert "the sheriff was not heard for 5s" in alone.ok("events", "arm", "--plain").out
    assert alone.pid("cam") == cam

    # What is ordered now comes behind all the sheriff wished when it was heard again.
    run = row["run"]
    alone.ok("restart", "cam")
    assert alone.proc("arm")["run"] == run, "nothing brings it back by itself"
    assert not alone.copies("4751")
    alone.ok("start", "arm")
    assert alive(alone.pid("arm"))


def test_brains_that_die_do_not_prolong_it(alone):
    arm, _ = given_arm_and_cam(alone)
    silent = time.monotonic()
    alone.sheriffd.kill()
    while alive(arm):
        assert time.monotonic() - silent < STOP_AFTER + 6
        os.kill(alone.brain(alone.alpha), signal.SIGKILL)
        time.sleep(1)  # its life
    alone.sheriffd = alone.sheriff()
    wait_until(lambda: alone.proc("arm")["state"] == "stopped", "the next sheriff hears of it")
    assert len(alone.copies("4752")) == 1


def test_a_sheriff_that_begins_again_is_no_loss(alone):
    arm, cam = given_arm_and_cam(alone)
    for _ in range(3):
        alone.sheriffd.kill()
        alone.sheriffd = alone.sheriff()
        wait_until(lambda: alone.proc("arm")["state"] == "running", "it is known")
        let_pass(alone, 2)
    let_pass(alone, STOP_AFTER + 1)
    assert (alone.pid("arm"), alone.pid("cam")) == (arm, cam)
