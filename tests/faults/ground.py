"""A fleet to be faulty to: what should be, what is, and how far they are apart.

A ground knows of each kid whether it should run, and of each running one which process it is.
A fault says beforehand which kids it may touch; of all others pid and start time must stay. The
truth about kids comes from the kernel and from the kids themselves, never from our daemons; and
what our daemons say is compared with it.
"""
import os
import signal
import subprocess
import time
from pathlib import Path

from fleet import BIN, Daemon, Fleet, Result, alive, free_ports, pids, parent, words
from proxy import Link
from records import Ledger, lives_in
from truth import cpu_seconds, living_kids, open_files, own_bytes, start_ticks
from wallclock import WallClock

KID = BIN / "kid"
POLL = 0.05
BUSY = 0.6      # of a core; a few talking kids cost a tenth of that
SANITIZED = b"__asan_init" in (BIN / "sheriffd").read_bytes()
SLOWNESS = 3 if SANITIZED else 1    # bounds are promised for what users run


def probe(deputy):
    """The kid of a deputy by which is proved that orders arrive there."""
    return f"probe-{deputy}"


class Kid:
    """A kid as it is configured, and whether it should run."""

    def __init__(self, name, deputy, *options, up=True, **spec):
        self.name, self.deputy, self.up = name, deputy, up
        self.options, self.spec = options, spec

    def process(self, kid_dir):
        return {"name": self.name, "host": self.deputy, "working_dir": str(kid_dir),
                "auto_restart": "always",
                "restart": {"delay": "10ms", "max_delay": "50ms"},
                "stop": {"timeout": "2s"}, **self.spec,
                "exec": [str(KID), str(kid_dir), self.name, *map(str, self.options)]}


class Violation(Exception):
    """A promise is broken."""


