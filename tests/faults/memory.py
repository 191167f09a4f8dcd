"""Faults: what our programs remember is damaged or gone, and two claim the same place."""
import shutil
import signal

from fleet import wait_until
from ground import Violation, probe
from harm import (a_moment, corrupt, deputy_dir, fault, kill_deputy, kill_kids, kill_sheriff,
                  some_of_alpha, storm, wait_replaced)



# ---- what they remember is damaged ------------------------------------------------------------

def damaged_memory(file, how, short, full):
    @fault(f"{file} {how} while the deputy is dead", short=short, full=full)
    def _(ground, dice):
        kill_deputy(ground, "alpha")
        path = deputy_dir(ground, "alpha") / file
        corrupt(path, dice, how)
        ground.begin_deputy("alpha")


for _how, _full in (("deleted", 50), ("cut", 300), ("flipped", 1000), ("garbage", 50)):
    damaged_memory("slots", _how, 2, _full)
    damaged_memory("wish", _how, 1, _full // 5)


@fault("memory lost and no sheriff there", short=1, full=50)
def _(ground, dice):
    kill_sheriff(ground)
    kill_deputy(ground, "alpha")
    for file in ("slots", "wish"):
        corrupt(deputy_dir(ground, "alpha") / file, dice,
                dice.choice(("deleted", "cut", "flipped", "garbage")))
    ground.begin_deputy("alpha")
    a_moment(dice)
    ground.begin_sheriff()


def damaged_past(how, short, full):
    @fault(f"ends {how} before the sheriff heard of them", short=short, full=full)
    def _(ground, dice):
        """What is damaged may be lost; what he heard is not, and nothing is invented."""
        victims = some_of_alpha(ground, dice)
        before = {name: ground.ends(name).keys() for name in victims}
        kill_kids(ground, victims)
        wait_replaced(ground, victims)
        heard = {name: wait_until(lambda it=name: ground.ends(it).keys() - before[it],
                                  f"the sheriff hears of {name}") for name in victims}
        kill_sheriff(ground)
        victims = {name: ground.living()[name][0] for name in victims}
        kill_kids(ground, victims)
        wait_replaced(ground, victims)
        path = deputy_dir(ground, "alpha") / "past"
        wait_until(lambda: path.stat().st_size > 0, "the ends are kept")
        kill_deputy(ground, "alpha")
        corrupt(path, dice, how)
        ground.begin_deputy("alpha")
        ground.begin_sheriff()
        ground.wait_link("alpha", "up")
        for name in victims:
            ends = {token: life for token, life in ground.ends(name).items()
                    if token not in before[name]}
            invented = [life for life in ends.values()     # what was adopted may end unknown
                        if not life["unknown"] and life["exit_signal"] != signal.SIGKILL]
            if not heard[name] <= ends.keys() or len(ends) > 2 or invented:
                raise Violation(f"{name} was killed twice, and is told to have ended so: {ends}")


for _how in ("deleted", "cut", "flipped", "garbage"):
    damaged_past(_how, 1, 50)


@fault("run directory emptied, all killed", short=1, full=50)
def _(ground, _dice):
    for path in ground.run_dir.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    kill_sheriff(ground)
    for name in ground.names:
        kill_deputy(ground, name)
    ground.begin_sheriff()
    for name in ground.names:
        ground.begin_deputy(name)


@fault("store deleted while the sheriff is dead", short=1, full=50)
def _(ground, _dice):
    """The deputies tell a sheriff without memory what it wanted."""
    kill_sheriff(ground)
    shutil.rmtree(ground.state_dir)
    ground.begin_sheriff()
    for name in ground.names:
        ground.wait_link(name, "up")


@fault("store restored from a backup", short=1, full=50)
def _(ground, dice):
    """The sheriff's numbers go back, and those of its deputies do not."""
    backup = ground.dir / "backup"
    kill_sheriff(ground)
    shutil.copytree(ground.state_dir, backup)
    ground.begin_sheriff()
    for _ in range(dice.randint(1, 5)):
        ground.order("restart", *storm(ground))
        ground.order("restart", *(probe(name) for name in ground.names))
    kill_sheriff(ground)
    shutil.rmtree(ground.state_dir)
    backup.rename(ground.state_dir)
    ground.begin_sheriff()
    ground.order("restart", *storm(ground))


@fault("log directory deleted", short=1, full=50)
def _(ground, _dice):
    """What is spliced into an old file in this moment is gone with it. Who has a new one has no
    other: so the old ones go from their place at once, and no new one among them."""
    for name in ground.names:
        shutil.rmtree(ground.log_dir(name).rename(ground.dir / f"deleted-{name}"))
    talking = [it.output.path for name, it in ground.ledgers.items() if ground.kids[name].up]
    wait_until(lambda: all(path.stat().st_size > 0 for path in talking), "all have new files")
    for ledger in ground.ledgers.values():
        ledger.forgive()


# ---- two of a kind ----------------------------------------------------------------------------

def must_be_refused(daemon, words):
    status = daemon.end()
    daemon.killed = True
    if status != 1 or not any(word in daemon.log for word in words):
        raise Violation(f"a second {daemon.name} ended with {status}: {daemon.log}")


@fault("a second deputyd begun", short=1, full=50)
def _(ground, _dice):
    must_be_refused(ground.deputy("alpha", connected=False), ["running already"])


@fault("a second sheriffd begun", short=1, full=50)
def _(ground, _dice):
    must_be_refused(ground.spawn("sheriffd", "sheriffd", "--name", "alpha", "--run-dir",
                                 ground.run_dir, "--state-dir", ground.state_dir),
                    ["another sheriff"])


@fault("a deputy of the same name from elsewhere", short=1, full=20)
def _(ground, _dice):
    twin = ground.spawn("twin", "deputyd", "--name", "beta", "--run-dir", ground.dir / "elsewhere",
                        "--log-dir", ground.dir / "elsewhere", "--sheriff", ground.link.listens)
    wait_until(lambda: "refuse" in twin.log, "the twin says that it is refused")
    twin.stop()
