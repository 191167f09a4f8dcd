"""Import: other process managers' files become ours, and what is lost is listed.

Each case is a directory import/KIND/CASE.in; its files are given on the command line in their
order, those in directories below it are included by them. CASE.yaml and CASE.left beside it are
what comes of it, with the directory called /SOURCE; PROCMAN_GOLDEN=write writes them anew."""
import json
import os
import re
import time
from pathlib import Path

import pytest

from fleet import wait_until

ROOM = Path(__file__).parent / "import"
CASES = sorted(ROOM.glob("*/*.in"))
KINDS = sorted({case.parent.name for case in CASES})
REFUSED = re.compile(r"key '(\w+)(?:\.\w+)?'.* is not supported by this version$")

each_case = pytest.mark.parametrize("case", CASES,
                                    ids=lambda case: f"{case.parent.name}-{case.stem}")


def imported(fleet, case, *options):
    files = sorted(path.name for path in case.iterdir() if path.is_file())
    done = fleet.ctl("import", *options, *files, cwd=case)
    done.out, done.err = (text.replace(str(case), "/SOURCE") for text in (done.out, done.err))
    return done


def without(text, keys):
    """A configuration less the keys this version refuses."""
    for key in keys:
        if key == "restart":
            text = re.sub(r", max_memory: \w+|max_memory: \w+, ", "", text)
        elif key == "scripts":
            text = re.sub(r"^scripts:\n(?: .*\n)*", "", text, flags=re.M)
        else:
            text = re.sub(rf"^    {key}: .*\n", "", text, flags=re.M)
    return text


def compare(path, text, keys=()):
    if os.environ.get("PROCMAN_GOLDEN") == "write":
        path.write_text(text)
    assert text == without(path.read_text(), keys), path


@each_case
def test_a_file_of_each_kind(fleet, case):
    done = imported(fleet, case)
    assert done.status == 0, done
    lines = done.err.splitlines(keepends=True)
    said = [line for line in lines[:-1] if not REFUSED.search(line)]
    assert not lines or lines[-1].startswith(f"{len(lines) - 1} setting"), done.err
    compare(case.with_suffix(".yaml"), done.out,
            {REFUSED.search(line)[1] for line in lines if REFUSED.search(line)})
    compare(case.with_suffix(".left"), "".join(said))
    fleet.ok("check", fleet.file("imported.yaml", done.out))


@each_case
def test_json_loads_as_well(fleet, case):
    done = imported(fleet, case, "--json")
    names = [process["name"] for process in json.loads(done.out)["processes"]]
    assert names == re.findall(r'^  - name: "?(.*?)"?$', imported(fleet, case).out, re.M)
    fleet.ok("check", fleet.file("imported.json", done.out))


def test_every_kind_has_a_case(fleet):
    text = fleet.ok("help", "import").out
    assert len(KINDS) == 7 and all(kind in text for kind in KINDS)


@each_case
def test_the_kind_is_seen_or_said(fleet, case):
    assert imported(fleet, case, "--from", case.parent.name).out == imported(fleet, case).out


def test_a_kind_that_is_none(fleet):
    done = fleet.ctl("import", "--from", "upstart", fleet.file("x", "a: b\n"))
    assert done.status == 2 and "systemd" in done.err and "supervisord" in done.err


# ---- what it writes ----

def test_it_writes_a_file(fleet):
    source = fleet.file("Procfile", "web: serve\n")
    for name in ("fleet.yaml", "fleet.json"):
        done = fleet.ok("import", "-o", fleet.dir / name, source)
        assert done.out == "" and done.err == ""
        fleet.ok("check", fleet.dir / name)
    assert json.loads((fleet.dir / "fleet.json").read_text())["processes"][0]["name"] == "web"


def test_strict_writes_nothing_when_something_is_left(fleet):
    source = fleet.file("s.conf", "[program:a]\ncommand=a\npriority=1\n")
    done = fleet.ctl("import", "--strict", "-o", fleet.dir / "out.yaml", source)
    assert done.status == 1 and "priority" in done.err
    assert not (fleet.dir / "out.yaml").exists()
    assert fleet.ctl("import", "--strict", source).out == ""
    fleet.ok("import", "--strict", fleet.file("t.conf", "[program:a]\ncommand=a\n"))


def test_several_kinds_at_once(fleet):
    done = fleet.ok("import", fleet.file("Procfile", "web: serve\n"),
                    fleet.file("a.service", "[Service]\nExecStart=/bin/true\n"))
    assert "name: web" in done.out and "name: a" in done.out


def test_what_is_imported_runs(alone):
    """Variables of the process itself are filled in, one that is not there is empty."""
    exec_string = "GREETING=hi sh -c 'echo $GREETING ${PROCMAN_TEST_NONE}x; exec sleep 1000'"
    source = alone.file("robot.pmd", """group "tools" { cmd "say" {
        host = "alpha"; exec = "%s"; } }""" % exec_string)
    alone.ok("import", "-o", alone.dir / "fleet.yaml", source)
    alone.ok("apply", alone.dir / "fleet.yaml")
    assert alone.proc("say")["state"] == "stopped"
    alone.ok("start", "say")
    wait_until(lambda: "hi x" in alone.output_file("say", "tools").read_text(), "its output")


# ---- bad files: one sentence with its place, soon, and without output ----

