"""Faults: the wall clock leaps. Nothing we do may be a matter of the time of day."""
import time

from fleet import wait_until
from ground import SLOWNESS, Violation
from harm import a_moment, fault, kill_kids, some_of_alpha, wait_replaced

HOUR, YEAR = 3600, 365 * 24 * 3600
LEAPS = [0.5, -0.5, 30, -30, HOUR, -HOUR, YEAR, -YEAR, 20 * YEAR]


def leap(ground, dice):
    ground.clock.leap(dice.choice(LEAPS))


@fault("wall clock leaps", short=2, full=50)
def _(ground, dice):
    """In the pause before a restart, in the pause before SIGKILL, and while nothing happens."""
    victims = some_of_alpha(ground, dice)
    kill_kids(ground, victims)
    leap(ground, dice)
    wait_replaced(ground, victims)
    ground.may_touch("mule")
    begun = time.monotonic()
    stopping = ground.ctl_begin("stop", "mule")
    a_moment(dice, 0.2)
    leap(ground, dice)
    ground.ctl_end(stopping)
    took = time.monotonic() - begun
    if not 0.3 <= took <= 2 * SLOWNESS:
        raise Violation(f"the mule was given 0.3 s, and it took {took:.2f} s")
    ground.order("start", "mule")
    leap(ground, dice)
    must_know_the_time(ground, victims)


def must_know_the_time(ground, young):
    """No deputy is called lost, and nobody old who has just begun."""
    lost = [name for name, row in ground.deputies().items() if row["state"] != "up"]
    if lost:
        raise Violation(f"{lost} are not up since the clock leapt")
    wrong = {row["name"]: row["uptime_ms"] for row in ground.status()
             if row["name"] in young and not 0 <= row["uptime_ms"] < 20000}
    if wrong:
        raise Violation(f"the uptimes of who has just begun: {wrong}")


@fault("wall clock leaps in a loop of crashes", short=1, full=50)
def _(ground, dice):
    """The crasher lives its lives at the same pace, forward and back."""
    ground.may_touch("crasher")
    before = ground.proc("crasher")["run"]
    ground.ctl("start", "crasher")
    for _ in range(5):
        leap(ground, dice)
        lives = ground.proc("crasher")["run"]
        wait_until(lambda now=lives: ground.proc("crasher")["run"] >= now + 5, "it crashes on", 5)
    ground.ok("stop", "crasher")
    if ground.proc("crasher")["run"] < before + 25:
        raise Violation("the crasher's lives are not counted")
