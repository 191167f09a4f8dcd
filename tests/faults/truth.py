"""What the kernel says, not we: which kids live, and what our daemons hold."""
import os
import re
from collections import namedtuple

from fleet import pids, read_proc

Living = namedtuple("Living", "name pid start shadow run")


def start_ticks(pid):
    """With the pid it is a process's identity; 0 when it is gone or a zombie."""
    stat = read_proc(pid, "stat")
    if not stat:
        return 0
    fields = stat.rsplit(b") ", 1)[1].split()
    return 0 if fields[0] in b"ZX" else int(fields[19])


def environment(pid):
    return dict(pair.split(b"=", 1) for pair in read_proc(pid, "environ").split(b"\0")
                if b"=" in pair)


def living_kids(fleet_dir):
    """Every living kid of a fleet: begun by a deputy of it, whoever its parent is now."""
    mark = b"PROCMAN_E2E=" + os.fsencode(fleet_dir) + b"\0"
    found = []
    for pid in pids():
        words = read_proc(pid, "cmdline").split(b"\0")
        if len(words) < 3 or os.path.basename(words[0]) != b"kid":
            continue
        environ = read_proc(pid, "environ")
        run = re.search(rb"(?:^|\0)PROCMAN_RUN=([^\0]*)", environ)
        start = start_ticks(pid)
        if mark in environ and run and start:
            found.append(Living(words[2].decode(), pid, start, b"--shadow" in words,
                                run[1].decode()))
    return found


def open_files(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def cpu_seconds(pid):
    stat = read_proc(pid, "stat")
    if not stat:
        return 0.0
    fields = stat.rsplit(b") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_bytes(pid):
    """Its heap and stacks. Not its share of programs and libraries: that grows by megabytes when
    other daemons which use them end, and nobody can leak it."""
    found = re.search(rb"^Pss_Anon: +(\d+) kB", read_proc(pid, "smaps_rollup"), re.M)
    return int(found[1]) * 1024 if found else 0