BROKEN = [
    ("robot.pmd", 'cmd "a" {\n  exec = "x"\n', r"robot.pmd:3: error: the file ends where ';' is"),
    ("robot.pmd", 'cmd "a" { exec = "x; }\n', r"robot.pmd:1: error: expected a value, not a text"),
    ("robot.pmd", 'cmd "a" { exe = "x"; }', r"robot.pmd:1: error: a command has no 'exe'"),
    ("robot.pmd", 'cmd "a" { exec = 5; }', r"robot.pmd:1: error: expected a text in double"),
    ("robot.pmd", 'cmd "a" { stop_signal = "2"; }', r"robot.pmd:1: error: expected a whole number"),
    ("robot.pmd", '# x\ngroup "" { }', r"robot.pmd:2: error: expected the group's name"),
    ("robot.pmd", "group \"a\" {" * 100, r"robot.pmd:1: error: groups are nested deeper than 32"),
    ("robot.pmd", 'script "a" { start cmd "b" wait "ready"; }', r'expected "running" or "stopped"'),
    ("robot.pmd", 'script "a" { }\nscript "a" { }', r'robot.pmd:2: error: script "a" is there twice'),
    ("s.conf", "[program:a]\ncommand=a\nnonsense\n", r"s.conf:3: error: this is neither"),
    ("s.conf", "[program:a\ncommand=a\n", r"s.conf:1: error: the bracket of this section"),
    ("s.conf", "a=b\n[program:a]\n", r"s.conf:1: error: there is no \[section\] before"),
    ("s.conf", "[program:a]\ncommand=a\0b\n", r"s.conf:2: error: this is not text: .* 0x00"),
    ("s.conf", "[program:a]\ncommand=\x01HOME\x02\n", r"s.conf:2: error: this is not text: .* 0x01"),
    ("circus.ini", "[circus]\ninclude = circus.ini\n", r"8 files deep: do they include one another"),
    ("Procfile", "web: serve\nwhat is this\n", r"Procfile:2: error: this is not NAME: COMMAND"),
    ("ecosystem.config.js", "module.exports = {}", r"node -p 'JSON.stringify\(require\(\"./eco"),
    ("pm2.json", '{"apps": [{"name": "a"}]}', r"pm2.json:1: error: this app has no script"),
    ("pm2.json", '{"apps": [\n// no, "\n/* "one", */ }', r"pm2.json:3: error: this is not JSON: "),
    ("pm2.json", '{"apps": [1]}', r"pm2.json:1: error: an app is a map with a script"),
    ("compose.yaml", "processes:\n  a: [1, 2\n", r"compose.yaml:3: error: this is not YAML"),
    ("compose.yaml", "processes:\n  a: 5\n", r"compose.yaml:2: error: process a is a plain value"),
    ("compose.yaml", "processes: &p\n  a: *p\n", r"compose.yaml:1: error: anchors"),
    ("fleet.yaml", "processes:\n  - {name: a}\n", r"fleet.yaml: error: this is a file of ProcMan's"),
    ("a.service", "[Unit]\nAfter=b\n", r"a.service: error: there is no \[Service\] here"),
    ("what.txt", "hello world\n", r"what.txt: error: one cannot see whose file this is; say --from"),
    ("empty.conf", "", r"empty.conf: error: one cannot see"),
    ("utf.conf", "[program:\xff]\n", r"utf.conf:1: error: this is not text: here is the byte 0xff"),
]


@pytest.mark.parametrize("name, text, sentence", BROKEN)
def test_a_broken_file_gets_one_sentence_with_its_place(fleet, name, text, sentence):
    path = fleet.dir / name
    path.write_bytes(text.encode("latin-1"))
    done = fleet.ctl("import", name)
    assert done.status == 2 and done.out == "", done
    assert len(done.err.splitlines()) == 1 and re.search(sentence, done.err), done.err


def test_a_file_that_is_not_there_or_no_file(fleet):
    for path in ("nowhere.conf", fleet.dir):
        done = fleet.ctl("import", path)
        assert done.status == 2 and "cannot be read" in done.err, done


@each_case
def test_a_file_that_ends_anywhere(fleet, case):
    """Cut at many places: converted or refused, never worse. The cut file may be another kind's,
    so its kind is said."""
    for path in sorted(path for path in case.iterdir() if path.is_file()):
        whole = path.read_bytes()
        for n in range(1, len(whole), max(1, len(whole) // 12)):
            (fleet.dir / path.name).write_bytes(whole[:n])
            done = fleet.ctl("import", "--from", case.parent.name, path.name)
            assert done.status in (0, 2), done
            assert done.status == 0 or ": error: " in done.err, done


HUGE = {
    "robot.pmd": 'cmd "a" { exec = "%s"; }\n' % ("x " * 1000000),
    "s.conf": "[program:a]\ncommand=a\nnumprocs=1000\nenvironment=A=\"%s\"\n" % ("x" * 60000),
    "deep.yaml": "processes: " + "[" * 100000,
    "many.conf": "".join(f"[program:p{i}]\ncommand=a\n" for i in range(40000)),
    "left.conf": "[program:a]\ncommand=a\n" + "priority=1\n" * 100000,
    "a.service": "[Service]\nExecStart=/bin/true\n" + "[Unit]\nAfter=" + "b.service " * 100000,
    "five.conf": "#" * (5 << 20),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_file_is_converted_or_refused_in_time(fleet, name):
    path = fleet.file(name, HUGE[name])
    began = time.monotonic()
    done = fleet.ctl("import", path)
    assert done.status in (0, 2), done.err[:1000]
    assert time.monotonic() - began < 20


def test_thousand_copies_are_the_most(fleet):
    source = "[program:a]\ncommand=a\nnumprocs=1000000000\n"
    done = fleet.ok("import", fleet.file("s.conf", source))
    assert done.out.count("name:") == 1 and "from 0 to 1000" in done.err
