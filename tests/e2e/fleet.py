"""A fleet of real daemons in a private directory, for one test.

Everything a fleet starts, and everything those start in turn, carries the fleet's directory in
its environment. So the end of a test can prove that nothing is left, however many sessions and
process groups the processes made, and tests may run side by side.
"""
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILDS = [ROOT / "build" / preset / "bin" for preset in ("asan", "debug", "release")]
BIN = Path(os.environ.get("PROCMAN_BIN")
           or next((b for b in BUILDS if b.exists()), BUILDS[0])).resolve()

DEADLINE = 20   # seconds; a busy machine and sanitizers are slow, a hang is slower
POLL = 0.02


def remove_groups(deputy_dir):
    """The control groups of a deputyd that was killed for good."""
    name = 0xcbf29ce484222325
    for byte in os.fsencode(deputy_dir):
        name = (name ^ byte) * 0x100000001b3 % 2**64
    own = re.search(r"^0::(/.*)$", Path("/proc/self/cgroup").read_text(), re.M)
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if own else ():
        top = Path(mount + own[1]) / f"{deputy_dir.name}.{name:016x}"
        for path in (*top.glob("*/"), top) if top.exists() else ():
            with contextlib.suppress(OSError):      # one who lives is told of elsewhere
                path.rmdir()


def wait_until(predicate, what, deadline=DEADLINE):
    """The first true value of predicate(); fails with `what` when none comes in time. A file
    that is not there yet is no value."""
    end = time.monotonic() + deadline
    while True:
        try:
            value = predicate()
        except FileNotFoundError:
            value = None
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {deadline} s (last: {value!r})"
        time.sleep(POLL)


def free_ports():
    """A port and the next one, both free, below the range outgoing connections use."""
    while True:
        port = random.randrange(20000, 32000, 2)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                continue


