"""Does harm to a private fleet, by a seeded plan, and proves after each harm that all is well.

    scripts/faults [--full] [--seed N] [--only WORDS]… [--rounds N] [--logs] [--table FILE]
    scripts/faults --list

--only takes a fault's name, or words that are in several. Each round has dice of its own, drawn
from seed, fault and round: `--only NAME --seed N` repeats the rounds of one fault, as exactly as
the machine allows. After a broken promise the fleet is made anew, so that one bug is not counted
twice.
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
from ground import BIN, Ground, KID, SANITIZED
from grounds import GROUNDS, SMALL_DISKS
from harm import ROWS

for faults in ("deaths", "upkeep", "clocks", "network", "shortage", "memory", "stores", "people",
               "crowds", "strangers", "trees", "attended"):
    importlib.import_module(faults)         # each adds its rows to the table

BACK_TO_BASELINE = 10   # seconds
# Daemons that were begun anew are no larger than those of the beginning, but for what the
# allocator keeps and the store remembers.
GROWTH = 1.25
GROWTH_BYTES = (32 if SANITIZED else 2) << 20


SAMPLED = 1.5   # seconds until each process has been measured, which keeps a descriptor open


NAMES = {row.name for row in ROWS}


class Tally:
    """What came of one fault."""

    def __init__(self):
        self.times = self.failed = 0
        self.lost = self.doubled = self.torn = self.second = self.forgotten = 0
        self.worst = 0.0
        self.spent = 0.0


class Driver:
    def __init__(self, options):
        self.options = options
        self.tallies = {row.name: Tally() for row in ROWS}
        self.ground, self.baseline = None, {}
        self.passed = self.failed = 0
        self.skipped = []

    # ---- the plan -----------------------------------------------------------------------------

    def plan(self):
        """[(row, round)]: by ground, and in each of them shuffled."""
        dice = random.Random(self.options.seed)
        steps = []
        for ground in GROUNDS:
            rounds = [(row, number) for row in ROWS if row.ground == ground
                      for number in range(self.rounds(row))]
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

    # ---- grounds ------------------------------------------------------------------------------

    def raise_ground(self, row):
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
        self.count(not wrong, f"the end of the {ground.sort}", "\n".join(wrong), ground)
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
        tally, wrong = self.tallies[row.name], None
        dice = random.Random(f"{self.options.seed}/{row.name}/{number}")
        if self.ground is None or self.ground.sort != row.ground:
            self.leave_ground()
        begun = time.monotonic()
        try:
            if self.ground is None:
                self.raise_ground(row)
                begun = time.monotonic()
            seconds = row.inject(self.ground, dice) or 0    # of what it measured itself
            tally.worst = max(tally.worst, seconds, self.ground.verify(row.within))
        except Exception as problem:    # whatever a fault stumbles over is one
            wrong = "; ".join((f"{type(problem).__name__}: {problem}", *self.dead()))
        tally.times += 1
        tally.spent += time.monotonic() - begun
        tally.failed += bool(wrong)
        self.count(not wrong, f"{row.name}, round {number}", wrong, self.ground)
        if wrong and self.ground:
            self.note_damage(tally)
            self.abandon()

    def dead(self):
        """Daemons that ended badly though nobody killed them, as sentences."""
        for daemon in self.ground.daemons if self.ground else ():
            if not daemon.killed and not daemon.running and daemon.process.returncode != 0:
                yield f"{daemon.name} ended with {daemon.process.returncode}"

    def note_damage(self, tally):
        """Only a ground that is given up has any."""
        lost, doubled, torn = self.ground.damage()
        tally.lost += lost
        tally.doubled += doubled
        tally.torn += torn
        tally.second += self.ground.second_copies()
        tally.forgotten += self.ground.forgotten()

    def abandon(self):
        self.ground.destroy()
        self.ground.remove()
        self.ground = None

    def count(self, good, what, wrong, ground):
        self.passed += good
        self.failed += not good
        if not good:
            print(f"FAILED {what} (seed {self.options.seed}): {wrong}", flush=True)
            if self.options.logs and ground:
                print(ground.logs(), flush=True)

    # ---- all ----------------------------------------------------------------------------------

    def go(self):
        steps = self.plan()
        begun = time.monotonic()
        print(f"{BIN}: {len(steps)} rounds, seed {self.options.seed}", flush=True)
        blind = selfcheck.wrong(KID)
        self.count(not blind, "the checker itself", blind, None)
        try:
            for step, (row, number) in enumerate(steps):
                self.progress(step, len(steps), row.name)
                self.run(row, number)
            self.leave_ground()
        except KeyboardInterrupt:
            self.count(False, "the rest", "interrupted", None)
        finally:
            if self.ground:
                self.abandon()
        self.progress(0, 0, "")
        self.show_table(time.monotonic() - begun)
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0

    @staticmethod
    def progress(step, steps, name):
        if sys.stdout.isatty():
            print(f"\r\x1b[K{step}/{steps} {name}" if name else "\r\x1b[K", end="", flush=True)
        elif step and step % 100 == 0:
            print(f"{step}/{steps} at {time.strftime('%H:%M:%S')}", flush=True)

    def table(self):
        """Of each fault that was done: how often, and what it cost."""
        heads = ("times", "failed", "lost B", "doubled B", "torn B", "second", "forgotten",
                 "worst s", "all s")
        yield f"{'fault':48} " + " ".join(f"{head:>9}" for head in heads)
        for name, it in self.tallies.items():
            if it.times:
                yield f"{name:48} " + " ".join(f"{n:>9}" for n in (
                    it.times, it.failed, it.lost, it.doubled, it.torn, it.second, it.forgotten,
                    f"{it.worst:.2f}", f"{it.spent:.1f}"))

    def show_table(self, seconds):
        lines = [*self.table()]
        if self.skipped:
            lines.append("not possible on this machine, or not as this user: "
                         + ", ".join(self.skipped))
        lines.append(f"in {seconds:.0f} s, seed {self.options.seed}")
        print("\n".join(lines))
        if self.options.table:
            self.options.table.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="scripts/faults", allow_abbrev=False)
    parser.add_argument("--full", action="store_true", help="as often as the promises were made")
    parser.add_argument("--seed", type=int, default=None, help="repeat a former run")
    parser.add_argument("--only", action="append", metavar="WORDS", help="faults named so")
    parser.add_argument("--rounds", type=int, help="of each fault")
    parser.add_argument("--logs", action="store_true", help="show what the daemons said")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table there, too")
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
    return Driver(options).go()


if __name__ == "__main__":
    sys.exit(main())
