"""Faults: strangers at the door, and clients that do not behave."""
import os
import signal
import socket
import time

from ground import Violation
from harm import a_moment, doors, fault, knock, storm

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
