"""logs: what of the output is shown, how it looks, and that following misses nothing."""
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from fleet import BIN, alive, wait_until

COUNT = ("sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); echo line $i; "
         "[ $((i % 50)) -eq 0 ] && sleep 0.005; done; exec sleep 1000'")
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"


def numbers(text):
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith("line ")]


def written(fleet, name, text, deputy="alpha"):
    """Until the process's file is exactly this."""
    path = fleet.output_file(name, deputy=deputy)
    wait_until(lambda: path.exists() and path.read_text() == text, f"{name} has written")


def a_moment():
    """A moment of its own: a wall clock millisecond in which nothing is written."""
    before = time.time_ns() // 1000000
    wait_until(lambda: time.time_ns() // 1000000 > before + 1, "time passes")
    moment = time.time_ns() // 1000000
    wait_until(lambda: time.time_ns() // 1000000 > moment + 1, "time passes")
    return f"@{moment // 1000}.{moment % 1000:03d}"


def bursts(fleet):
    """A process that wrote `one`, and two later; the moment in between."""
    go = fleet.dir / "go"
    fleet.apply({"name": "job", "command": f"sh -c 'echo one; while [ ! -e {go} ]; do sleep 0.02; "
                 "done; echo two; exec sleep 1000'"})
    fleet.pid("job")
    written(fleet, "job", "one\n")
    moment = a_moment()
    go.touch()
    written(fleet, "job", "one\ntwo\n")
    return moment


# ---- what is chosen ----

def test_since_and_until_part_the_output_at_a_moment(alone):
    moment = bursts(alone)
    assert alone.ok("logs", "job", "--since", moment).lines == ["two"]
    assert alone.ok("logs", "job", "--until", moment).lines == ["one"]
    assert alone.ok("logs", "job", "--since", "1h").lines == ["one", "two"]
    assert alone.ok("logs", "job", "--since", "all").lines == ["one", "two"]
    assert alone.ok("logs", "job", "--since", "1h", "-n", "1").lines == ["two"]
    assert alone.ok("logs", "job", "--until", moment, "-n", "1").lines == ["one"]
    assert alone.ok("logs", "job", "--since", "2999-01-01").out == ""
    assert alone.ok("logs", "job", "--until", "2001-01-01 00:00").out == ""


def test_only_standard_error(alone):
    alone.apply({"name": "both", "command": "sh -c 'printf half; sleep 0.1; echo oops >&2; "
                 "sleep 0.1; echo done; sleep 0.1; echo again >&2'"})
    written(alone, "both", "halfoops\ndone\nagain\n")
    assert alone.ok("logs", "both").out == "halfoops\ndone\nagain\n"
    assert alone.ok("logs", "both", "--stderr").out == "oops\nagain\n"
    assert alone.ok("logs", "both", "--stderr", "-n", "1").out == "again\n"
    rows = [json.loads(line) for line in alone.ok("logs", "both", "--json").lines]
    assert [(row["stream"], row["line"], row["offset"]) for row in rows] == [
        ("err", "oops", 4), ("out", "halfdone", 0), ("err", "again", 14)]


def test_the_last_lines_of_standard_error_are_found_far_back(alone):
    alone.apply({"name": "far", "command": "sh -c 'echo early >&2; seq 1 200000; echo late >&2'"})
    alone.wait_state("far", "exited")
    wait_until(lambda: alone.ok("logs", "far", "--stderr").lines == ["early", "late"], "both")
    assert alone.ok("logs", "far", "--stderr", "-n", "1").lines == ["late"]
    assert alone.ok("logs", "far", "--stderr", "-n", "2").lines == ["early", "late"]


def test_the_life_before(alone):
    alone.apply({"name": "job", "command": "sh -c 'echo life $(cat n); exec sleep 1000'",
                 "working_dir": str(alone.dir)})
    refused = alone.ctl("logs", "job", "--previous")
    assert refused.status == 1 and "no life before" in refused.err, refused
    for life in ("one", "two", "three"):
        alone.file("n", life)
        alone.ok("restart", "job")
        wait_until(lambda life=life: f"life {life}" in alone.ok("logs", "job").out, life)
    assert alone.ok("logs", "job", "--previous").lines == ["life two"]


def test_matching_lines(alone):
    alone.apply({"name": "talk", "exec": ["printf", "\\033[31mERROR\\033[0m one\\nwarn two\\n"
                                          "error three\\na\\0b\\nlast"]})
    alone.wait_state("talk", "exited")
    wait_until(lambda: "last" in alone.ok("logs", "talk").out, "it has written")

    def grep(expression, *args):
        return alone.ok("logs", "talk", "--grep", expression, *args).lines
    assert grep("^(error|warn)") == ["warn two", "error three"]
    assert grep("^ERROR") == ["\033[31mERROR\033[0m one"], "as it is seen, shown as it is"
    assert grep("^last$") == ["last"]
    assert grep("one|two", "-n", "1") == ["warn two"]
    assert grep("nothing") == []
    refused = alone.ctl("logs", "talk", "--grep", "a(b")
    assert refused.status == 2 and "a(b" in refused.err, refused


@pytest.mark.parametrize("args", [
    ("-f", "--until", "1m"), ("-f", "--previous"), ("-f", "--save", "d"),
    ("--save", "d", "--grep", "x"), ("--save", "d", "--timestamps"), ("--json", "--timestamps"),
    ("--since", "yesterday"), ("--until", "25:00"), ("--since", "2026-02-30"), ("-n", "-1"),
])
def test_what_makes_no_sense_is_said(alone, args):
    alone.apply({"name": "job", "command": "true"})
    result = alone.ctl("logs", "job", *args)
    assert result.status == 2 and result.err and not result.out, result


# ---- how it looks ----

def test_times_in_front_of_lines(alone):
    moment = bursts(alone)
    lines = alone.ok("logs", "job", "--timestamps").lines
    assert [re.sub(TIME, "T", line) for line in lines] == ["T one", "T two"]
    assert lines[0][:23] < lines[1][:23]
    assert alone.ok("logs", "job", "--timestamps", "--since", moment).lines == lines[1:]
    second = alone.ok("logs", "job", "--since", lines[1][:23]).lines
    assert second == ["two"], "what it writes it reads"


def test_json_lines(alone):
    alone.apply({"name": "job", "group": "g", "command": "printf 'a\\303\\251\\n\\377b\\n'"})
    alone.wait_state("job", "exited")
    wait_until(lambda: len(alone.ok("logs", "job", "--json").lines) == 2, "both lines")
    rows = [json.loads(line) for line in alone.ok("logs", "job", "--json").lines]
    assert list(rows[0]) == ["name", "group", "host", "time", "stream", "run", "offset", "line",
                             "more"]
    assert [row["line"] for row in rows] == ["aé", "\ufffdb"]
    assert [row["offset"] for row in rows] == [0, 4]
    assert rows[0]["run"] == 1 and rows[0]["stream"] == "out"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", rows[0]["time"])


def test_several_are_merged_by_time(three):
    steps = "for i in 1 3 5 7; do while [ ! -e {dir}/%s$i ]; do sleep 0.01; done; echo $i; done"
    three.apply(
        {"name": "even", "host": "beta", "command": steps.replace("1 3 5 7", "2 4 6 8")
            .format(dir=three.dir) % "go"},
        {"name": "odd", "host": "gamma", "command": steps.format(dir=three.dir) % "go"})
    for i in range(1, 9):
        (three.dir / f"go{i}").touch()
        path = three.output_file("odd" if i % 2 else "even", deputy="gamma" if i % 2 else "beta")
        wait_until(lambda path=path, i=i: path.exists() and f"{i}\n" in path.read_text(), str(i))
        a_moment()
    lines = three.ok("logs", "odd", "even").lines
    assert lines == [f"odd@gamma | {i}" if i % 2 else f"even@beta | {i}" for i in range(1, 9)]


def test_prefixes_are_as_long_as_they_must_be(alone):
    alone.apply({"name": "cam", "group": "left", "command": "echo l"},
                {"name": "cam", "group": "right", "command": "echo r"},
                {"name": "lidar", "group": "left", "command": "echo x"})
    for name in ("left/cam", "right/cam", "left/lidar"):
        wait_until(lambda name=name: alone.ok("logs", name).out, f"{name} wrote")
    assert sorted(alone.ok("logs", "cam").lines) == ["left/cam  | l", "right/cam | r"]
    assert sorted(alone.ok("logs", "left/").lines) == ["cam   | l", "lidar | x"]
    assert alone.ok("logs", "left/cam").lines == ["l"]


def on_a_terminal(fleet, *args, env=None):
    """What procmanctl writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([BIN / "procmanctl", *args], stdout=theirs, stderr=theirs,
                               stdin=subprocess.DEVNULL,
                               env={**fleet.env, "TERM": "xterm", **(env or {})})
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:     # the other end is closed
            break
        seen += piece
    os.close(ours)
    assert process.wait() == 0
    return seen.replace(b"\r\n", b"\n")


def test_a_terminal_is_not_commanded(alone):
    alone.apply({"name": "evil", "exec": ["printf", "\\033[2J\\033]0;title\\007\\033[31mred\\n"
                                          "next\\233\\033[6n\\377\\n"]},
                {"name": "good", "command": "echo well"})
    for name in ("evil", "good"):
        alone.wait_state(name, "exited")
        wait_until(lambda name=name: alone.ok("logs", name).out, f"{name} wrote")
    assert on_a_terminal(alone, "logs", "evil") == b"\033[31mred\033[0m\nnext\n"
    assert on_a_terminal(alone, "logs", "evil", env={"NO_COLOR": "1"}) == b"red\nnext\n"
    both = on_a_terminal(alone, "logs", "evil", "good")
    assert b"\033[36mevil | \033[0m\033[31mred\033[0m\n" in both
    assert b"good | \033[0mwell\n" in both
    plain = on_a_terminal(alone, "logs", "evil", "good", env={"NO_COLOR": "1"})
    assert b"\033" not in plain and b"evil | red\n" in plain


def test_a_line_without_end_comes_through(alone):
    size = 3000000
    alone.apply({"name": "long", "command": f"sh -c 'head -c {size} /dev/zero | tr \"\\0\" x; "
                 "echo; echo end'"})
    alone.wait_state("long", "exited")
    wait_until(lambda: alone.output_file("long").stat().st_size == size + 5, "it is written")
    assert alone.ok("logs", "long", "-n", "all").out == "x" * size + "\nend\n"
    stamped = alone.ok("logs", "long", "-n", "all", "--timestamps").lines
    assert [len(line) for line in stamped] == [24 + size, 24 + 3]
    rows = [json.loads(line) for line in alone.ok("logs", "long", "-n", "all", "--json").lines]
    assert sum(len(row["line"]) for row in rows) == size + 3
    assert [row["more"] for row in rows] == [True] * (len(rows) - 2) + [False, False]


# ---- into files ----

def test_save_is_byte_exact_and_overwrites_nothing(alone):
    raw = alone.dir / "raw"
    raw.write_bytes(bytes(range(256)) * 2048)
    alone.apply({"name": ".odd %", "group": "a/b.log", "exec": ["cat", str(raw)]},
                {"name": "plain", "command": "echo hello"})
    for name in ("a/b.log/.odd %", "plain"):
        alone.wait_state(name.rsplit("/", 1)[-1], "exited")
    saved = alone.dir / "saved"
    odd = saved / "a" / "b%2Elog" / "%2Eodd %25.log"
    result = alone.ok("logs", "all", "--save", saved)
    assert odd.read_bytes() == raw.read_bytes()
    assert (saved / "plain.log").read_text() == "hello\n"
    assert result.lines == [f"{saved}/plain.log: 6 bytes", f"{odd}: 524,288 bytes"]
    refused = alone.ctl("logs", "plain", "--save", saved)
    assert refused.status == 1 and "exists" in refused.err, refused
    assert sorted(path.name for path in saved.rglob("*") if path.is_file()) == [
        "%2Eodd %25.log", "plain.log"]


def test_save_tells_hosts_apart_and_goes_on_after_a_lost_one(three):
    three.apply({"name": "cam", "host": "alpha", "command": "echo here"},
                {"name": "cam", "host": "beta", "command": "echo here"})
    for host in ("alpha", "beta"):
        three.wait_state("cam", "exited", host=host)
    three.beta.kill()
    three.wait_link("beta", "lost")
    result = three.ctl("logs", "cam", "--save", "saved", "--json")
    assert result.status == 1 and "beta" in result.err and "not connected" in result.err, result
    assert [(row["file"], row["bytes"]) for row in result.json["files"]] == [
        ("saved/cam@alpha.log", 5)]
    assert [path.name for path in (three.dir / "saved").iterdir()] == ["cam@alpha.log"]


# ---- and on ----

ROTATED = {"name": "count", "command": COUNT, "output": {"max_size": "64k", "keep": 1000}}


def test_following_has_no_gap_over_rotation_and_all_deaths(alone):
    alone.apply(ROTATED)
    pid = alone.pid("count")
    follow = alone.follow("logs", "-f", "-n", "all", "count")

    def goes_on():
        seen = len(numbers(follow.log))
        wait_until(lambda: len(numbers(follow.log)) > seen + 5000, "it counts on")
    goes_on()
    for _ in range(2):
        brain = alone.brain(alone.alpha)
        os.kill(brain, signal.SIGKILL)
        wait_until(lambda brain=brain: not alive(brain), "the brain is dead")
        goes_on()
        alone.sheriffd.kill()
        alone.sheriffd = alone.sheriff()
        alone.wait_link("alpha", "up")
        goes_on()
    assert alone.pid("count") == pid
    assert len(list(alone.log_dir("alpha").iterdir())) > 3, "it was rotated"
    shown = numbers(follow.log)
    assert shown[:-1] == list(range(1, len(shown)))


def test_following_several_loses_no_line_of_any(alone):
    alone.apply({**ROTATED, "name": "one"}, {**ROTATED, "name": "two"})
    follow = alone.follow("logs", "-f", "-n", "all", "one", "two")

    def count(name):
        lines = [line.split(" | ", 1) for line in follow.log.splitlines()[:-1]]
        return [int(line.split()[1]) for who, line in lines if who == name]
    for _ in range(2):
        seen = len(count("one")), len(count("two"))
        wait_until(lambda seen=seen: len(count("one")) > seen[0] + 5000
                   and len(count("two")) > seen[1] + 5000, "both count")
        brain = alone.brain(alone.alpha)
        os.kill(brain, signal.SIGKILL)
        wait_until(lambda brain=brain: not alive(brain), "the brain is dead")
    for name in ("one", "two"):
        shown = count(name)
        assert shown == list(range(1, len(shown) + 1))


def test_what_is_no_longer_kept_is_said(alone):
    alone.apply({"name": "much", "command": "seq 1 200000",
                 "output": {"max_size": "64k", "keep": 1}})
    alone.wait_state("much", "exited")
    wait_until(lambda: alone.ok("logs", "much", "-n", "1").lines == ["200000"], "all is written")
    result = alone.ok("logs", "much", "-n", "all")
    gone = re.fullmatch(r"-- ([\d,]+) bytes no longer kept --\n", result.err)
    assert gone, result.err
    assert int(gone[1].replace(",", "")) + len(result.out) == 1288895
    assert alone.ok("logs", "much", "-n", "5").err == "", "nobody asked for it"
    assert "no longer kept" in alone.ok("logs", "much", "--since", "1d").err


@pytest.fixture
def small_disk(fleet):
    """A deputy whose output has 2 MiB; the path of its log directory."""
    path = fleet.log_dir("alpha")
    path.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", path],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("may not mount a file system here")
    fleet.sheriffd = fleet.sheriff()
    fleet.alpha = fleet.deputy("alpha")
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def test_what_a_full_disk_cost_is_said(fleet, small_disk):
    go, done, freed = fleet.dir / "go", fleet.dir / "done", fleet.dir / "freed"
    fleet.apply({"name": "much", "command": f"sh -c 'echo begin; "
                 f"while [ ! -e {go} ]; do sleep 0.02; done; seq 1 200000; touch {done}; "
                 f"while [ ! -e {freed} ]; do sleep 0.02; done; echo end; exec sleep 1000'"})
    fleet.pid("much")
    follow = fleet.follow("logs", "-f", "much")
    wait_until(lambda: "begin\n" in follow.log, "it follows")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1900000)     # more than a pipe may hold meanwhile
    go.touch()
    wait_until(done.exists, "the disk is full and the process went on")
    ballast.unlink()
    freed.touch()
    wait_until(lambda: follow.log.endswith("end\n"), "it goes on")
    assert re.search(r"-- [\d,]+ bytes dropped: disk full --\n", follow.log), "it was told"
    result = fleet.ok("logs", "much", "-n", "all")
    told = [int(n.replace(",", "")) for n in re.findall(r"-- ([\d,]+) bytes dropped", result.err)]
    assert sum(told) + len(result.out) == len("begin\nend\n") + 1288895


def test_a_followed_pattern_has_new_processes(alone):
    alone.apply({"name": "cam1", "command": "sh -c 'echo one; exec sleep 1000'"})
    follow = alone.follow("logs", "-f", "cam*")
    wait_until(lambda: follow.log == "one\n", "the first, alone")
    alone.apply({"name": "cam2", "command": "sh -c 'echo two; exec sleep 1000'"},
                {"name": "other", "command": "sh -c 'echo three; exec sleep 1000'"})
    wait_until(lambda: "cam2 | two\n" in follow.log, "the second, by name")
    alone.ok("restart", "cam1")
    wait_until(lambda: "cam1 | one\n" in follow.log, "the first goes on")
    assert "three" not in follow.log
    alone.ok("remove", "cam1", "cam2")
    wait_until(lambda: follow.log.count("was removed") == 2, "they are gone")
    assert follow.running, "others may come"
    follow.signal(signal.SIGINT)
    assert follow.end() == 130


def test_following_by_name_ends_with_the_process(alone):
    alone.apply({"name": "job", "command": "sh -c 'echo up; exec sleep 1000'"})
    follow = alone.follow("logs", "-f", "job")
    wait_until(lambda: follow.log == "up\n", "it follows")
    alone.ok("remove", "job")
    assert follow.end() == 0
    assert "job@alpha was removed" in follow.log


def test_following_ends_when_nobody_reads(alone):
    alone.apply({"name": "mute", "command": "sh -c 'echo up; exec sleep 1000'"})
    alone.pid("mute")
    process = subprocess.Popen([BIN / "procmanctl", "logs", "-f", "mute"], env=alone.env,
                               stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"up\n"
    process.stdout.close()
    assert process.wait(20) == 0


def test_a_lost_deputy_is_named(alone):
    alone.apply({"name": "job", "command": "sh -c 'echo up; exec sleep 1000'"})
    pid = alone.pid("job")
    alone.alpha.kill()
    alone.wait_link("alpha", "lost")
    result = alone.ctl("logs", "job", "--since", "1h")
    assert result.status == 1 and "deputy alpha" in result.err, result
    assert "not connected" in result.err
    follow = alone.follow("logs", "-f", "job")
    wait_until(lambda: "not connected" in follow.log, "it says so")
    alone.alpha = alone.deputy("alpha")
    wait_until(lambda: "up\n" in follow.log, "and goes on when it is back")
    assert alone.pid("job") == pid


def test_events_since_a_moment(alone):
    moment = bursts(alone)
    assert alone.ok("events", "job", "--since", "1h").lines
    texts = alone.ok("events", "job", "--since", moment).out
    assert "running" not in texts
    assert alone.ctl("events", "--since", "soon").status == 2
