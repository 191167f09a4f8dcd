"""procman-top changes the fleet: files, an editor, moves. Every change is shown first."""
import signal

import pytest

from fleet import wait_until
from screen import Screen


@pytest.fixture
def top(three):
    """Three deputies, two processes, and a way to open a screen whose editor is a script."""
    three.apply({"name": "camera", "group": "drivers", "host": "alpha", "command": "sleep 600",
                 "env": {"TOKEN": "geheim"}},
                {"name": "planner", "host": "beta", "command": "sleep 600"})
    for name in ("camera", "planner"):
        three.wait_state(name, "running")
    screens = []

    def open_screen(*args, editor="exit 0"):
        path = three.dir / "editor.sh"
        path.write_text(f"#!/bin/sh\n{editor}\n")
        path.chmod(0o755)
        screen = Screen(three, 100, 30, *args, env={"EDITOR": str(path), "VISUAL": ""})
        screens.append(screen)
        screen.shows("camera", "planner")
        return screen

    yield open_screen
    for screen in screens:
        screen.close()


def choose(screen, name):
    screen.keys("/", name, "Enter")
    screen.shows("(1 shown)")
    screen.keys("End")


def test_a_file_is_applied_after_its_plan_was_seen(top, three):
    screen = top()
    path = three.file("more.json", {"processes": [
        {"name": "lidar", "group": "drivers", "host": "gamma", "command": "sleep 600"}]})
    screen.keys("A", str(path)[:-3], "Tab")
    screen.shows(f"Apply file: {path}")
    screen.keys("Enter")
    screen.shows("add      drivers/lidar@gamma", "Do this?")
    screen.keys("n")
    screen.shows("nothing was done")
    assert "lidar" not in screen.text
    screen.keys(":", f"apply {path}", "Enter")
    screen.shows("add      drivers/lidar@gamma", "Do this?")
    screen.keys("y")
    screen.shows(": done", "lidar")
    three.wait_state("lidar", "running")


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(top, three):
    screen = top()
    paths = [three.file(f"{name}.json", {"processes": [
        {"name": name, "host": "gamma", "command": "sleep 600"}]}) for name in ("lidar", "radar")]
    three.sheriffd.signal(signal.SIGSTOP)
    screen.keys(":", f"apply {paths[0]}", "Enter")
    screen.shows("asking the sheriff")
    screen.keys("Escape")
    screen.shows("nothing was done")
    screen.keys(":", f"apply {paths[1]}", "Enter")
    screen.shows("asking the sheriff")
    three.sheriffd.signal(signal.SIGCONT)
    assert "lidar@gamma" not in screen.shows("add      radar@gamma", "Do this?")
    screen.keys("y")
    screen.shows(": done", "radar")


def test_what_was_to_be_moved_and_dropped_does_not_move_in_anothers_place(top, three):
    screen = top()
    choose(screen, "planner")
    three.sheriffd.signal(signal.SIGSTOP)
    screen.keys("V", "ga", "Tab", "Enter")
    screen.shows("move planner@beta to gamma", "asking the sheriff")
    screen.keys("Escape")
    screen.shows("nothing was done")
    screen.keys("Escape")
    screen.shows("camera")
    choose(screen, "camera")
    screen.keys("V", "ga", "Tab", "Enter")
    screen.shows("move drivers/camera@alpha to gamma", "asking the sheriff")
    three.sheriffd.signal(signal.SIGCONT)
    assert "planner@gamma" not in screen.shows("drivers/camera@gamma", "Do this?")


def test_a_file_with_errors_shows_all_of_them(top, three):
    screen = top()
    path = three.file("bad.json", {"processes": [{"nmae": "x", "command": 5}]})
    screen.keys("A", str(path), "Enter")
    screen.shows("bad.json:", "error:", "nmae", "Esc goes back")
    screen.keys("Escape")
    screen.shows("nothing was done", "camera")


def test_editing_keeps_what_is_not_changed(top, three):
    screen = top(editor='sed -i "s/sleep 600/sleep 601/" "$1"')
    choose(screen, "camera")
    screen.keys("E")
    screen.shows("restart  drivers/camera@alpha", "command", "Do this?   [y]es   [N]o   [e]dit")
    assert "geheim" not in screen.text
    screen.keys("y")
    screen.shows("edit drivers/camera@alpha: done")
    wait_until(lambda: "sleep 601" in three.ok("show", "camera").out, "its command is the new one")
    assert "geheim" in three.ok("show", "camera", "--show-env").out


def test_a_mistake_in_the_editor_can_be_mended(top, three):
    screen = top(editor='grep -q TYPO "$1" && sed -i "s/TYPO/command/" "$1" ||'
                        ' sed -i "s/command/TYPO/" "$1"')
    choose(screen, "planner")
    screen.keys("E")
    screen.shows("TYPO", "[e]dit again")
    screen.keys("e")
    screen.shows("It would change nothing", "Do this?")
    screen.keys("Escape")
    screen.shows("nothing was done")
    assert not list(three.dir.glob("procman-top-*"))


def test_a_new_process_comes_from_a_template(top, three):
    screen = top(editor='sed -i "s/- name: /- name: fresh/; s/command: /command: sleep 600/" "$1"')
    screen.keys("n")
    screen.shows("add      fresh@alpha", "Do this?")
    screen.keys("y")
    screen.shows("a new process: done", "fresh")
    three.wait_state("fresh", "stopped")


def test_an_emptied_file_is_no_change(top):
    screen = top(editor=': >"$1"')
    screen.keys("n")
    screen.shows("the file is empty: nothing was done", "camera")


def test_a_process_moves_to_another_deputy(top, three):
    screen = top()
    choose(screen, "planner")
    screen.keys("V", "ga", "Tab")
    screen.shows("Move to host: gamma")
    screen.keys("Enter")
    screen.shows("move", "planner@gamma", "from beta", "Do this?")
    screen.keys("y")
    screen.shows("move planner@beta to gamma: done")
    wait_until(lambda: [row["host"] for row in three.status() if row["name"] == "planner"]
               == ["gamma"], "it is defined there and nowhere else")
    three.wait_state("planner", "running", host="gamma")


def test_removing_asks_first(top, three):
    screen = top()
    choose(screen, "planner")
    screen.keys("DC")
    screen.shows("remove 1 process?", "planner@beta")
    screen.keys("y")
    screen.shows_not("planner@beta")
    wait_until(lambda: not [row for row in three.status() if row["name"] == "planner"],
               "it is forgotten")


@pytest.mark.parametrize("option", ["--read-only", "--watch"])
def test_who_only_looks_changes_nothing(top, three, option):
    screen = top(option)
    for key, word in (("A", "apply"), ("n", "new"), ("E", "edit"), ("V", "move")):
        screen.keys(key)
        screen.shows(f"{word}: ")
    screen.keys(":", "apply x.json", "Enter")
    screen.shows("only looking is allowed here")
