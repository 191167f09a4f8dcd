"""The table of faults, and the hands that do harm.

A fault gets the ground and its dice. It says which kids it may touch, does harm, and puts back
what an administrator or the service manager would: nothing more. Whether all is well again is
not for it to judge.
"""
import os
import signal
import socket
import time
from collections import namedtuple

from fleet import alive, wait_until

Fault = namedtuple("Fault", "name inject short full within ground needs")
ROWS = []


def fault(name, *, short, full, within=5, ground="pair", needs=lambda: True):
    """A row of the table. What the fault returns are seconds it has measured, or nothing.
      short, full  rounds in a short and in a full run
      within       seconds after which all must be well
      ground       what it is done to, see GROUNDS
      needs        can it be done on this machine?"""
    def row(inject):
        ROWS.append(Fault(name, inject, short, full, within, ground, needs))
        return inject
    return row


# ---- our daemons ------------------------------------------------------------------------------

def a_moment(dice, longest=0.3):
    time.sleep(dice.uniform(0, longest))


def kill_keeper(ground, name):
    ground.deputyd[name].kill()


def kill_deputy(ground, name):
    """Keeper and brain in one moment."""
    brain = ground.brain_now(name)
    ground.deputyd[name].process.kill()
    if brain:
        os.kill(brain, signal.SIGKILL)
    ground.deputyd[name].kill()
    wait_until(lambda: not alive(brain), "the brain is dead")


def kill_sheriff(ground):
    ground.sheriffd.kill()


def deputy_dir(ground, name):
    return ground.run_dir / f"deputy-{name}"


def corrupt(path, dice, how):
    """Deletes, cuts or damages a file, as long as nobody looks."""
    if how == "deleted":
        path.unlink()
        return
    data = bytearray(path.read_bytes())
    if how == "cut":
        del data[dice.randrange(len(data)):]
    elif how == "flipped":
        used = len(data.rstrip(b"\0"))
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(used)] ^= 1 << dice.randrange(8)
    else:
        data[:] = dice.randbytes(dice.randrange(1, 4096))
    path.write_bytes(data)


def storm(ground):
    return [name for name in ground.kids if "storm" in name]


VICTIMS = {
    "brain": lambda ground: ground.brain_now("alpha") and ground.kill_brain("alpha"),
    "keeper": lambda ground: (kill_keeper(ground, "alpha"), ground.begin_deputy("alpha")),
    "deputy": lambda ground: (kill_deputy(ground, "alpha"), ground.begin_deputy("alpha")),
    "sheriff": lambda ground: (kill_sheriff(ground), ground.begin_sheriff()),
}


# ---- kids -------------------------------------------------------------------------------------

def some_of_alpha(ground, dice):
    """Five kids, who may be touched; and which they are now."""
    names = dice.sample([name for name, kid in ground.kids.items()
                         if kid.up and kid.deputy == "alpha"], 5)
    ground.may_touch(*names)
    return {name: ground.identity[name] for name in names}


def kill_kids(ground, victims):
    for pid, _ in victims.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not set(victims.values()) & {copy for copies in ground.living().values()
                                                    for copy in copies}, "they are dead")


def wait_replaced(ground, victims):
    def replaced():
        living = ground.living()
        return all(living[name] and living[name][0] != was for name, was in victims.items())
    wait_until(replaced, f"{', '.join(victims)} are back")


# ---- strangers --------------------------------------------------------------------------------

def doors(ground):
    """Every socket of ours a stranger can reach."""
    port = int(ground.link.listens.rsplit(":", 1)[1])
    return [*(str(path) for path in sorted(ground.run_dir.glob("*.sock"))),
            ("127.0.0.1", port), ("127.0.0.1", port + 1)]


def knock(door):
    stranger = socket.socket(socket.AF_INET if isinstance(door, tuple) else socket.AF_UNIX)
    stranger.settimeout(2)
    try:
        stranger.connect(door)
    except OSError:
        stranger.close()
        return None
    return stranger