def read_proc(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def alive(pid):
    """Does it live (a zombie does not)?"""
    stat = read_proc(pid, "stat")
    return bool(stat) and stat.rsplit(b") ", 1)[1][:1] not in b"ZX"


def parent(pid):
    stat = read_proc(pid, "stat")
    return int(stat.rsplit(b") ", 1)[1].split()[1]) if stat else 0


def words(pid):
    return [word.decode(errors="replace") for word in read_proc(pid, "cmdline").split(b"\0")[:-1]]


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


class Result:
    """How a command ended."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return (f"{' '.join(self.command)}\nexit status {self.status}\n"
                f"--- stdout\n{self.out}--- stderr\n{self.err}---")


class Daemon:
    """A program of a fleet that runs until it is told to end."""

    def __init__(self, fleet, name, command):
        self.name, self.killed = name, False
        self.log_path = fleet.dir / f"{name}-{len(fleet.daemons)}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=fleet.env, cwd="/")
        self.pid = self.process.pid
        fleet.daemons.append(self)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def running(self):
        return self.process.poll() is None

    def end(self, deadline=DEADLINE):
        """Wait for its end; its exit status."""
        return self.process.wait(deadline)

    def stop(self):
        """As an administrator stops it; its exit status."""
        self.process.terminate()
        return self.end()

    def kill(self):
        """kill -9."""
        self.killed = True
        self.process.kill()
        self.end()

    def signal(self, number):
        self.process.send_signal(number)


class Fleet:
    def __init__(self):
        # Short: a socket's path holds 107 bytes.
        self.dir = Path(tempfile.mkdtemp(prefix="procman-"))
        self.run_dir, self.state_dir = self.dir / "run", self.dir / "state"
        self.reports = self.dir / "reports"
        self.reports.mkdir()
        self.daemons = []
        options = f"log_path={self.reports}/report"
        self.env = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.dir),
            "PROCMAN_E2E": str(self.dir), "PROCMAN_RUN_DIR": str(self.run_dir),
            "XDG_STATE_HOME": str(self.state_dir), "XDG_CONFIG_HOME": str(self.dir / "config"),
            "ASAN_OPTIONS": f"detect_leaks=1:{options}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:{options}",
        }

    # ---- the programs ----

    def log_dir(self, deputy):
        return self.dir / "log" / deputy

    def spawn(self, name, program, *args):
        """Begin a daemon without waiting for anything."""
        return Daemon(self, name, [str(BIN / program), *map(str, args)])

    def sheriff(self, *args, name="alpha", config=None):
        """A sheriff that answers."""
        if config is not None:
            args = ("--config", config, *args)
        daemon = self.spawn("sheriffd", "sheriffd", "--name", name, "--run-dir", self.run_dir,
                            "--state-dir", self.state_dir, *args)
        wait_until(lambda: self.ctl("status").status == 0 or not daemon.running,
                   "the sheriff answers")
        assert daemon.running, daemon.log
        return daemon

    def deputy(self, name, *args, connected=True):
        """A deputy, connected to the sheriff."""
        daemon = self.spawn(f"deputyd-{name}", "deputyd", "--name", name,
                            "--run-dir", self.run_dir, "--state-dir", self.state_dir,
                            "--log-dir", self.log_dir(name), *args)
        if connected:
            self.wait_link(name, "up")
        return daemon

    def ctl(self, *args, stdin="", timeout=60, env=None, cwd=None, **more):
        command = [str(BIN / "procmanctl"), *map(str, args)]
        done = subprocess.run(command, input=stdin.encode(), capture_output=True,
                              cwd=cwd or self.dir, timeout=timeout, check=False,
                              env={**self.env, **(env or {})}, **more)
        return Result(["procmanctl", *map(str, args)], done.returncode,
                      done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def ok(self, *args, **more):
        """A command that must succeed."""
        result = self.ctl(*args, **more)
        assert result.status == 0, result
        return result

    def follow_program(self, *command):
        """A client that goes on; what it prints is its log. It is killed at the end."""
        daemon = Daemon(self, Path(command[0]).name, [str(word) for word in command])
        daemon.killed = True
        return daemon

    def follow(self, *args):
        """A procmanctl that goes on."""
        return self.follow_program(BIN / "procmanctl", *args)

    # ---- files ----

    def file(self, name, content):
        """Write a configuration (text, or a dict as JSON); its path."""
        path = self.dir / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def apply(self, *processes, **more):
        """Apply these processes from a file; no pruning unless the test says so."""
        path = self.file("fleet.json", {"processes": list(processes), **more})
        return self.ok("apply", path, "--no-prune")

    def output_file(self, name, group="", deputy="alpha"):
        return self.log_dir(deputy) / group / f"{name}.log"

    # ---- what is seen ----

    def status(self, *selectors):
        return self.ctl("status", "--json", *selectors).json["processes"]

    def proc(self, name, host=None):
        rows = [row for row in self.status()
                if row["name"] == name and host in (None, row["host"])]
        assert len(rows) <= 1, rows
        return rows[0] if rows else None

    def pid(self, name, host=None):
        """Of a process that runs."""
        row = self.wait_state(name, "running", host=host)
        assert row["pid"] > 0 and alive(row["pid"]), row
        return row["pid"]

    def wait_state(self, name, *states, host=None, deadline=DEADLINE):
        def there():
            row = self.proc(name, host)
            return row if row and row["state"] in states else None
        try:
            return wait_until(there, f"{name} becomes {' or '.join(states)}", deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.proc(name, host)}") from None

    def deputies(self):
        return {row["name"]: row for row in self.ctl("deputies", "--json").json["deputies"]}

    def wait_link(self, name, *links):
        return wait_until(lambda: self.deputies().get(name, {}).get("state") in links,
                          f"deputy {name} is {' or '.join(links)}")

    def brain(self, deputy):
        """Process id of a deputy's brain."""
        def find():
            return [pid for pid in pids() if parent(pid) == deputy.pid
                    and (words(pid) or [""])[0].endswith("deputyd-brain")]
        return wait_until(find, f"{deputy.name} has a brain")[0]

    def everything(self):
        """All living processes of this fleet: pid -> words."""
        mark = f"PROCMAN_E2E={self.dir}".encode()
        return {pid: words(pid) for pid in pids()
                if mark in read_proc(pid, "environ").split(b"\0") and alive(pid)}

    def copies(self, word):
        """Living processes that have this word in their command line, daemons not counted."""
        return [pid for pid, line in self.everything().items()
                if any(word in part for part in line) and "procmanctl" not in line[0]
                and "sheriffd" not in line[0]]

    # ---- the end ----

    def close(self):
        """End everything; what was wrong, as sentences."""
        wrong = []
        for daemon in reversed(self.daemons):
            wrong += self.end(daemon)
        left = self.everything()
        for pid, line in left.items():
            os.kill(pid, signal.SIGKILL)
            wrong.append(f"left behind: {pid} {' '.join(line)}")
        for report in sorted(self.reports.iterdir()):
            wrong.append(f"sanitizer report {report.name}:\n{report.read_text()}")
        return wrong

    @staticmethod
    def end(daemon):
        if daemon.killed:
            if daemon.running:
                daemon.kill()
            return []
        try:
            status = daemon.stop()
        except subprocess.TimeoutExpired:
            daemon.kill()
            return [f"{daemon.name} did not end within {DEADLINE} s of SIGTERM"]
        return [] if status in (0, *getattr(daemon, "may_end_with", ())) \
            else [f"{daemon.name} ended with {status}"]

    def logs(self):
        return "".join(f"--- {daemon.log_path.name}\n{daemon.log[-6000:]}"
                       for daemon in self.daemons)

    def remove(self):
        for path in self.run_dir.glob("deputy-*"):
            remove_groups(path)
        shutil.rmtree(self.dir, ignore_errors=True)
