"""What the kids wrote, counted: is any of it lost, doubled or torn?

A kid's record says its stream, its life, its number in them, and a checksum; and beside the
output each life notes how many it has written (see kid.c). So what a file must hold is known
from the writer, not from those who carried the bytes.

Nothing may be missing, unless the fault itself says what cannot be saved: a file that was taken
away, what was in the pipe of who died alone, or what a full disk makes the deputy let go. And of
that only as much as the deputy accounts for: it counts what it dropped from a full pipe, and an
address that is in no file any more was in a rotated one that had to go.
"""
import os
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


def lives_in(kid_dir):
    """name -> [path of a life]"""
    found = {}
    for path in Path(kid_dir).glob("*.life.*"):
        found.setdefault(path.name.rsplit(".life.", 1)[0], []).append(path)
    return found


class Output:
    """One kid's output, in its present file and the rotated ones, read as it grows."""

    def __init__(self, path):
        self.path = Path(path)
        self.file = None
        self.address = 0            # of the byte to be read next; None: that of the first there is
        self.gone = 0               # bytes in files that are no more, and were not read
        self.drops = {}             # address of an index -> bytes dropped, as it says

    def rotated(self):
        """[(address, end, path)] of all that is there, in order."""
        found = []
        for path in self.path.parent.glob(f"{self.path.name}.*"):
            try:
                begin = int(path.suffix[1:])
                found.append((begin, begin + path.stat().st_size, path))
            except FileNotFoundError:   # it had to go
                continue
        return sorted(found)

    def indexes(self):
        return {int(path.suffixes[-2][1:]): path
                for path in self.path.parent.glob(f".{self.path.name}.*.index")}

    def told(self):
        """Bytes the deputy says it has dropped."""
        for address, path in self.indexes().items():
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            self.drops[address] = sum(int.from_bytes(data[at + 18:at + 24], "little")
                                      for at in range(0, len(data) - 31, 32))
        return sum(self.drops.values())

    def open_next(self):
        """The file in which the next byte is, or one after it. False: there is none."""
        rotated = self.rotated()
        next_one = self.address or 0
        waiting = [it for it in rotated if it[1] > next_one]
        begin, _, path = waiting[0] if waiting else (next_one, 0, self.path)
        try:
            self.file = open(path, "rb", buffering=0)
        except FileNotFoundError:
            return False
        if not waiting:     # its index has its address, but may not be there yet
            begin = max([*self.indexes(), *(end for _, end, _ in rotated)], default=begin)
            if self.rotated() != rotated or not self.is_live():     # it was, while we looked
                self.file.close()
                return self.open_next()
        if self.address is None:
            self.address = begin
        if begin > self.address:
            self.gone += begin - self.address
            self.address = begin
        self.file.seek(self.address - begin)
        return True

    def is_live(self):
        try:
            return os.stat(self.path).st_ino == os.fstat(self.file.fileno()).st_ino
        except FileNotFoundError:
            return False

    def read(self):
        """What is there beyond what was read; b"": nothing. A gap in the addresses ends it."""
        if self.file is None and not self.open_next():
            return b""
        live = self.is_live()
        data = self.file.read()
        self.address += len(data)
        if not live:
            self.file.close()
            self.file = None
        return data or (b"" if live else self.read())

    def forget(self):
        """The files were taken away, and with them their names, which were all that told a later
        brain at what address the next one begins."""
        if self.file:
            self.file.close()
        self.file = self.address = None


