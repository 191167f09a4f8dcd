"""Faults: kids that behave badly, crowds of clients and kids, strangers at the door."""
import os
import signal
import socket
import time

from fleet import wait_until
from ground import Kid, Violation
from harm import (VICTIMS, a_moment, corrupt, deputy_dir, doors, fault, kill_deputy, kill_kids,
                  kill_sheriff, knock, some_of_alpha, storm, wait_replaced)



# ---- kids that behave badly -------------------------------------------------------------------

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


@fault("a kid that crashes 10,000 times", short=0, full=1)
def _(ground, _dice):
    crash_until(ground, 10000)


# ---- crowds -----------------------------------------------------------------------------------

@fault("commands raced by 10 clients", short=1, full=340)
def _(ground, dice):
    """Whatever the order in which they come: each is answered, and the last word counts."""
    names = storm(ground)
    ground.may_touch(*names)
    for _ in range(3):
        racing = [ground.ctl_begin(dice.choice(("start", "stop", "restart")), "--timeout", "20s",
                                   *dice.sample(names, dice.randint(1, 3))) for _ in range(10)]
        for command in racing:
            result = ground.ctl_end(command)
            if result.status not in (0, 1):     # 1: another client ordered otherwise meanwhile
                raise Violation(f"a raced command: {result}")
    ground.order("start", *names)


@fault("commands raced, and the sheriff killed", short=1, full=100)
def _(ground, dice):
    names = storm(ground)
    ground.may_touch(*names)
    racing = [ground.ctl_begin(dice.choice(("start", "stop", "restart")), "--timeout", "20s",
                               dice.choice(names)) for _ in range(10)]
    a_moment(dice)
    kill_sheriff(ground)
    ground.begin_sheriff()
    for command in racing:
        ground.ctl_end(command)
    ground.order("start", *names)


@fault("1,000 kids ending at once", short=1, full=20, within=20, ground="thousand")
def _(ground, dice):
    fifo = ground.dir / f"gate-{dice.randrange(1 << 30)}"
    os.mkfifo(fifo)
    codes = {f"one-{i}": dice.randrange(4) for i in range(1000)}
    kids = [Kid(name, "alpha", "--crash-after", 1, "--rate", 0, "--until", fifo, "--code", code,
                auto_restart="no", up=False) for name, code in codes.items()]
    for kid in kids:
        ground.kids[kid.name] = kid
        ground.ledgers[kid.name] = ground.ledger(kid)
    ground.may_touch(*codes)
    ground.configure()
    wait_until(lambda: sum(len(copies) for name, copies in ground.living().items()
                           if name in codes) == 1000, "1,000 live", 60)
    os.close(os.open(fifo, os.O_WRONLY))
    wait_until(lambda: not any(ground.living()[name] for name in codes), "all have ended", 30)
    wait_until(lambda: all(row["state"] in ("exited", "failed") for row in ground.status()
                           if row["name"] in codes), "all are seen to have ended", 30)
    wrong = [row for row in ground.status()
             if row["name"] in codes and row["exit_code"] != codes[row["name"]]]
    if wrong:
        raise Violation(f"{len(wrong)} exit codes are wrong: {wrong[:3]}")
    ground.verify_output(time.monotonic() + 20)
    ground.ok("remove", *codes)
    for name in codes:
        del ground.kids[name], ground.ledgers[name]


# ---- strangers at the door --------------------------------------------------------------------

GREETING = b"\xff" + b"\0" * 7 + b"\1\x7f\3\0NULL" + b"\0" * 48
GARBAGE = [
    lambda dice: dice.randbytes(dice.randrange(1, 2000)),
    lambda dice: GREETING[:dice.randrange(1, 64)],
    lambda dice: GREETING + dice.randbytes(dice.randrange(1, 500)),
    lambda dice: GREETING + b"\4\x19\5READY\x0bSocket-Type\0\0\0\6DEALER"
    + b"".join(bytes((dice.choice((0, 1)), n)) + dice.randbytes(n)
               for n in (dice.randrange(256) for _ in range(20))),
    lambda dice: GREETING + b"\x02" + b"\x7f" * 8,
    lambda dice: b"",
]


@fault("garbage on every socket", short=1, full=200)
def _(ground, dice):
    """Ten thousand connections in a full run; while they are there, a client is answered."""
    strangers = []
    for _ in range(8):
        for door in doors(ground):
            stranger = knock(door)
            if stranger is None:
                raise Violation(f"nobody opens at {door}")
            try:
                stranger.sendall(dice.choice(GARBAGE)(dice))
            except OSError:
                pass
            strangers.append(stranger)
    begun = time.monotonic()
    ground.ok("status")
    if time.monotonic() - begun > 3:
        raise Violation(f"a client waited {time.monotonic() - begun:.1f} s behind strangers")
    for stranger in strangers:
        if dice.random() < 0.5:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        stranger.close()


@fault("clients that ask and do not listen", short=1, full=50)
def _(ground, dice):
    followers = [ground.ctl_begin(*command) for command in
                 (["logs", "-f", "burst"], ["events", "-f"], ["logs", "-f", "steady-0"])]
    for follower in followers:
        os.kill(follower.pid, signal.SIGSTOP)
    time.sleep(dice.uniform(0.2, 1))
    ground.ok("status")
    for follower in followers:
        follower.kill()
        os.kill(follower.pid, signal.SIGCONT)
        follower.communicate()


@fault("a client killed in the middle of a command", short=2, full=200)
def _(ground, dice):
    names = storm(ground)
    ground.may_touch(*names)
    order = ground.ctl_begin("restart", *names)
    a_moment(dice, 0.1)
    order.kill()
    order.communicate()
    ground.order("start", *names)
