"""What the kids wrote, counted: is any of it lost, doubled or torn?

A kid's record says its stream, its life, its number in them, and a checksum; and beside the
output each life notes how many it has written (see kid.c). So what a file must hold is known
from the writer, not from those who carried the bytes.
"""
import re
import struct
import zlib
from pathlib import Path

RECORD = 32
CHECKED = 24
LIFE = struct.Struct("=QQQ")
SHAPE = re.compile(rb"(out|err) ([0-9a-f]{8}) ([0-9]{10}) ([0-9a-f]{7})\n")


def parse(record):
    """(life, stream, number) of 32 bytes; None when they are no record."""
    found = SHAPE.fullmatch(record)
    if not found or int(found[4], 16) != zlib.crc32(record[:CHECKED]) >> 4:
        return None
    return found[2].decode(), found[1].decode(), int(found[3])


class Life:
    """What one life of a kid says it has written; the file is its own."""

    def __init__(self, path):
        self.path, self.pid = path, 0
        self.written = {"out": 0, "err": 0}

    def read(self):
        """At least so much: what is being written just now is not counted yet."""
        data = self.path.read_bytes()
        if len(data) == LIFE.size:
            self.written["out"], self.written["err"], self.pid = LIFE.unpack(data)
        return self.written


class Ledger:
    """One kid's output file, read as it grows."""

    def __init__(self, path, kid_dir, name):
        self.path, self.kid_dir, self.name = Path(path), Path(kid_dir), name
        self.offset, self.carry = 0, b""
        self.next = {}              # (life, stream) -> the number to come
        self.lives = {}             # life -> Life
        self.lost = self.doubled = self.torn = 0      # bytes
        self.forgiven = set()       # (life, stream) whose next number may be any
        self.excused = set()        # (life, stream) nobody could have saved

    # ---- reading ------------------------------------------------------------------------------

    def read(self):
        """Take in what the file holds beyond what was read."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return
        self.offset += len(data)
        data = self.carry + data
        at = 0
        while at + RECORD <= len(data):
            record = parse(data[at:at + RECORD])
            if record:
                self.take(*record)
                at += RECORD
            else:
                at += self.resume(data[at:])
        self.carry = data[at:]

    def resume(self, data):
        """How many bytes to skip until a record begins again; they are torn."""
        for found in SHAPE.finditer(data, 1):
            if parse(found[0]):
                self.torn += found.start()
                return found.start()
        skip = max(1, len(data) - RECORD)
        self.torn += skip
        return skip

    def take(self, life, stream, number):
        key = life, stream
        if key in self.excused:
            return
        expected = self.next.get(key, 0)
        if key in self.forgiven:
            self.forgiven.discard(key)
            expected = number
        if number < expected:
            self.doubled += RECORD
            return
        self.lost += (number - expected) * RECORD
        self.next[key] = number + 1

    # ---- what must be there -------------------------------------------------------------------

    def note_lives(self):
        for path in self.kid_dir.glob(f"{self.name}.life.*"):
            number = path.suffix[1:]
            if number not in self.lives:
                self.lives[number] = Life(path)

    def demand(self):
        """What must be in the file, be it now or as soon as somebody carries it there."""
        self.note_lives()
        return {(number, stream): count for number, life in self.lives.items()
                for stream, count in life.read().items() if (number, stream) not in self.excused}

    def missing(self, demand):
        """Records of a demand that are not in the file."""
        self.read()
        return sum(max(0, count - self.next.get(key, 0)) for key, count in demand.items()
                   if key not in self.forgiven)

    def settle(self, demand):
        """Nobody will carry the rest of this demand: it is lost."""
        for key, count in demand.items():
            if key not in self.forgiven and count > self.next.get(key, 0):
                self.lost += (count - self.next.get(key, 0)) * RECORD
                self.next[key] = count

    def forgive(self):
        """The file was taken away: what it held and what was on its way is not ours to answer
        for, once."""
        self.offset, self.carry = 0, b""
        self.forgiven = set(self.demand())

    def excuse(self):
        """The lives so far are over and died alone: with the last who held a pipe the kernel
        drops what is in it."""
        self.excused.update(self.demand())

    def forget_ended(self, living):
        """Lives that are over, and whose records are accounted for, need not be asked again."""
        for number, life in list(self.lives.items()):
            if life.pid and life.pid not in living:
                del self.lives[number]
                life.path.unlink()
