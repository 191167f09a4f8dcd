"""Who checks the checker? What is lost, doubled, torn or a second copy must be seen as that; and
what a fault excuses must excuse nothing else.
"""
import subprocess
import tempfile
from pathlib import Path

from records import RECORD, Ledger
from truth import living_kids, start_ticks


def written(kid, folder, name, records):
    """What a kid wrote that ended by itself."""
    return subprocess.run([kid, folder, name, "--rate", "0", "--err", "--crash-after",
                           str(records)], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


class Desk:
    """One kid, its files as a deputy would leave them, and the ledger about them."""

    def __init__(self, kid, folder):
        self.kid, self.folder = kid, Path(folder)
        self.log = self.folder / "kid.log"
        self.log.touch()
        self.ledger = Ledger(self.log, folder, "kid")

    def life(self, records=10):
        """All a new life wrote; who wrote it is over."""
        return written(self.kid, self.folder, "kid", records)

    def add(self, data):
        with self.log.open("ab") as log:
            log.write(data)

    def rotate(self, begin):
        self.log.rename(self.segment(begin))

    def segment(self, begin):
        return self.folder / f"kid.log.{begin:016}"

    def tell_dropped(self, begin, n):
        """One more record in the index of the file that begins there."""
        with (self.folder / f".kid.log.{begin:016}.index").open("ab") as index:
            index.write(bytes(18) + n.to_bytes(6, "little") + bytes(8))

    def damage(self):
        """(lost, doubled, torn) when nothing comes any more."""
        demand = self.ledger.demand()
        if self.ledger.missing(demand):
            self.ledger.settle(demand)
        return self.ledger.lost, self.ledger.doubled, self.ledger.torn


def found(kid, story):
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(kid, folder)
        story(desk)
        return desk.damage()


def seconds(kid):
    """How often a kid found its lock taken, and who is seen to live while two do."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"PROCMAN_E2E": folder, "PROCMAN_RUN": "alpha/0/1"}
        twins = [subprocess.Popen([kid, folder, "twin"], env=environ,
                                  stdout=subprocess.DEVNULL) for _ in range(2)]
        while len(list(Path(folder).glob("twin.life.*"))) < 2:
            pass
        alive = {(it.name, it.pid) for it in living_kids(folder)}
        told = len((Path(folder) / "twin.second").read_text().splitlines())
        for twin in twins:
            twin.kill()
            twin.wait()
        assert alive == {("twin", twin.pid) for twin in twins}, alive
        assert not any(start_ticks(twin.pid) for twin in twins)
        return told


DAMAGES = [
    ("nothing", lambda data: data, (0, 0, 0)),
    ("one missing", lambda data: data[:RECORD] + data[2 * RECORD:], (RECORD, 0, 0)),
    ("the end missing", lambda data: data[:-4 * RECORD], (4 * RECORD, 0, 0)),
    ("all missing", lambda data: b"", (20 * RECORD, 0, 0)),
    ("one twice", lambda data: data[:RECORD] + data, (0, RECORD, 0)),
    ("all twice", lambda data: data + data, (0, 20 * RECORD, 0)),
    ("bytes between", lambda data: data[:RECORD] + b"boo" + data[RECORD:], (0, 0, 3)),
    ("half a record", lambda data: data[:RECORD] + data[RECORD + 16:], (RECORD, 0, 16)),
    ("a wrong digit", lambda data: data.replace(b"0000000005", b"0000000006", 1),
     (RECORD, 0, RECORD)),
]


# ---- what may be missing, and what may not ------------------------------------------------------

def dropped(desk, told=2 * RECORD):
    """Two records are missing, and something is said of it."""
    data = desk.life()
    desk.add(data[:RECORD] + data[3 * RECORD:])
    desk.tell_dropped(0, told)


def dropped_where_it_may(desk):
    desk.ledger.allow_drops()
    dropped(desk)


def dropped_more_than_told(desk):
    desk.ledger.allow_drops()
    dropped(desk, RECORD)


def dropped_before(desk):
    """What was told of an earlier loss does not make up for a later one."""
    dropped(desk)
    desk.ledger.allow_drops()
    desk.add(desk.life()[RECORD:])


def dropped_after(desk):
    """What was told in one round does not make up for a loss in the next."""
    desk.ledger.allow_drops()
    desk.tell_dropped(0, 100 * RECORD)
    desk.add(desk.life())
    desk.damage()
    desk.ledger.balance()
    desk.add(desk.life()[RECORD:])


def removed(desk):
    """A rotated file goes before it was read."""
    data = desk.life()
    desk.add(data[:4 * RECORD])
    desk.rotate(0)
    desk.add(data[4 * RECORD:])
    desk.tell_dropped(4 * RECORD, 0)
    desk.segment(0).unlink()


def removed_where_it_may(desk):
    desk.ledger.allow_drops()
    removed(desk)


def taken_away(desk):
    """The file is deleted, and a brain without memory begins a new one at address 0."""
    desk.add(desk.life())
    desk.damage()
    desk.life()
    desk.log.unlink()
    desk.ledger.forgive()
    desk.add(desk.life(3))


def taken_away_and_more(desk):
    taken_away(desk)
    desk.add(desk.life()[RECORD:])


def died_alone(desk):
    """The end of its output was in nothing but the pipe, and is cut in the middle of a record."""
    desk.add(desk.life()[:-3 * RECORD - 5])
    desk.ledger.excuse()
    desk.add(desk.life())


def died_alone_and_more(desk):
    """What is missing before the end was somebody's to save."""
    data = desk.life()
    desk.add(data[:RECORD] + data[2 * RECORD:-3 * RECORD])
    desk.ledger.excuse()


def halved(desk, between=1):
    """A file ends in the middle of a record of one stream; the next begins with the other's."""
    data = desk.life()
    desk.add(data[:2 * RECORD + 9])
    desk.rotate(0)
    desk.add(data[3 * RECORD:(3 + between) * RECORD])
    desk.add(data[2 * RECORD + 9:3 * RECORD] + data[(3 + between) * RECORD:])


def halved_by_its_own(desk):
    """No stream may be out of order in itself."""
    halved(desk, 2)


EXCUSES = [
    (halved, (0, 0, 0)), (halved_by_its_own, (RECORD, RECORD, 0)),
    (dropped, (2 * RECORD, 0, 0)), (dropped_where_it_may, (0, 0, 0)),
    (dropped_more_than_told, (RECORD, 0, 0)), (dropped_before, (3 * RECORD, 0, 0)),
    (dropped_after, (RECORD, 0, 0)),
    (removed, (4 * RECORD, 0, 0)), (removed_where_it_may, (0, 0, 0)),
    (taken_away, (0, 0, 0)), (taken_away_and_more, (RECORD, 0, 0)),
    (died_alone, (0, 0, 0)), (died_alone_and_more, (RECORD, 0, 0)),
]


def wrong(kid):
    """What the checker does not see, as sentences."""
    stories = [(name, lambda desk, how=damage: desk.add(how(desk.life())), expected)
               for name, damage, expected in DAMAGES]
    stories += [(story.__name__, story, expected) for story, expected in EXCUSES]
    said = []
    for name, story, expected in stories:
        got = found(kid, story)
        if got != expected:
            said.append(f"{name}: lost, doubled and torn are {got}, not {expected}")
    if seconds(kid) != 1:
        said.append("a second copy is not seen")
    return said
