"""Does harm to private fleets, by a seeded plan, and proves after each harm that all is well.

    scripts/faults [--full] [--jobs N] [--seed N] [--only WORDS]… [--rounds N] [--logs]
                   [--table FILE]
    scripts/faults --list

--only takes a fault's name, or words that are in several. Each round has dice of its own, drawn
from seed, fault and round: `--only NAME --seed N` repeats the rounds of one fault, as exactly as
the machine allows. After a broken promise the fleet is made anew, so that one bug is not counted
twice; what was done to it before is told, for it may be the cause.

With --table a run goes on where the one before left off: rounds that are in the table are done.
"""
import argparse
import importlib
import random
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]

# pylint: disable=wrong-import-position
import selfcheck
from crew import ALONE, pieces, share_out
from ground import BIN, Ground, KID, SANITIZED
from grounds import GROUNDS, SMALL_DISKS
from harm import ROWS
from tally import Tallies, Tally

for faults in ("deaths", "upkeep", "clocks", "network", "shortage", "memory", "stores", "people",
               "crowds", "strangers", "trees", "attended"):
    importlib.import_module(faults)         # each adds its rows to the table

BACK_TO_BASELINE = 10   # seconds
# Daemons that were begun anew are no larger than those of the beginning, but for what the
# allocator keeps and the store remembers.
GROWTH = 1.25
GROWTH_BYTES = (32 if SANITIZED else 2) << 20

SAMPLED = 1.5   # seconds until each process has been measured, which keeps a descriptor open

NAMES = {row.name: row for row in ROWS}


class Plan:
    """What is to be done, and what cannot be."""

    def __init__(self, options, done):
        self.options, self.done = options, done
        self.skipped = []

    def steps(self):
        """[(row, round)]: by ground, and in each of them shuffled."""
        dice = random.Random(self.options.seed)
        steps = []
        for ground in GROUNDS:
            rounds = [(row, number) for row in ROWS if row.ground == ground
                      for number in range(self.done[row.name].times, self.rounds(row))]
            dice.shuffle(rounds)
            steps += rounds
        return steps

    def rounds(self, row):
        options = self.options
        if options.only and not any(word == row.name or word in row.name and word not in NAMES
                                    for word in options.only):
            return 0
        if not row.needs():
            self.skipped.append(row.name)
            return 0
        if options.rounds is not None:
            return options.rounds
        return row.full if options.full else max(row.short, 1 if options.only else 0)


