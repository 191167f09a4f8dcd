"""What came of each fault, as a table that people read and a later run goes on with."""
from dataclasses import astuple, dataclass, fields

NAME = 54       # columns of the longest fault
HEADS = ("times", "failed", "lost B", "doubled B", "torn B", "second", "forgotten", "worst s",
         "all s")


@dataclass
class Tally:
    """What came of one fault: bytes, copies, processes, seconds."""
    times: int = 0
    failed: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    second: int = 0
    forgotten: int = 0
    worst: float = 0.0
    spent: float = 0.0

    def add(self, other):
        for field in fields(self):
            mine, its = getattr(self, field.name), getattr(other, field.name)
            setattr(self, field.name, max(mine, its) if field.name == "worst" else mine + its)


class Tallies(dict):
    """name -> Tally, of every fault."""

    def __init__(self, names):
        super().__init__((name, Tally()) for name in names)

    def lines(self):
        yield f"{'fault':{NAME}} " + " ".join(f"{head:>9}" for head in HEADS)
        for name, it in self.items():
            if it.times:
                yield f"{name:{NAME}} " + " ".join(
                    f"{n:>9.2f}" if isinstance(n, float) else f"{n:>9}" for n in astuple(it))

    def save(self, path, footer):
        """A table is whole, whenever its writer is ended."""
        new = path.with_name(path.name + ".new")
        new.write_text("\n".join([*self.lines(), *footer]) + "\n", encoding="utf-8")
        new.rename(path)

    def load(self, path):
        """Adds what an earlier run has left, if there was one."""
        if not path.exists():
            return
        kinds = [field.type for field in fields(Tally)]
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.rsplit(maxsplit=len(HEADS))
            if len(words) > len(HEADS) and words[0] in self:
                self[words[0]].add(Tally(*(kind(word) for kind, word in zip(kinds, words[1:]))))
