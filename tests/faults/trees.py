"""Faults: processes whose offspring runs away, in a deputy with control groups and in one without.

The truth about them is a number in their command lines, which they keep through every fork and
every cleared environment.
"""
import os
import signal
import subprocess
import time

from fleet import pids, wait_until, words
from ground import SLOWNESS, Violation
from harm import a_moment, fault, kill_deputy, kill_keeper
from truth import environment

GONE = 3    # seconds after a stop, at most, until nobody is left
LOOKS = 8   # who forks on is easily missed by one of them

CHAINS = ("for (1 .. 30) {{ next if fork; setpgrp; for (1 .. 200) {{ exit if fork;"
          " select undef, undef, undef, 0.002 }} sleep 600; exit }} sleep 600")

# Each with how many it has at least when it is grown. {0} is the number.
TREES = {
    "a double fork": ("(sleep {0} &); exec sleep {0}", 2),
    "another session": ("setsid sleep {0} & exec sleep {0}", 2),
    "a daemon": ("setsid sh -c '(sleep {0} &)'; exec sleep {0}", 2),
    "nobody listens": ("trap '' TERM; setsid sleep {0} & while :; do sleep {0}; done", 3),
    "one below the other": ("deep='setsid sh -c \"sleep {0} & wait\" & wait';"
                            " setsid sh -c \"$deep\" & exec sleep {0}", 4),
    "a hundred sessions": ("for i in $(seq 100); do setsid sleep {0} & done; exec sleep {0}", 101),
    "chains that fork on": ("exec perl -e '" + CHAINS + "' {0}", 2),
}
# Who is told by the mark alone must bear it.
UNMARKED = {
    "no environment": ("env -i setsid sh -c '(sleep {0} &)'; exec sleep {0}", 2),
}


def members(number):
    """Living processes of the tree, of however many sessions and environments."""
    return [pid for pid in pids() if any(number in word for word in words(pid))]


class Tree:
    """One on a deputy, and a stranger beside it who has nothing to do with it."""

    def __init__(self, ground, dice, sorts):
        self.ground, self.host = ground, dice.choice(ground.names)
        script, least = sorts[dice.choice(sorted(sorts))]
        self.number = str(dice.randrange(10**8, 10**9))
        stranger = str(dice.randrange(10**8, 10**9))
        self.stranger = subprocess.Popen(["sleep", stranger], start_new_session=True)
        ground.wait_link(self.host, "up")
        ground.ok("add", "tree", "--host", self.host, "--set", "stop.timeout=300ms", "--",
                  script.format(self.number))
        ground.ok("start", "tree")
        wait_until(lambda: len(members(self.number)) >= least, "the tree is grown", 30)

    def must_be_gone(self):
        deadline, quiet = time.monotonic() + GONE * SLOWNESS, 0
        left = True
        while quiet < LOOKS and (time.monotonic() < deadline or quiet):
            left = members(self.number)
            quiet = 0 if left else quiet + 1
            time.sleep(0.05)
        alive = self.stranger.poll() is None
        self.stranger.kill()
        self.stranger.wait()
        told = [f"{pid} {' '.join(words(pid))[:60]}, {environment(pid).get(b'PROCMAN_RUN')}"
                for pid in left[:5]]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self.ground.ok("remove", "tree")
        if left:
            raise Violation(f"{len(left)} left on {self.host}: {told}")
        if not alive:
            raise Violation("the stranger was killed")


@fault("a tree that runs away, stopped", short=6, full=200, ground="grove")
def _(ground, dice):
    tree = Tree(ground, dice, TREES | UNMARKED)
    ground.ok("stop", "tree")
    tree.must_be_gone()


@fault("a tree that runs away, its leader killed", short=3, full=200, ground="grove")
def _(ground, dice):
    tree = Tree(ground, dice, TREES | UNMARKED)
    os.kill(ground.proc("tree")["pid"], signal.SIGKILL)
    tree.must_be_gone()


@fault("a tree that runs away, and who shall stop it is killed", short=3, full=100, within=8,
       ground="grove")
def _(ground, dice):
    tree = Tree(ground, dice, TREES)
    order = ground.ctl_begin("stop", "tree")
    a_moment(dice)
    kill = dice.choice((kill_keeper, kill_deputy, None))
    if kill:
        kill(ground, tree.host)
        ground.begin_deputy(tree.host)
    elif ground.brain_now(tree.host):
        ground.kill_brain(tree.host)
    ground.ctl_end(order)
    ground.wait_link(tree.host, "up")
    ground.ok("stop", "tree")
    tree.must_be_gone()


@fault("a restarted tree", short=2, full=100, ground="grove")
def _(ground, dice):
    """What the first life has left does not meet the second."""
    tree = Tree(ground, dice, TREES | UNMARKED)
    before = set(members(tree.number))
    ground.ok("restart", "tree")
    if before & set(members(tree.number)):
        raise Violation(f"of the life before, on {tree.host}: {before & set(members(tree.number))}")
    ground.ok("stop", "tree")
    tree.must_be_gone()
