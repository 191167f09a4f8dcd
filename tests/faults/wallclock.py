"""The wall clock of a fleet's daemons, and of nobody else."""
import mmap
import struct

from fleet import BIN

PRELOAD = BIN / "pmclock.so"    # see pmclock.c


class WallClock:
    def __init__(self, path):
        path.write_bytes(struct.pack("=q", 0))
        self.around = ["env", f"LD_PRELOAD={PRELOAD}", f"PMCLOCK={path}"]
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)

    def leap(self, seconds):
        """It says so many seconds more than everybody's."""
        self.page[:] = struct.pack("=q", int(seconds * 1000))
