"""Faults: our programs are replaced while they run, in peace and in the middle of harm."""
from fleet import wait_until
from ground import Violation
from harm import VICTIMS, a_moment, fault, kill_kids, some_of_alpha, wait_replaced

CODE = 3    # what the crasher always ends with
KEPT = 40   # so many of its last ends are always there; older ones may have gone


class Crashes:
    """The crasher lives short lives meanwhile, and how each of them ends is known."""

    def __init__(self, ground):
        self.ground, self.before = ground, ground.ends("crasher").keys()
        ground.may_touch("crasher")
        ground.ctl("start", "crasher")
        self.first = self.now()

    def now(self):
        return self.ground.proc("crasher")["run"]

    def wait_for_more(self):
        since = self.now()
        wait_until(lambda: self.now() > since + 1, "the crasher crashes on")

    def must_be_known(self):
        """The last one may have been stopped."""
        self.ground.ok("stop", "crasher")
        last = self.now()
        lives = range(max(self.first, last - KEPT + 1), last + 1)

        def told():
            new = {life["run"]: life for token, life in self.ground.ends("crasher").items()
                   if token not in self.before}
            return new if new.keys() >= set(lives) else None

        ends = wait_until(told, f"the ends of {lives} are told")
        for run in lives:
            stopped = run == last and ends[run].get("exit_signal")
            if ends[run].get("exit_code") != CODE and not stopped:
                raise Violation(f"how the crasher ended is not known: {ends[run]}")


@fault("deputy upgraded under load", short=1, full=200)
def _(ground, dice):
    """Nobody's parent is anybody else afterwards, so each exit code is exact."""
    name = dice.choice(ground.names)
    keeper, crashes = ground.deputyd[name].pid, Crashes(ground)
    a_moment(dice, 0.2)
    result = ground.ctl("deputy", "upgrade", name)
    if result.status != 0 or not ground.deputyd[name].running:
        raise Violation(f"{name}, keeper {keeper}, is not upgraded: {result}")
    crashes.wait_for_more()
    crashes.must_be_known()


def killed_while_upgraded(victim, short, full):
    @fault(f"{victim} killed while the deputy is upgraded", short=short, full=full)
    def _(ground, dice):
        order = ground.ctl_begin("deputy", "upgrade", "alpha")
        a_moment(dice, 0.3)
        VICTIMS[victim](ground)
        ground.ctl_end(order)       # it may have happened or not: both are right


for _victim in VICTIMS:
    killed_while_upgraded(_victim, 1, 50)


@fault("deputy upgraded, and kids killed meanwhile", short=1, full=50)
def _(ground, dice):
    victims = some_of_alpha(ground, dice)
    order = ground.ctl_begin("deputy", "upgrade", "alpha")
    a_moment(dice, 0.2)
    kill_kids(ground, victims)
    if ground.ctl_end(order).status != 0:
        raise Violation("the deputy is not upgraded")
    wait_replaced(ground, victims)
