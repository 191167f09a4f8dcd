"""Faults: the network fails; first the one of our own making, then the kernel's."""
import time
from contextlib import contextmanager

from fleet import wait_until
from ground import SLOWNESS, Violation
from harm import a_moment, fault, kill_kids, wait_replaced
from proxy import DOWN, UP
from wire import may_make


@contextmanager
def broken_link(ground, dice, longest):
    """For so long, and then it is mended. Kids who die meanwhile come back by themselves."""
    victim = dice.choice([name for name, kid in ground.kids.items()
                          if kid.up and kid.deputy == "beta"])
    ground.may_touch(victim)
    try:
        yield
        was = ground.identity[victim]
        if dice.random() < 0.5:
            kill_kids(ground, {victim: was})
            wait_replaced(ground, {victim: was})
        a_moment(dice, longest)
    finally:
        ground.link.mend()


@fault("network cut", short=1, full=200)
def _(ground, dice):
    with broken_link(ground, dice, 3):
        ground.link.cut()


@fault("network silent", short=1, full=100)
def _(ground, dice):
    with broken_link(ground, dice, 5):
        ground.link.silence()


@fault("network silent for long", short=1, full=5, within=8)
def _(ground, dice):
    with broken_link(ground, dice, 5):
        ground.link.silence()
        time.sleep(20)


@fault("network silent in one direction", short=1, full=100)
def _(ground, dice):
    with broken_link(ground, dice, 5):
        ground.link.silence(dice.choice((UP, DOWN)))


@fault("network flapping", short=1, full=50)
def _(ground, dice):
    for _ in range(6):
        ground.link.cut()
        a_moment(dice, 0.4)
        ground.link.mend()
        a_moment(dice, 0.8)


def must_be_obeyed(ground, within):
    """An order to the deputy beyond the network; and nobody calls that one lost."""
    begun = time.monotonic()
    ground.order("restart", "far-storm")
    if time.monotonic() - begun > within:
        raise Violation(f"an order took {time.monotonic() - begun:.1f} s")
    if ground.deputies()["beta"]["state"] != "up":
        raise Violation("a slow deputy is called lost")


@fault("network slow", short=1, full=50)
def _(ground, dice):
    """Half a second there and half a second back is no reason to call anybody lost."""
    ground.link.delay = dice.uniform(0.1, 0.5)
    ground.link.jitter = dice.uniform(0, 0.4)
    try:
        time.sleep(2)
        must_be_obeyed(ground, 3 + 4 * (ground.link.delay + ground.link.jitter))
    finally:
        ground.link.mend()


@fault("network narrow", short=0, full=50)
def _(ground, dice):
    """Somebody follows a talkative kid through it, and orders pass nevertheless."""
    follower = ground.ctl_begin("logs", "-f", "far-0", "far-1", "far-2")
    ground.link.bytes_per_s = dice.choice((50_000, 200_000, 1_000_000))
    try:
        time.sleep(dice.uniform(1, 3))
        must_be_obeyed(ground, 3)
    finally:
        ground.link.mend()
        follower.kill()
        follower.communicate()


@fault("network that spoils bytes", short=1, full=500, within=14)
def _(ground, dice):
    """Nothing but keys would tell a spoilt order from a good one, so it may do what it says; but
    nobody dies of it, and what is begun anew afterwards agrees. After a greeting it does not
    understand libzmq never calls again; the deputy itself does, after 10 s of silence."""
    ground.may_touch(*(name for name, kid in ground.kids.items() if kid.deputy == "beta"))
    ground.link.dice.seed(dice.random())
    ground.link.spoils = dice.choice((0.02, 0.1, 0.5))
    ours = ground.ours()
    try:
        for _ in range(dice.randint(2, 10)):
            ground.link.cut()
            ground.link.refuses = False
            a_moment(dice, 0.6)
    finally:
        ground.link.mend()
        ground.link.cut()
        ground.link.mend()
    if ground.ours() != ours:
        raise Violation(f"somebody died of a spoilt byte: {ours}, now {ground.ours()}")


# ---- two machines -----------------------------------------------------------------------------

def partition(seconds, short, full):
    @fault(f"partition of {seconds} s", short=short, full=full, ground="apart", needs=may_make)
    def _(ground, dice):
        with broken_link(ground, dice, 0.1):
            dice.choice((ground.link.part, ground.link.unplug))()
            time.sleep(seconds)


partition(1, 1, 100)
partition(10, 1, 100)
partition(60, 0, 5)


@fault("partition, and an order is given meanwhile", short=1, full=50, ground="apart",
       needs=may_make)
def _(ground, dice):
    """It is obeyed when the network is whole again."""
    ground.may_touch("far-storm")
    was = ground.identity["far-storm"]
    ground.link.part()
    try:
        a_moment(dice, 4)
        order = ground.ctl_begin("restart", "far-storm", "--timeout", "20s")
        a_moment(dice, 4)
    finally:
        ground.link.mend()
    ground.ctl_end(order)
    wait_replaced(ground, {"far-storm": was})


@fault("partition while a deputy stops a kid", short=1, full=50, ground="apart", needs=may_make)
def _(ground, dice):
    """The pause before SIGKILL is the deputy's own."""
    ground.may_touch("mule")
    order = ground.ctl_begin("stop", "mule")
    wait_until(lambda: ground.proc("mule")["state"] != "running", "the deputy has begun to stop it")
    a_moment(dice, 0.2)
    ground.link.part()
    try:
        wait_until(lambda: not ground.living()["mule"], "it is ended without a sheriff",
                   2 * SLOWNESS)
    finally:
        ground.link.mend()
    ground.ctl_end(order)
    ground.order("stop", "mule")
    ground.order("start", "mule")


@fault("partition that comes and goes", short=1, full=50, ground="apart", needs=may_make)
def _(ground, dice):
    with broken_link(ground, dice, 0.1):
        for _ in range(dice.randint(2, 6)):
            dice.choice((ground.link.part, ground.link.unplug))()
            a_moment(dice, 2)
            ground.link.mend()
            a_moment(dice, 2)
        ground.link.part()
