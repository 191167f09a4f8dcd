"""Faults: there is no more of something."""
import os
import resource
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from ground import Violation
from harm import (VICTIMS, a_moment, doors, fault, kill_kids, knock, some_of_alpha,
                  wait_replaced)
from truth import open_files


@contextmanager
def few_files(pid, spare):
    """It may open so many files more."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(pid) + spare, hard))
    try:
        yield
    finally:
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        except ProcessLookupError:
            pass


def no_files(role, short, full):
    @fault(f"{role} without descriptors", short=short, full=full)
    def _(ground, dice):
        pid = {"sheriff": ground.sheriffd.pid, "keeper": ground.deputyd["alpha"].pid,
               "brain": ground.brain(ground.deputyd["alpha"])}[role]
        victims = some_of_alpha(ground, dice)
        if role == "brain":     # it must open files, and gives up after two seconds
            ground.allow_drops()
        with few_files(pid, dice.randrange(3)):
            kill_kids(ground, victims)
            strangers = [knock(dice.choice(doors(ground))) for _ in range(10)]
            time.sleep(0.5)
        for stranger in strangers:
            if stranger:
                stranger.close()
        # libzmq's ipc listener aborts on EMFILE (ipc_listener.cpp), and init begins it anew.
        if not ground.sheriffd.running:
            ground.sheriffd.killed = True
            ground.begin_sheriff()
        wait_replaced(ground, victims)


for _role in ("sheriff", "keeper", "brain"):
    no_files(_role, 1, 20)


PIDS = Path("/sys/fs/cgroup/pids")


@fault("fork refused", short=1, full=50, needs=lambda: os.access(PIDS, os.W_OK))
def _(ground, dice):
    victims = some_of_alpha(ground, dice)
    group = PIDS / ground.dir.name
    keeper = ground.deputyd["alpha"].pid
    group.mkdir()
    try:
        (group / "cgroup.procs").write_text(str(keeper))
        (group / "pids.max").write_text("0")
        kill_kids(ground, victims)
        time.sleep(0.5)
        (group / "pids.max").write_text("max")
        wait_replaced(ground, victims)
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            (PIDS / "cgroup.procs").write_text(pid)
        group.rmdir()


def may_mount():
    return os.geteuid() == 0 and shutil.which("mount")


def fill_up(filler):
    """Whatever is free, while others write, too."""
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass


@fault("the store's disk full, then freed", short=1, full=100, ground="tight", needs=may_mount)
def _(ground, dice):
    """An order that cannot be stored is refused, and no process minds."""
    filler = ground.state_dir / "filler"
    fill_up(filler)
    ground.may_touch("burst-0", "burst-1")
    for _ in range(dice.randint(1, 3)):
        result = ground.ctl("restart", "burst-0", "burst-1", "--timeout", "5s")
        if result.status not in (0, 1):     # what is written over and over needs no room
            raise Violation(f"an order to a sheriff who cannot write: {result}")
    if dice.random() < 0.5:
        VICTIMS[dice.choice(("brain", "keeper"))](ground)
    filler.unlink()


@fault("disk full, then freed", short=1, full=100, ground="tight", needs=may_mount)
def _(ground, dice):
    """What does not fit waits in the pipe, and when that fills it is dropped and counted."""
    ground.allow_drops()
    filler = ground.log_dir("alpha") / "filler"
    fill_up(filler)
    a_moment(dice, 1)
    if dice.random() < 0.5:
        VICTIMS[dice.choice(("brain", "keeper", "deputy"))](ground)
    a_moment(dice, 1)
    filler.unlink()