class Driver:
    """Does one round after the other, on one ground at a time. What comes of each goes to
    on_news: (name of the fault or None, its Tally, what was right, what was wrong)."""

    def __init__(self, options, on_news):
        self.options, self.on_news = options, on_news
        self.ground, self.baseline = None, {}
        self.history = []       # what was done to this ground

    # ---- grounds ------------------------------------------------------------------------------

    def raise_ground(self, row):
        self.history = []
        self.ground = Ground(*GROUNDS[row.ground]())
        self.ground.sort = row.ground
        if row.ground in SMALL_DISKS:
            self.ground.mount_small_disks(*SMALL_DISKS[row.ground])
        self.ground.rise()
        time.sleep(SAMPLED)
        self.baseline = self.ground.holdings()

    def leave_ground(self):
        """Baselines hold, everything ends as it should, and nothing is left."""
        ground, self.ground = self.ground, None
        if ground is None:
            return
        try:
            wrong = self.last_look(ground) + ground.close()
        except Exception as problem:    # it must not live on, whatever is wrong with it
            wrong = [f"{type(problem).__name__}: {problem}"]
            ground.destroy()
        self.count(None, Tally(), f"the end of the {ground.sort}", "\n".join(wrong), ground)
        ground.remove()

    def last_look(self, ground):
        ground.end_escaped()    # they hold open the pipes of lives that are over
        deadline = time.monotonic() + BACK_TO_BASELINE
        while (wrong := self.compare(ground)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return wrong + [f"{role} spins" for role in ground.spinning()]

    def compare(self, ground):
        """What our daemons hold now and did not at the beginning."""
        wrong = []
        for role, (files, size) in ground.holdings().items():
            files_before, size_before = self.baseline[role]
            # An adopted kid costs its keeper one descriptor, since it is nobody's child now.
            if files > files_before + (len(ground.kids) if role.startswith("keeper") else 2):
                wrong.append(f"{role} holds {files} descriptors, at first {files_before}")
            if size > size_before * GROWTH + GROWTH_BYTES:
                wrong.append(f"{role} holds {size >> 10} KiB, at first {size_before >> 10}")
        return wrong

    # ---- a round ------------------------------------------------------------------------------

    def run(self, row, number):
        tally, wrong = Tally(), None
        dice = random.Random(f"{self.options.seed}/{row.name}/{number}")
        if self.ground is None or self.ground.sort != row.ground:
            self.leave_ground()
        begun = time.monotonic()
        try:
            if self.ground is None:
                self.raise_ground(row)
                begun = time.monotonic()
            seconds = row.inject(self.ground, dice) or 0    # of what it measured itself
            tally.worst = max(seconds, self.ground.verify(row.within))
        except Exception as problem:    # whatever a fault stumbles over is one
            wrong = "; ".join((f"{type(problem).__name__}: {problem}", *self.dead()))
        tally.times = 1
        tally.spent = time.monotonic() - begun
        tally.failed = int(bool(wrong))
        if wrong and self.ground:
            self.note_damage(tally)
        self.count(row.name, tally, f"{row.name}, round {number}", wrong, self.ground)
        self.history.append(row.name)
        if wrong and self.ground:
            self.abandon()

    def dead(self):
        """Daemons that ended badly though nobody killed them, as sentences."""
        for daemon in self.ground.daemons if self.ground else ():
            if not daemon.killed and not daemon.running and daemon.process.returncode != 0:
                yield f"{daemon.name} ended with {daemon.process.returncode}"

    def note_damage(self, tally):
        """Only a ground that is given up has any."""
        tally.lost, tally.doubled, tally.torn = self.ground.damage()
        tally.second = self.ground.second_copies()
        tally.forgotten = self.ground.forgotten()

    def abandon(self):
        self.ground.destroy()
        self.ground.remove()
        self.ground = None

    def count(self, name, tally, what, wrong, ground):
        said = None
        if wrong:
            said = f"FAILED {what} (seed {self.options.seed}): {wrong}"
            if self.history:
                said += f"\nbefore: {', '.join(self.history)}"
            if self.options.logs and ground:
                said += "\n" + ground.logs()
        self.on_news((name, tally, said))

    # ---- all ----------------------------------------------------------------------------------

    def go(self, steps):
        for row, number in steps:
            self.run(row, number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ground:
            self.abandon()


class Run:
    """All that is to be done, by one driver or several, and the account of it."""

    def __init__(self, options):
        self.options, self.begun = options, time.monotonic()
        self.tallies = Tallies(NAMES)
        if options.table:
            self.tallies.load(options.table)
        self.plan = Plan(options, self.tallies)
        self.passed = self.failed = self.done = self.steps = 0

    def go(self):
        steps = self.plan.steps()
        self.steps = len(steps)
        print(f"{BIN}: {self.steps} rounds, seed {self.options.seed}", flush=True)
        blind = selfcheck.wrong(KID)
        self.take((None, Tally(), f"FAILED the checker itself: {blind}" if blind else None))
        try:
            self.share([step for step in steps if step[0].ground in ALONE], 1)
            self.share([step for step in steps if step[0].ground not in ALONE],
                       self.options.jobs)
        except KeyboardInterrupt:
            self.take((None, Tally(), "FAILED the rest: interrupted"))
        return self.account()

    def share(self, steps, jobs):
        if jobs > 1:
            bad = share_out(pieces(steps, jobs), jobs, self.work, self.take)
            for _ in range(bad):
                self.take((None, Tally(), "FAILED: a driver has ended before its time"))
            return
        with Driver(self.options, self.take) as driver:
            driver.go(steps)
            driver.leave_ground()

    def work(self, line):
        """A driver of several: until there is nothing more to do."""
        try:
            with Driver(self.options, line.send) as driver:
                while steps := line.send(None) or line.recv():
                    driver.go([(NAMES[name], number) for name, number in steps])
                driver.leave_ground()
        except (KeyboardInterrupt, BrokenPipeError, EOFError):
            sys.exit(1)

    def take(self, news):
        """What came of one round, or of the end of a ground."""
        name, tally, wrong = news
        self.passed += not wrong
        self.failed += bool(wrong)
        if wrong:
            print(wrong, flush=True)
        if name:
            self.tallies[name].add(tally)
            self.done += 1
            self.progress(name)
            if self.options.table:
                self.tallies.save(self.options.table, self.footer())

    def progress(self, name):
        if sys.stdout.isatty():
            print(f"\r\x1b[K{self.done}/{self.steps} {name}" if self.done < self.steps
                  else "\r\x1b[K", end="", flush=True)
        elif self.done % 100 == 0:
            print(f"{self.done}/{self.steps} at {time.strftime('%H:%M:%S')}, "
                  f"{self.failed} failed", flush=True)

    def footer(self):
        if self.plan.skipped:
            yield "not possible on this machine, or not as this user: " \
                  + ", ".join(self.plan.skipped)
        yield f"{self.done} rounds in {time.monotonic() - self.begun:.0f} s, " \
              f"seed {self.options.seed}"

    def account(self):
        print("\n".join([*self.tallies.lines(), *self.footer()]))
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or any(it.failed for it in self.tallies.values()) else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/faults", allow_abbrev=False)
    parser.add_argument("--full", action="store_true", help="as often as the promises were made")
    parser.add_argument("--seed", type=int, default=None, help="repeat a former run")
    parser.add_argument("--only", action="append", metavar="WORDS", help="faults named so")
    parser.add_argument("--rounds", type=int, help="of each fault")
    parser.add_argument("--jobs", type=int, default=1, help="so many fleets beside each other")
    parser.add_argument("--logs", action="store_true", help="show what the daemons said")
    parser.add_argument("--table", type=Path, metavar="FILE",
                        help="write the table there, too, and leave out what is in it")
    parser.add_argument("--list", action="store_true", help="name the faults")
    options = parser.parse_args()
    if options.list:
        for row in ROWS:
            print(f"{row.name:48} {row.short:>3} {row.full:>5}")
        return 0
    if not KID.exists():
        print(f"scripts/faults: there is no {KID}: build the tests first", file=sys.stderr)
        return 2
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 32)
    signal.signal(signal.SIGTERM, signal.default_int_handler)   # nothing is left then, either
    return Run(options).go()


if __name__ == "__main__":
    sys.exit(main())
