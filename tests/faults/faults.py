"""The faults: what is done to a ground, one function each, and the table of them all.

A fault gets the ground and its dice. It says which kids it may touch, does harm, and puts back
what an administrator or the service manager would: nothing more. Whether all is well again is
not for it to judge.
"""
import os
import resource
import shutil
import signal
import socket
import time
from collections import namedtuple
from contextlib import contextmanager
from pathlib import Path

from fleet import alive, wait_until
from ground import Kid, Violation, probe
from proxy import DOWN, UP
from truth import environment, open_files

Fault = namedtuple("Fault", "name inject short full within ground needs")
ROWS = []


def fault(name, *, short, full, within=5, ground="pair", needs=lambda: True):
    """A row of the table.
      short, full  rounds in a short and in a full run
      within       seconds after which all must be well
      ground       what it is done to, see GROUNDS
      needs        can it be done on this machine?"""
    def row(inject):
        ROWS.append(Fault(name, inject, short, full, within, ground, needs))
        return inject
    return row


# ---- grounds -------------------------------------------------------------------------------------

def pair():
    """Two deputies with talking kids of all sorts."""
    kids = [Kid(f"steady-{i}", "alpha", "--rate", 50 + 50 * i) for i in range(4)]
    kids += [Kid(f"both-{i}", "alpha", "--rate", 100, "--err") for i in range(2)]
    kids += [Kid("burst", "alpha", "--rate", 2560, "--burst", 128)]
    kids += [Kid(f"storm-{i}", "alpha", "--rate", 20) for i in range(6)]
    kids += [Kid(f"idle-{i}", "alpha", up=False, autostart=False) for i in range(2)]
    kids += [Kid("mule", "alpha", "--ignore-term", stop={"timeout": "300ms"}),
             Kid("parent", "alpha", "--daemon"), Kid("father", "alpha", "--escape"),
             Kid("crasher", "alpha", "--rate", 0, "--crash-after", 1, "--code", 3, up=False,
                 autostart=False, restart={"delay": "1ms", "max_delay": "1ms"})]
    kids += [Kid(f"far-{i}", "beta", "--rate", 100, "--err") for i in range(3)]
    kids += [Kid("far-storm", "beta"), Kid("far-idle", "beta", up=False, autostart=False)]
    return ["alpha", "beta"], kids


def crowd():
    """Twenty deputies with two kids each."""
    names = [f"d{i:02}" for i in range(20)]
    return names, [Kid(f"kid-{i}-{name}", name, "--rate", 20) for name in names for i in range(2)]


def thousand():
    """One deputy, a few who talk, and nine hundred who will be begun to end together."""
    kids = [Kid(f"steady-{i}", "alpha", "--rate", 50) for i in range(4)]
    return ["alpha"], kids


def tight():
    """One deputy with a small disk for its output, and kids who fill a pipe in no time."""
    kids = [Kid(f"steady-{i}", "alpha", "--rate", 100, "--err") for i in range(3)]
    return ["alpha"], kids + [Kid(f"burst-{i}", "alpha", "--rate", 2560, "--burst", 128)
                              for i in range(3)]


GROUNDS = {"pair": pair, "crowd": crowd, "thousand": thousand, "tight": tight}
SMALL_DISK = {"tight": "64m"}   # of the deputy's output


# ---- helpers ---------------------------------------------------------------------------------------

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
        used = max(i for i, byte in enumerate(data) if byte) + 1
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(used)] ^= 1 << dice.randrange(8)
    else:
        data[:] = dice.randbytes(dice.randrange(1, 4096))
    path.write_bytes(data)


def storm(ground):
    return [name for name in ground.kids if "storm" in name]


# ---- our programs die ---------------------------------------------------------------------------------

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


@fault("sheriff of 20 deputies killed", short=0, full=500, ground="crowd")
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


# ---- our programs die in the middle of something ----------------------------------------------------------

VICTIMS = {
    "brain": lambda ground: ground.brain_now("alpha") and ground.kill_brain("alpha"),
    "keeper": lambda ground: (kill_keeper(ground, "alpha"), ground.begin_deputy("alpha")),
    "deputy": lambda ground: (kill_deputy(ground, "alpha"), ground.begin_deputy("alpha")),
    "sheriff": lambda ground: (kill_sheriff(ground), ground.begin_sheriff()),
}


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


# ---- our programs hang ------------------------------------------------------------------------------------

def suspend(pid, seconds):
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


@fault("brain suspended", short=1, full=50)
def _(ground, dice):
    suspend(ground.brain(ground.deputyd["alpha"]), dice.uniform(0.5, 5))


@fault("keeper suspended", short=1, full=50)
def _(ground, dice):
    suspend(ground.deputyd["alpha"].pid, dice.uniform(0.5, 3))


@fault("sheriff suspended", short=1, full=50)
def _(ground, dice):
    suspend(ground.sheriffd.pid, dice.uniform(0.5, 4))


@fault("sheriff suspended until deputies give it up", short=0, full=10, within=8)
def _(ground, _dice):
    suspend(ground.sheriffd.pid, 13)


# ---- the network fails ---------------------------------------------------------------------------------------

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


@fault("network silent for long", short=0, full=5, within=8)
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


@fault("network slow", short=1, full=50)
def _(ground, dice):
    """Half a second there and half a second back is no reason to call anybody lost."""
    ground.link.delay = dice.uniform(0.1, 0.5)
    try:
        time.sleep(2)
        begun = time.monotonic()
        ground.order("restart", "far-storm")
        if time.monotonic() - begun > 3 + 4 * ground.link.delay:
            raise Violation(f"an order took {time.monotonic() - begun:.1f} s")
        if ground.deputies()["beta"]["state"] != "up":
            raise Violation("a slow deputy is called lost")
    finally:
        ground.link.mend()


# ---- there is no more of something --------------------------------------------------------------------------

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


@fault("disk full, then freed", short=1, full=100, ground="tight", needs=may_mount)
def _(ground, dice):
    """What does not fit waits in the pipe, and so does who writes it."""
    filler = ground.log_dir("alpha") / "filler"
    fill_up(filler)
    a_moment(dice, 1)
    if dice.random() < 0.5:
        VICTIMS[dice.choice(("brain", "keeper", "deputy"))](ground)
    a_moment(dice, 1)
    filler.unlink()


# ---- what they remember is damaged ---------------------------------------------------------------------------

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
    for ledger in ground.ledgers.values():
        ledger.forgive()
    for name in ground.names:
        shutil.rmtree(ground.log_dir(name), ignore_errors=True)
    time.sleep(0.3)     # what was spliced into the old file in this moment is gone with it
    for ledger in ground.ledgers.values():
        ledger.forgive()


# ---- two of a kind ----------------------------------------------------------------------------------------------

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
                        "--log-dir", ground.dir / "elsewhere", "--sheriff", ground.endpoint)
    wait_until(lambda: "refuse" in twin.log, "the twin says that it is refused")
    twin.stop()


# ---- kids that behave badly -----------------------------------------------------------------------------------------

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
    wait_until(lambda: ground.brain_now("alpha"), "a brain")
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


# ---- crowds ----------------------------------------------------------------------------------------------------------

@fault("commands raced by 10 clients", short=1, full=200)
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


# ---- strangers at the door ----------------------------------------------------------------------------------------------

def doors(ground):
    """Every socket of ours a stranger can reach."""
    port = int(ground.endpoint.rsplit(":", 1)[1])
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
