"""Faults: our programs are replaced while they run, in peace and in the middle of harm."""
from ground import Violation
from harm import VICTIMS, a_moment, fault, kill_kids, some_of_alpha, wait_replaced

CODE = 3    # what the crasher always ends with


def crash_on(ground):
    """The crasher lives short lives meanwhile; from which on they count."""
    ground.may_touch("crasher")
    ground.ctl("start", "crasher")
    return ground.proc("crasher")["run"]


def must_know_all_ends(ground, since):
    """Of each life since then how it ended; the last one was stopped."""
    ground.ok("stop", "crasher")
    past = ground.ok("show", "crasher", "--json").json["processes"][0]["past"]
    for life in past:
        if life["run"] > since and life.get("exit_code") != CODE and not life.get("exit_signal"):
            raise Violation(f"how the crasher ended is not known: {life}")


@fault("deputy upgraded under load", short=1, full=200)
def _(ground, dice):
    """Nobody's parent is anybody else afterwards, so each exit code is exact."""
    name = dice.choice(ground.names)
    keeper, since = ground.deputyd[name].pid, crash_on(ground)
    a_moment(dice, 0.2)
    result = ground.ctl("deputy", "upgrade", name)
    if result.status != 0 or not ground.deputyd[name].running:
        raise Violation(f"{name}, keeper {keeper}, is not upgraded: {result}")
    a_moment(dice, 0.1)
    must_know_all_ends(ground, since)


def killed_while_upgraded(victim, short, full):
    @fault(f"{victim} killed while the deputy is upgraded", short=short, full=full)
    def _(ground, dice):
        order = ground.ctl_begin("deputy", "upgrade", "alpha")
        a_moment(dice, 0.3)
        VICTIMS[victim](ground)
        ground.ctl_end(order)       # it may have happened or not: both are right


for _victim in VICTIMS:
    killed_while_upgraded(_victim, 1 if _victim == "keeper" else 0, 50)


@fault("deputy upgraded, and kids killed meanwhile", short=0, full=50)
def _(ground, dice):
    victims = some_of_alpha(ground, dice)
    order = ground.ctl_begin("deputy", "upgrade", "alpha")
    a_moment(dice, 0.2)
    kill_kids(ground, victims)
    if ground.ctl_end(order).status != 0:
        raise Violation("the deputy is not upgraded")
    wait_replaced(ground, victims)
