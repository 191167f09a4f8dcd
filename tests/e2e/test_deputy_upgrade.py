"""procmanctl deputy upgrade: another program in place of a running deputy, its processes untouched."""
import os
import shutil

import pytest

from fleet import BIN, Daemon, alive, wait_until

PROGRAMS = ("deputyd", "deputyd-brain")


@pytest.fixture
def installed(fleet):
    """A sheriff, and a deputy whose programs can be replaced."""
    place = fleet.dir / "bin"
    place.mkdir()
    for program in PROGRAMS:
        shutil.copy(BIN / program, place / program)
    fleet.sheriffd = fleet.sheriff()
    fleet.alpha = Daemon(fleet, "deputyd-alpha", [
        str(place / "deputyd"), "--name", "alpha", "--run-dir", str(fleet.run_dir),
        "--state-dir", str(fleet.state_dir), "--log-dir", str(fleet.log_dir("alpha"))])
    fleet.wait_link("alpha", "up")
    return fleet


def install(fleet, program, content=None):
    """As a package manager does: a new file under the old name."""
    fresh = fleet.dir / "bin" / f"{program}.new"
    if content is None:
        shutil.copy(BIN / program, fresh)
    else:
        fresh.write_text(content)
        fresh.chmod(0o755)
    os.rename(fresh, fleet.dir / "bin" / program)


def test_processes_go_on_under_the_new_program(installed):
    installed.apply({"name": "cam", "command": "sleep 4761"},
                    {"name": "count", "command": "while read x < gate; do exit $x; done",
                     "working_dir": str(installed.dir)})
    os.mkfifo(installed.dir / "gate")
    installed.ok("restart", "count")
    pids = {name: installed.pid(name) for name in ("cam", "count")}
    brain, keeper = installed.brain(installed.alpha), installed.alpha.pid
    for program in PROGRAMS:
        install(installed, program)

    result = installed.ok("deputy", "upgrade", "alpha")
    assert result.out.count("\n") == 1 and "alpha: " in result.out, result
    assert "2 processes untouched" in result.out, result
    assert installed.alpha.running and installed.alpha.pid == keeper
    assert installed.brain(installed.alpha) != brain
    assert "(deleted)" not in os.readlink(f"/proc/{keeper}/exe"), "it is the installed file"
    assert {name: installed.pid(name) for name in pids} == pids
    events = installed.ok("events", "--plain").out
    assert "deputy alpha is upgraded from" in events and "procmanctl deputy" in events

    (installed.dir / "gate").write_text("7\n")
    row = wait_until(lambda: (row := installed.proc("count"))["state"] == "failed" and row,
                     "its end is seen")
    assert row["exit_code"] == 7, "by its parent"


def test_what_cannot_take_over_is_refused_and_nothing_happens(installed):
    installed.apply({"name": "cam", "command": "sleep 4761"})
    cam, brain = installed.pid("cam"), installed.brain(installed.alpha)
    install(installed, "deputyd", "#!/bin/sh\necho not of this world >&2\nexit 9\n")
    result = installed.ctl("deputy", "upgrade", "alpha")
    assert result.status == 1 and "deputy alpha is not upgraded: " in result.out, result
    assert alive(brain) and installed.pid("cam") == cam
    assert "is not upgraded" in installed.ok("events", "--plain").out


def test_one_after_the_other_each_with_its_own_word(installed):
    result = installed.ctl("deputy", "upgrade", "nobody", "alpha", "--json")
    nobody, alpha = result.json["outcomes"]
    assert result.status == 4
    assert nobody["host"] == "nobody" and nobody["error"] == "not-found", nobody
    assert alpha["host"] == "alpha" and alpha["error"] == "ok" and alpha["changed"], alpha
    assert "0 processes untouched" in alpha["text"], alpha


def test_misuse_is_told(fleet):
    for words, part in ((("deputy",), "needs a word and a name"),
                        (("deputy", "upgrade"), "needs a word and a name"),
                        (("deputy", "upgarde", "x"), 'does not know "upgarde"')):
        result = fleet.ctl(*words)
        assert result.status == 2 and part in result.err, result