class Ledger:
    """What one kid has written, and what of it arrived."""

    def __init__(self, path, kid_dir, name):
        self.output, self.kid_dir, self.name = Output(path), Path(kid_dir), name
        self.carry = self.half = b""
        self.next = {}              # (life, stream) -> the number to come
        self.lives = {}             # life -> Life
        self.missed = self.doubled = self.fragments = 0      # bytes
        self.cut = 0                # bytes of them in records that were cut where a fault cut
        self.forgiven = set()       # (life, stream) whose next number may be any
        self.excused = set()        # (life, stream) whose last records nobody could have saved
        self.may_drop = False       # a fault leaves the deputy no choice, until the next balance
        self.told = 0               # bytes the deputy had dropped before that

    def allow_drops(self):
        """Until the next balance."""
        self.may_drop = True
        self.told = self.output.told()

    def accounted(self):
        """Bytes the deputy had to let go, where it may, and says so."""
        return self.output.told() - self.told + self.output.gone if self.may_drop else 0

    @property
    def lost(self):
        """What nobody accounts for. Of a record cut in two the rest is missed with the whole."""
        accounted = self.accounted() if self.missed else 0
        return max(0, self.missed - self.fragments - accounted) if accounted else self.missed

    @property
    def torn(self):
        """Records are only cut where something was dropped."""
        return 0 if self.accounted() else max(0, self.fragments - self.cut)

    def balance(self):
        """All is well until here: no later loss is excused by what was told before."""
        self.missed = self.fragments = self.cut = self.output.gone = 0
        self.may_drop = False

    # ---- reading ------------------------------------------------------------------------------

    def read(self):
        """Take in what there is beyond what was read."""
        while data := self.output.read():
            self.take_in(data)
            if self.output.file:    # it is live: its writer may be quicker than we are
                return

    def take_in(self, data):
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
        """How many bytes to skip until a record begins again; they are fragments. Where a brain is
        killed between two files of a rotation, the next one may begin with the other pipe: then
        the two halves of a record are there, and what is between them is of the other stream."""
        for found in SHAPE.finditer(data, 1):
            if parse(found[0]):
                skipped = data[:found.start()]
                record = parse(self.half + skipped)
                if record:
                    self.fragments -= len(self.half)
                    self.take(*record)
                else:
                    self.fragments += len(skipped)
                self.half = b"" if record else skipped
                return len(skipped)
        skip = max(1, len(data) - RECORD)
        self.fragments += skip
        return skip

    def take(self, life, stream, number):
        key = life, stream
        expected = self.next.get(key, 0)
        if key in self.forgiven:
            self.forgiven.discard(key)
            expected = number
        if number < expected:
            self.doubled += RECORD
            return
        self.missed += (number - expected) * RECORD
        self.next[key] = number + 1

    # ---- what must be there -------------------------------------------------------------------

    def note_lives(self, paths):
        for path in self.kid_dir.glob(f"{self.name}.life.*") if paths is None else paths:
            number = path.suffix[1:]
            if number not in self.lives:
                self.lives[number] = Life(path)

    def demand(self, paths=None):
        """What must be in the file, be it now or as soon as somebody carries it there. Who has
        looked for its lives already says where they are."""
        return {key: count for key, count in self.said(paths).items() if key not in self.excused}

    def said(self, paths=None):
        """(life, stream) -> records it has written"""
        self.note_lives(paths)
        return {(number, stream): count for number, life in self.lives.items()
                for stream, count in life.read().items()}

    def missing(self, demand):
        """Records of a demand that are not in the file."""
        self.read()
        return sum(max(0, count - self.next.get(key, 0)) for key, count in demand.items()
                   if key not in self.forgiven)

    def settle(self, demand):
        """Nobody will carry the rest of this demand: it is lost."""
        for key, count in demand.items():
            if key not in self.forgiven and count > self.next.get(key, 0):
                self.missed += (count - self.next.get(key, 0)) * RECORD
                self.next[key] = count

    def forgive(self):
        """The file was taken away: what it held and what was on its way is not ours to answer
        for, once. The next one may begin in the middle of a record."""
        self.output.forget()
        self.carry = b""
        self.cut += RECORD
        self.forgiven = set(self.said())

    def excuse(self):
        """The lives so far are over and died alone: with the last who held a pipe the kernel
        drops what is in it. That is the end of what was written there, and nothing before it; and
        where it begins a record may be cut."""
        dead = set(self.said())
        self.excused.update(dead)
        self.cut += len(dead) * RECORD

    def forget_ended(self, living):
        """Lives that are over, and whose records are accounted for, need not be asked again."""
        for number, life in list(self.lives.items()):
            if life.pid and life.pid not in living:
                del self.lives[number]
                life.path.unlink()
