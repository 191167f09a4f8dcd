"""Faults: the sheriff is away for too long, for kids that must not run without it."""
import signal
import time

from fleet import wait_until
from ground import SLOWNESS, Violation, probe
from harm import a_moment, fault, kill_deputy, kill_keeper

STOP_AFTER = 5  # seconds, of every arm
EARLY = 1.5     # slowness cannot make a stop early; the last beat was up to a second before
LATE = 8        # brains that die before they notice, keepers that are away, the last signal


def harm(ground, dice):
    name = dice.choice(ground.names)
    kill = dice.choice((kill_keeper, kill_deputy, None, None))
    if kill:
        kill(ground, name)
        a_moment(dice)
        ground.begin_deputy(name)
    elif ground.brain_now(name):
        ground.kill_brain(name)


def living(ground, names):
    return [name for name in names if ground.living()[name]]


@fault("unattended, and our programs killed meanwhile", short=1, full=50, within=8, ground="watch")
def _(ground, dice):
    arms = [name for name in ground.kids if name.startswith("arm")]
    lives = {name: ground.proc(name)["run"] for name in arms}
    hangs = dice.random() < 0.5
    if hangs:
        ground.sheriffd.signal(signal.SIGSTOP)
    else:
        ground.sheriffd.kill()
    begun = time.monotonic()
    ground.may_touch(*arms)
    while living(ground, arms):
        a_moment(dice, 2)
        harm(ground, dice)
        silent = time.monotonic() - begun
        if silent < STOP_AFTER - EARLY and len(living(ground, arms)) < len(arms):
            raise Violation(f"stopped after {silent:.1f} s")
        if silent > (STOP_AFTER + LATE) * SLOWNESS:
            raise Violation(f"{living(ground, arms)} lives without a sheriff for {silent:.1f} s")

    if hangs:
        ground.sheriffd.signal(signal.SIGCONT)
    else:
        ground.begin_sheriff()
    for name in ground.names:
        ground.wait_link(name, "up")
    for name in arms:
        wait_until(lambda arm=name: "the sheriff was not heard for" in ground.proc(arm)["reason"],
                   f"it is told why {name} is down")
    # What is ordered after the sheriff's return comes behind all he wished until then.
    ground.order("restart", *(probe(name) for name in ground.names))
    again = [name for name in arms if ground.proc(name)["run"] != lives[name]]
    if again or living(ground, arms):
        raise Violation(f"{again or living(ground, arms)} came back by itself")
    ground.order("start", *arms)
