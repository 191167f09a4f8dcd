"""Faults: crowds of clients and of kids."""
import os
import time

from fleet import read_proc, wait_until
from ground import Kid, SLOWNESS, Violation
from harm import a_moment, fault, kill_sheriff, storm


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


# ---- many ends in one moment --------------------------------------------------------------------

REAPED_WITHIN = 2 * SLOWNESS    # seconds, however many


def children(ground):
    """Of all keepers, and the zombies among them; the brains are not counted."""
    return sum(len(read_proc(daemon.pid, f"task/{daemon.pid}/children").split()) - 1
               for daemon in ground.deputyd.values())


def gate(ground, dice):
    """A fifo nobody has opened for writing: who wants to read from it waits."""
    path = ground.dir / f"gate-{dice.randrange(1 << 30)}"
    os.mkfifo(path)
    return path


def open_gate(path, ground, left, within):
    """Lets all go who wait there, and measures until their keepers have reaped them. Who comes
    late finds it open."""
    begun = time.monotonic()
    writer = os.open(path, os.O_WRONLY)
    wait_until(lambda: children(ground) <= left, "all have ended", 60)
    os.close(writer)
    seconds = time.monotonic() - begun
    if seconds > within:
        raise Violation(f"it took {seconds:.1f} s to reap all who ended at once")
    return seconds


def ending_at_once(ground, dice, number):
    """Each with a code of its own, which must be told."""
    before = children(ground)
    path = gate(ground, dice)
    codes = {f"one-{i}": dice.randrange(4) for i in range(number)}
    for i, (name, code) in enumerate(codes.items()):
        kid = Kid(name, ground.names[i % len(ground.names)], "--crash-after", 1, "--rate", 0,
                  "--until", path, "--code", code, auto_restart="no", up=False)
        ground.kids[name] = kid
        ground.ledgers[name] = ground.ledger(kid)
    ground.may_touch(*codes)
    ground.configure()
    wait_until(lambda: children(ground) == before + number, f"{number} live", 120)
    wait_until(lambda: len(list(ground.kid_dir.glob("one-*.life.*"))) == number, "all begin", 120)
    seconds = open_gate(path, ground, before, REAPED_WITHIN)
    wait_until(lambda: all(row["state"] in ("exited", "failed") for row in ground.status()
                           if row["name"] in codes), "all are seen to have ended", 30)
    wrong = [row for row in ground.status()
             if row["name"] in codes and row["exit_code"] != codes[row["name"]]]
    if wrong:
        raise Violation(f"{len(wrong)} exit codes are wrong: {wrong[:3]}")
    ground.verify_output(time.monotonic() + 60)
    ground.ok("remove", "one-*")
    for name in codes:
        del ground.kids[name], ground.ledgers[name]
    return seconds


@fault("1,000 kids ending at once", short=1, full=20, within=20, ground="thousand")
def _(ground, dice):
    return ending_at_once(ground, dice, 1000)


@fault("10,000 kids ending at once", short=0, full=5, within=60, ground="legion")
def _(ground, dice):
    return ending_at_once(ground, dice, 10000)


def orphans(name, number, short, full):
    @fault(name, short=short, full=full, within=20, ground="thousand")
    def _(ground, dice):
        """Grandchildren whose parents are gone are their keeper's, who never asked for them."""
        path = gate(ground, dice)
        ground.kids["patriarch"].options = ("--orphans", number, "--until", path)
        ground.configure()
        before = children(ground)
        ground.order("start", "patriarch")
        wait_until(lambda: children(ground) == before + 1 + number, "all are orphans", 60)
        seconds = open_gate(path, ground, before + 1, REAPED_WITHIN)
        ground.order("stop", "patriarch")
        return seconds


orphans("1,000 orphans ending at once", 1000, 1, 20)
orphans("10,000 orphans ending at once", 10000, 0, 5)