class Ground(Fleet):
    def __init__(self, deputies, kids, network=Link):
        super().__init__()
        self.env["ASAN_OPTIONS"] += ":quarantine_size_mb=1:verify_asan_link_order=0"
        self.clock = WallClock(self.dir / "clock")
        self.kid_dir = self.dir / "kids"
        self.kid_dir.mkdir()
        self.link = network(free_ports())
        self.names = deputies
        self.deputyd = {}
        self.kids = {kid.name: kid for kid in kids + [Kid(probe(name), name, "--rate", 10)
                                                      for name in deputies]}
        self.ledgers = {kid.name: self.ledger(kid) for kid in self.kids.values()}
        self.identity = {}          # of each kid that runs: (pid, start)
        self.touched = set()        # kids whose identity a fault may change

    def ledger(self, kid):
        return Ledger(self.output_file(kid.name, deputy=kid.deputy), self.kid_dir, kid.name)

    def rise(self):
        """Begins it all; the ground is then as it should be."""
        self.begin_sheriff()
        for name in self.names:
            self.begin_deputy(name)
        for name in self.names:
            self.wait_link(name, "up")
        self.configure()
        self.touched = set(self.kids)
        self.verify(within=60)

    def configure(self):
        """Applies all kids. Which of them begin is for `autostart` to say."""
        self.apply(*(kid.process(self.kid_dir) for kid in self.kids.values()))

    def mount_small_disks(self, output_size, state_size):
        for path, size in ((self.log_dir(""), output_size), (self.state_dir, state_size)):
            path.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path],
                           check=True)

    def remove(self):
        self.link.close()
        for path in (self.log_dir(""), self.state_dir):
            if os.path.ismount(path):
                subprocess.run(["umount", "--lazy", path], check=False)
        super().remove()

    # ---- our daemons --------------------------------------------------------------------------

    def spawn(self, name, program, *args):
        where = self.link.around("far" if "--sheriff" in args else "near")
        return Daemon(self, name, [str(word) for word in (
            *where, *self.clock.around, BIN / program, *args)])

    def begin_sheriff(self):
        """One that answers."""
        self.sheriffd = self.sheriff("--listen", self.link.listens)

    def try_sheriff(self):
        """One that may not like what it finds."""
        self.sheriffd = self.spawn("sheriffd", "sheriffd", "--name", self.names[0], "--run-dir",
                                   self.run_dir, "--state-dir", self.state_dir, "--listen",
                                   self.link.listens)

    def begin_deputy(self, name):
        """The first deputy is the sheriff's own; the others come over the network."""
        remote = () if name == self.names[0] else ("--sheriff", self.link.endpoint)
        plain = ("--no-cgroups",) if name == "plain" else ()
        self.deputyd[name] = self.deputy(name, *remote, *plain, connected=False)

    def brain_now(self, name):
        """Its pid; 0 while there is none."""
        keeper = self.deputyd[name].pid
        found = [pid for pid in pids() if parent(pid) == keeper and alive(pid)
                 and (words(pid) or [""])[0].endswith("deputyd-brain")]
        return found[0] if found else 0

    def collected(self, name):
        """Kids whose output file a deputy's brain has open: it knows them."""
        brain, kids = self.brain_now(name), set()
        for fd in Path(f"/proc/{brain}/fd").glob("*") if brain else ():
            try:
                kids.add(Path(os.readlink(fd)).stem)
            except OSError:     # it is closed, or the brain is dead
                continue
        return kids & set(self.kids)

    def ours(self):
        """role -> pid of every daemon."""
        roles = {"sheriffd": self.sheriffd.pid}
        for name, daemon in self.deputyd.items():
            roles[f"keeper of {name}"] = daemon.pid
            roles[f"brain of {name}"] = self.brain(daemon)
        return roles

    def holdings(self):
        """role -> (open files, bytes of memory)"""
        return {role: (open_files(pid), own_bytes(pid)) for role, pid in self.ours().items()}

    def spinning(self):
        """Which daemons do nothing else for a second."""
        before = {role: (pid, cpu_seconds(pid)) for role, pid in self.ours().items()}
        time.sleep(1)
        return [role for role, (pid, used) in before.items() if cpu_seconds(pid) - used > BUSY]

    def kill_brain(self, name):
        brain = self.brain(self.deputyd[name])
        os.kill(brain, signal.SIGKILL)
        return brain

    def ctl_begin(self, *args):
        """A command that is not waited for."""
        return subprocess.Popen([str(BIN / "procmanctl"), *map(str, args)], cwd=self.dir,
                                env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def ctl_end(process, timeout=60):
        out, err = process.communicate(timeout=timeout)
        return Result(process.args, process.returncode, out.decode(errors="replace"),
                      err.decode(errors="replace"))

    # ---- what should be -----------------------------------------------------------------------

    def may_touch(self, *names):
        self.touched.update(names)

    def order(self, verb, *names):
        """start, stop or restart, as soon as there is somebody to obey, and it is so."""
        for deputy in {self.kids[name].deputy for name in names}:
            self.wait_link(deputy, "up")
        self.may_touch(*names)
        for name in names:
            self.kids[name].up = verb != "stop"
        return self.ok(verb, *names)

    # ---- what is ------------------------------------------------------------------------------

    def living(self):
        """name -> [(pid, start)] of all instances."""
        found = {name: [] for name in self.kids}
        for kid in living_kids(self.dir):
            if not kid.shadow:
                found.setdefault(kid.name, []).append((kid.pid, kid.start))
        return found

    def second_copies(self):
        """How many kids found their lock taken, or live beside another of their name."""
        told = sum(len(path.read_text().splitlines()) for path in self.kid_dir.glob("*.second"))
        return max(told, sum(max(0, len(copies) - 1) for copies in self.living().values()))

    def truth_is_wrong(self):
        """Why the processes are not what they should be; None: they are."""
        for name, copies in self.living().items():
            kid = self.kids.get(name)
            if len(copies) > 1:
                return f"{name} lives {len(copies)} times: {copies}"
            if kid is None or not kid.up:
                if copies:
                    return f"{name} lives and should not: {copies}"
            elif not copies:
                return f"{name} does not live and should"
            elif name not in self.touched and copies[0] != self.identity.get(name, copies[0]):
                return f"{name} was {self.identity[name]} and is {copies[0]}: it was replaced"
        return None

    def view_is_wrong(self):
        """Where the sheriff's view differs from the truth; None: nowhere."""
        result = self.ctl("status", "--json")
        if result.status != 0:
            return f"status: {result}"
        living = self.living()
        rows = {row["name"]: row for row in result.json["processes"]}
        if set(rows) != set(self.kids):
            return f"it shows {sorted(set(rows) ^ set(self.kids))} or does not, and should not"
        for name, row in rows.items():
            copies = living.get(name, [])
            if bool(copies) != (row["state"] == "running") or \
                    row["pid"] != (copies[0][0] if copies else 0):
                return f"{name} is {copies}, and shown as {row['state']} pid {row['pid']}" \
                       f" ({row['reason']})"
        return None

    def orders_do_not_arrive(self):
        """On which deputy nothing can be ordered; None: on each it was done."""
        probes = [probe(name) for name in self.names]
        self.may_touch(*probes)
        result = self.ctl("restart", *probes)
        return None if result.status == 0 else str(result)

    def ends(self, name):
        """token -> life, of all that are told."""
        past = self.ok("why", name, "--json").json["processes"][0]["past"]
        ends = {life["token"]: life for life in past}
        if len(ends) < len(past):
            raise Violation(f"an end is told twice: {past}")
        return ends

    # ---- the verdict --------------------------------------------------------------------------

    @staticmethod
    def until_right(question, deadline):
        """Asks until nothing is wrong any more; (what still is, when asked last). What became
        right after the deadline is wrong."""
        wrong = None
        while True:
            last, wrong = wrong, question()
            now = time.monotonic()
            if now > deadline:
                return wrong or f"{last or 'it'}, and only then it was right", now
            if wrong is None:
                return None, now
            time.sleep(POLL)

    def verify(self, within):
        """All invariants, after a fault: the seconds until the last of them held."""
        begun = time.monotonic()
        deadline = begun + within * SLOWNESS
        for question in (self.orders_do_not_arrive, self.truth_is_wrong, self.view_is_wrong,
                         self.truth_is_wrong):
            wrong, now = self.until_right(question, deadline)
            if wrong:
                raise Violation(f"{wrong}; for {now - begun:.1f} s")
        seconds = now - begun
        self.verify_output(deadline)
        second = self.second_copies()
        if second:
            raise Violation(f"{second} second copies")
        self.identity = {name: copies[0] for name, copies in self.living().items() if copies}
        self.touched = set()
        return seconds

    def verify_output(self, deadline):
        """Every record the kids say they have written is in its file, once and whole."""
        lives = lives_in(self.kid_dir)
        demands = {name: ledger.demand(lives.get(name, ()))
                   for name, ledger in self.ledgers.items()}
        for name, ledger in self.ledgers.items():
            wrong, _ = self.until_right(
                lambda it=ledger, demand=demands[name]: it.missing(demand) or None, deadline)
            if wrong:
                ledger.settle(demands[name])
        if any(self.damage()):
            raise Violation("output: %d bytes lost, %d doubled, %d torn" % self.damage())
        living = {pid for copies in self.living().values() for pid, _ in copies}
        for ledger in self.ledgers.values():
            ledger.balance()
            ledger.forget_ended(living)

    def allow_drops(self):
        """In this round a deputy may let output go, if it accounts for it."""
        for ledger in self.ledgers.values():
            ledger.allow_drops()

    def damage(self):
        """Bytes lost, doubled, torn."""
        ledgers = self.ledgers.values()
        return (sum(it.lost for it in ledgers), sum(it.doubled for it in ledgers),
                sum(it.torn for it in ledgers))

    def forgotten(self):
        """Kids that should run and do not."""
        living = self.living()
        return sum(kid.up and not living[name] for name, kid in self.kids.items())

    def shadows(self, name):
        """Daemons a kid has left behind, of any of its lives."""
        return [kid.pid for kid in living_kids(self.dir) if kid.shadow and kid.name == name]

    def end_escaped(self):
        """A daemon that has left its session is out of its deputy's reach."""
        for kid in self.kids.values():
            if "--escape" in kid.options:
                for pid in self.shadows(kid.name):
                    os.kill(pid, signal.SIGKILL)

    def destroy(self):
        """After a violation nobody is asked to end in order."""
        for _ in range(100):
            left = self.everything()
            if not left:
                break
            for pid in left:
                if start_ticks(pid):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(POLL)
        for daemon in self.daemons:
            daemon.killed = True
        self.close()
