"""Faults: what the sheriff has stored is damaged. He says so and touches nothing, or knows better;
and without a store he learns from his deputies what he wanted."""
import re
import shutil

from fleet import wait_until
from ground import Violation
from harm import corrupt, fault, kill_sheriff

REMEDY = re.compile("nothing was changed.*move (it|both) away", re.S)


def stored(ground):
    return sorted(path for path in ground.state_dir.rglob("*") if path.is_file()
                  and path.stat().st_size)


def contents(paths):
    return {path: path.read_bytes() if path.exists() else None for path in paths}


def begins(ground, daemon):
    """Does this sheriff answer? If not it has ended."""
    wait_until(lambda: not daemon.running or ground.ctl("status").status == 0,
               "the sheriff answers or ends")
    return daemon.running


def must_have_refused(daemon, before):
    """In words that help, and with nothing changed."""
    daemon.killed = True
    status = daemon.end()
    if status != 1 or not REMEDY.search(daemon.log):
        raise Violation(f"a sheriff with a damaged store ended with {status}: {daemon.log}")
    after = contents(before)
    if after != before:
        changed = [path.name for path in before if after[path] != before[path]]
        raise Violation(f"it changed {changed}, and said: {daemon.log}")


def damaged_store(how, short, full):
    @fault(f"store {how} while the sheriff is dead", short=short, full=full)
    def _(ground, dice):
        kill_sheriff(ground)
        corrupt(dice.choice(stored(ground)), dice, how)
        before = contents(stored(ground))
        ground.try_sheriff()
        if begins(ground, ground.sheriffd):
            return
        must_have_refused(ground.sheriffd, before)
        if ground.truth_is_wrong():
            raise Violation(f"without a sheriff: {ground.truth_is_wrong()}")
        shutil.rmtree(ground.state_dir)
        ground.begin_sheriff()
        for name in ground.names:
            ground.wait_link(name, "up")


for _how, _full in (("cut", 300), ("flipped", 1000), ("garbage", 50)):
    damaged_store(_how, 1, _full)
