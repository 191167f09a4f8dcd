"""Faults: kids that behave badly."""
import itertools
import os
import signal
import time

from fleet import wait_until
from ground import SLOWNESS, Violation
from harm import (VICTIMS, a_moment, corrupt, deputy_dir, fault, kill_deputy, kill_kids,
                  kill_sheriff, some_of_alpha, wait_replaced)


@fault("a kid that ignores TERM", short=1, full=200)
def _(ground, dice):
    begun = time.monotonic()
    ground.order("stop", "mule")
    if time.monotonic() - begun < 0.3:
        raise Violation("the mule was not given its time")
    if ground.living()["mule"]:
        raise Violation("the mule lives after stop")
    ground.order("start", "mule")


@fault("a kid that ignores TERM, and its deputy is killed", short=1, full=100)
def _(ground, dice):
    ground.may_touch("mule")
    order = ground.ctl_begin("stop", "mule")
    a_moment(dice)
    victim = dice.choice(("brain", "deputy"))
    VICTIMS[victim](ground)
    ground.ctl_end(order)
    ground.order("stop", "mule")
    if ground.living()["mule"]:
        raise Violation("the mule lives after stop")
    ground.order("start", "mule")


@fault("a kid with a daemon", short=1, full=200)
def _(ground, dice):
    """Nobody is the daemon's parent, but it is still in the group."""
    if dice.random() < 0.5:
        VICTIMS[dice.choice(("brain", "keeper", "deputy"))](ground)
    ground.order("stop", "parent")
    wait_until(lambda: not ground.shadows("parent"), "the daemon is gone too", 2)
    ground.order("start", "parent")


@fault("kids killed by a stranger", short=2, full=200)
def _(ground, dice):
    names = dice.sample([name for name, kid in ground.kids.items() if kid.up], 5)
    ground.may_touch(*names)
    for name in names:
        os.kill(ground.identity[name][0], signal.SIGKILL)


@fault("kids killed while their deputy is dead", short=2, full=200)
def _(ground, dice):
    victims = some_of_alpha(ground, dice)
    kill_deputy(ground, "alpha")
    kill_kids(ground, victims)
    for name in victims:
        ground.ledgers[name].excuse()
    ground.begin_deputy("alpha")
    wait_replaced(ground, victims)


@fault("kids killed while their brain is dead", short=2, full=200)
def _(ground, dice):
    victims = some_of_alpha(ground, dice)
    os.kill(ground.deputyd["alpha"].pid, signal.SIGSTOP)    # lest it begins a new one at once
    ground.kill_brain("alpha")
    kill_kids(ground, victims)
    os.kill(ground.deputyd["alpha"].pid, signal.SIGCONT)
    wait_replaced(ground, victims)


@fault("kids killed while their deputy knows nothing", short=2, full=50)
def _(ground, dice):
    """Nobody can tell whether they should come back, until the sheriff does."""
    victims = some_of_alpha(ground, dice)
    kill_sheriff(ground)
    kill_deputy(ground, "alpha")
    for file in dice.choice((["wish"], ["slots"], ["wish", "slots"])):
        corrupt(deputy_dir(ground, "alpha") / file, dice, "garbage")
    ground.begin_deputy("alpha")
    wait_until(lambda: ground.collected("alpha") >= set(victims), "their output is collected")
    a_moment(dice)
    kill_kids(ground, victims)
    a_moment(dice)
    ground.begin_sheriff()
    wait_replaced(ground, victims)


def crash_until(ground, lives):
    """The crasher crashes on until it has had so many lives; their number as `status` says it."""
    before = ground.proc("crasher")["run"]
    ground.kids["crasher"].up = False
    ground.may_touch("crasher")
    ground.ctl("start", "crasher")
    wait_until(lambda: ground.proc("crasher")["run"] >= before + lives, f"{lives} lives",
               20 + lives / 10)
    ground.ok("stop", "crasher")
    return ground.proc("crasher")["run"] - before


@fault("a kid that crashes in a loop", short=1, full=5)
def _(ground, dice):
    lives_before = len(list(ground.kid_dir.glob("crasher.life.*")))
    told = crash_until(ground, dice.choice((50, 200)))
    lives = len(list(ground.kid_dir.glob("crasher.life.*"))) - lives_before
    # One that was stopped before it could say so is a life too.
    if not 0 <= told - lives <= 1:
        raise Violation(f"the crasher had {lives} lives, and status says {told}")


PAUSES = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5, 0.5, 0.5, 0.5]
TICK = 0.012    # a file's time is that of the last tick, and a kid does not write at once


@fault("a kid that crashes, and the pauses grow", short=1, full=50)
def _(ground, _dice):
    """10 ms, twice as much each time, and at last half a second. A slow machine makes a pause
    longer, never shorter, and not each of the last ones by as much as the next doubling would."""
    ground.may_touch("stumbler")
    before = set(ground.kid_dir.glob("stumbler.life.*"))

    def births():
        """Each life's first deed is to make a file: seconds, by the kernel's clock."""
        files = set(ground.kid_dir.glob("stumbler.life.*")) - before
        return sorted(path.stat().st_mtime_ns / 1e9 for path in files)

    ground.ctl("start", "stumbler")
    wait_until(lambda: len(births()) > len(PAUSES), "it stumbles on", 10 * SLOWNESS)
    ground.ok("stop", "stumbler")
    found = [then - now for now, then in itertools.pairwise(births())]
    early = [(pause, was) for pause, was in zip(PAUSES, found) if was < pause - TICK]
    if early or min(found[-3:]) >= 2 * PAUSES[-1]:
        raise Violation(f"the stumbler's pauses are {found}")


@fault("a kid that crashes 10,000 times", short=0, full=1)
def _(ground, _dice):
    crash_until(ground, 10000)
