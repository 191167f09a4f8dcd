"""Faults: our own programs die, in the middle of something or not, and hang."""
import os
import signal
import time

from fleet import alive, wait_until
from ground import Violation
from harm import (VICTIMS, a_moment, fault, kill_deputy, kill_keeper, kill_sheriff, storm)
from truth import environment



# ---- our programs die -------------------------------------------------------------------------

@fault("brain killed", short=6, full=1000, within=3)
def _(ground, dice):
    a_moment(dice)
    ground.kill_brain(dice.choice(ground.names))


@fault("brain killed again and again", short=2, full=50)
def _(ground, dice):
    for _ in range(5):
        brain = ground.brain_now("alpha")
        if brain:
            os.kill(brain, signal.SIGKILL)
        a_moment(dice, 0.1)


@fault("keeper killed", short=4, full=300)
def _(ground, dice):
    name = dice.choice(ground.names)
    a_moment(dice)
    kill_keeper(ground, name)
    a_moment(dice, 0.5)
    ground.begin_deputy(name)


@fault("keeper and brain killed", short=4, full=300)
def _(ground, dice):
    name = dice.choice(ground.names)
    a_moment(dice)
    kill_deputy(ground, name)
    a_moment(dice, 0.5)
    ground.begin_deputy(name)


@fault("sheriff killed", short=4, full=300)
def _(ground, dice):
    a_moment(dice)
    kill_sheriff(ground)
    a_moment(dice, 0.5)
    ground.begin_sheriff()


@fault("sheriff of 20 deputies killed", short=1, full=500, ground="crowd")
def _(ground, dice):
    a_moment(dice)
    kill_sheriff(ground)
    a_moment(dice, 0.5)
    ground.begin_sheriff()


@fault("all killed", short=3, full=100)
def _(ground, dice):
    kill_sheriff(ground)
    for name in ground.names:
        kill_deputy(ground, name)
    back = [ground.begin_sheriff] + [lambda n=n: ground.begin_deputy(n) for n in ground.names]
    dice.shuffle(back)
    for begin in back:
        begin()


@fault("killed while they begin", short=2, full=50)
def _(ground, dice):
    for _ in range(4):
        kill_keeper(ground, "alpha")
        ground.begin_deputy("alpha")
        a_moment(dice, 0.2)


@fault("killed while kids become ready", short=2, full=100)
def _(ground, dice):
    """Who waits to be ready is neither ended nor begun again, and is ready in the end."""
    names = [name for name in ground.kids if name.startswith("ready-")]
    gate = ground.kid_dir / "ready"
    ground.wait_link("alpha", "up")
    ground.may_touch(*names)
    ground.ok("start", "--no-wait", *names)
    wait_until(lambda: all(ground.living()[name] for name in names), "they are born")
    born = ground.living()
    for _ in range(3):
        VICTIMS[dice.choice(("brain", "keeper", "deputy"))](ground)
        a_moment(dice)
    gate.touch()
    for name in names:
        ground.wait_state(name, "running")
    now = ground.living()
    replaced = {name: (born[name], now[name]) for name in names if born[name] != now[name]}
    if replaced:
        raise Violation(f"they did not live on: {replaced}")
    gate.unlink()
    ground.order("stop", *names)


# ---- our programs are ended in order ----------------------------------------------------------

@fault("deputy ended and begun again", short=1, full=50)
def _(ground, _dice):
    """It takes its processes with it, and brings them back."""
    here = {name for name, kid in ground.kids.items() if kid.deputy == "alpha"}
    ground.may_touch(*here)
    status = ground.deputyd["alpha"].stop()
    left = [copies for name, copies in ground.living().items() if name in here and copies]
    if status != 0 or left:
        raise Violation(f"deputyd ended with {status} and left {left}")
    ground.begin_deputy("alpha")


@fault("sheriff ended and begun again", short=1, full=50)
def _(ground, _dice):
    if ground.sheriffd.stop() != 0:
        raise Violation("sheriffd did not end well")
    ground.begin_sheriff()


# ---- our programs die in the middle of something ----------------------------------------------

def kill_during(command, victim, short, full):
    @fault(f"{victim} killed during {command} of many", short=short, full=full)
    def _(ground, dice):
        names = storm(ground)
        ground.may_touch(*names)
        order = ground.ctl_begin(command, "--timeout", "20s", *names)
        a_moment(dice, 0.25)
        VICTIMS[victim](ground)
        ground.ctl_end(order)       # it may have been heard or not: both are right
        ground.order("start", *names)


for _victim in VICTIMS:
    kill_during("restart", _victim, 2, 100)
for _victim in ("keeper", "sheriff"):
    kill_during("stop", _victim, 1, 100)


@fault("sheriff killed during apply", short=3, full=200)
def _(ground, dice):
    """The kids of the storm get a new variable, all of them or none."""
    names = storm(ground)
    ground.may_touch(*names)
    number = str(dice.randrange(1 << 30))
    for name in names:
        ground.kids[name].spec["env"] = {"GENERATION": number}
    path = ground.file("fleet.json", {"processes": [
        kid.process(ground.kid_dir) for kid in ground.kids.values()]})
    order = ground.ctl_begin("apply", path, "--no-prune")
    a_moment(dice, 0.25)
    kill_sheriff(ground)
    ground.begin_sheriff()
    ground.ctl_end(order)
    for name in ground.names:
        ground.wait_link(name, "up")
    plan = ground.ok("apply", path, "--no-prune", "--plan", "--json").json
    changes = {row["action"] for row in plan["plan"] if row["name"] in names}
    if len(changes) > 1:
        raise Violation(f"half of an apply is in force: {plan}")
    ground.ok("apply", path, "--no-prune")
    wait_until(lambda: all(environment(copies[0][0]).get(b"GENERATION") == number.encode()
                           for name, copies in ground.living().items()
                           if name in names and copies), "the new variable is there")


# ---- our programs hang ------------------------------------------------------------------------

def suspend(pid, seconds):
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


@fault("brain suspended", short=1, full=50)
def _(ground, dice):
    suspend(ground.brain(ground.deputyd["alpha"]), dice.uniform(0.5, 5))


@fault("brain hangs", short=1, full=20)
def _(ground, _dice):
    brain = ground.brain(ground.deputyd["alpha"])
    os.kill(brain, signal.SIGSTOP)
    wait_until(lambda: not alive(brain), "it is ended", 30)


@fault("keeper suspended", short=1, full=50)
def _(ground, dice):
    suspend(ground.deputyd["alpha"].pid, dice.uniform(0.5, 3))


@fault("sheriff suspended", short=1, full=50)
def _(ground, dice):
    suspend(ground.sheriffd.pid, dice.uniform(0.5, 4))


@fault("sheriff suspended until deputies give it up", short=1, full=10, within=8)
def _(ground, _dice):
    suspend(ground.sheriffd.pid, 13)
