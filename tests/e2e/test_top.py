"""procman-top: the real program in a real terminal, driven by keys, against a real fleet."""
import signal
import subprocess

import pytest

from fleet import BIN, wait_until
from screen import Screen, golden


def processes():
    loop = "i=0; while :; do i=$((i+1)); echo frame $i; sleep 0.2; done"
    return [
        {"name": "camera", "group": "drivers", "host": "alpha", "command": "echo ready; sleep 600"},
        {"name": "lidar", "group": "drivers/front", "host": "beta", "command": "sleep 600"},
        {"name": "planner", "group": "planning", "host": "gamma", "command": "sleep 600"},
        {"name": "broken", "group": "planning", "host": "beta", "command": "exit 7"},
        {"name": "later", "host": "alpha", "command": loop, "autostart": False},
    ]


@pytest.fixture
def top(three):
    """Three deputies, five processes, and a way to open screens on them."""
    three.apply(*processes())
    for name in ("camera", "lidar", "planner"):
        three.wait_state(name, "running")
    three.wait_state("broken", "failed")
    screens = []

    def open_screen(cols=100, rows=30, *args, **more):
        screen = Screen(three, cols, rows, *args, **more)
        screens.append(screen)
        screen.fleet = three
        return screen

    yield open_screen
    for screen in screens:
        screen.close()


@pytest.mark.parametrize("cols,rows", [(80, 24), (100, 30), (200, 50), (40, 8)])
@pytest.mark.parametrize("kind", ["utf8", "ascii"])
def test_the_first_screen(top, cols, rows, kind):
    screen = top(cols, rows, *(["--ascii"] if kind == "ascii" else []))
    screen.shows("camera", "ProcMan alpha  3/3 h")
    if rows > 8:
        screen.shows("ready", "3 up")   # the last line of a process's output was asked for
    golden(f"first-{cols}x{rows}-{kind}", screen.text)


def test_a_terminal_that_is_not_utf8_gets_ascii(top):
    screen = top(100, 30, env={"LANG": "C", "LC_ALL": "C"})
    assert screen.shows("+camera").isascii()


def test_start_and_stop(top):
    screen = top()
    fleet = screen.fleet
    screen.shows("later")
    screen.keys("End", "s")
    fleet.wait_state("later", "running")
    screen.shows("start later@alpha: running", "frame ")
    screen.keys("x")
    fleet.wait_state("later", "stopped")
    screen.shows("stop later@alpha: stopped")


def test_a_whole_group_is_stopped_only_after_a_yes(top):
    screen = top()
    fleet = screen.fleet
    screen.shows("▾ drivers (2/2)")
    screen.keys("Home", "x")
    golden("question-100x30", screen.shows("stop 2 processes?", "drivers/camera@alpha"))
    screen.keys("n")
    screen.shows("nothing was done")
    assert fleet.proc("camera")["state"] == "running"
    screen.keys("x")
    screen.shows("stop 2 processes?")
    screen.keys("y")
    fleet.wait_state("camera", "stopped")
    fleet.wait_state("lidar", "stopped")
    screen.shows("stop: 2 done, 0 failed")


def test_tag_and_restart(top):
    screen = top()
    fleet = screen.fleet
    before = fleet.pid("camera"), fleet.pid("planner")
    screen.keys("/", "~camera|planner", "Enter")
    screen.shows("Filter: ~camera|planner (2 shown)")
    screen.keys("a")
    screen.shows("Tagged: 2")
    screen.keys("r")
    screen.shows("restart 2 processes?")
    screen.keys("y")
    after = lambda: [fleet.proc(name) for name in ("camera", "planner")]
    wait_until(lambda: all(row["state"] == "running" and row["pid"] not in before
                           for row in after()), "both have a new life")


def test_a_signal_from_the_menu(top):
    screen = top()
    fleet = screen.fleet
    pid = fleet.pid("camera")
    screen.keys("/", "camera", "Enter")
    screen.shows("(1 shown)")
    screen.keys("Down", "K")
    screen.shows("send a signal", "15 SIGTERM")
    screen.keys("Down", "Down", "Down", "Down", "Enter")   # SIGKILL
    fleet.wait_state("camera", "failed")
    assert fleet.proc("camera")["exit_signal"] == signal.SIGKILL, pid


def test_searching_in_the_lines_of_a_process(top):
    screen = top()
    fleet = screen.fleet
    fleet.ok("start", "later")
    screen.shows("later")
    screen.keys("End", "l")
    screen.shows("Logs later@alpha", "frame 12")
    screen.keys("/", "frame 3$", "Enter")
    screen.shows("frame 3", "STILL")
    screen.keys("/", "no such words", "Enter")
    screen.shows('"no such words" is in none of the')
    screen.keys("Escape", "End", "l", "f", "frame .*5$", "Enter")
    screen.shows("only /frame .*5$/", "frame 15")
    assert "frame 14" not in screen.text
    screen.keys("f", "C-u", "Enter", "t")
    screen.shows("│ frame 20")


def test_a_lost_deputy_and_its_return(top):
    screen = top()
    fleet = screen.fleet
    screen.shows("planner", "3/3 hosts")
    fleet.gamma.kill()
    for brain in [pid for pid, line in fleet.everything().items()
                  if "gamma" in line and line[0].endswith("deputyd-brain")]:
        wait_until(lambda pid=brain: pid not in fleet.everything(), "the brain ends too")
    screen.shows("2/3 hosts", "?planner", "lost")
    fleet.gamma = fleet.deputy("gamma", "--sheriff", fleet.endpoint)
    screen.shows("3/3 hosts", "●planner")


def test_a_sheriff_that_goes_and_comes_back(top):
    screen = top()
    fleet = screen.fleet
    screen.shows("3/3 hosts")
    fleet.sheriffd.kill()
    screen.shows("the sheriff is away", "camera")
    fleet.sheriffd = fleet.sheriff("--listen", fleet.endpoint)
    screen.shows("3/3 hosts", "●camera")


def test_resizing_at_any_time(top):
    screen = top()
    screen.shows("camera")
    for cols, rows in ((40, 8), (39, 8), (200, 50), (60, 12), (100, 30)):
        screen.resize(cols, rows)
        screen.shows("too small" if cols < 40 else "camera")
    screen.shows("3/3 hosts")


def test_details_hosts_events_and_help(top):
    screen = top()
    screen.shows("camera")
    screen.keys("/", "broken", "Enter", "Down", "Enter")
    screen.shows("Definition", "fleet.json:", "exit 7", "Past lives", "exit code 7",
                 "last ordered by")
    screen.keys("Escape", "H")
    screen.shows("LINK", "alpha", "beta", "gamma")
    screen.keys("Escape", "e")
    screen.shows("planning/broken@beta")
    screen.keys("Escape", "?")
    screen.shows("MOVE", "ACT ON ROW")
    screen.keys("Escape", "i")
    screen.shows("answers", "look and order")


def test_commands_are_typed_as_for_procmanctl(top):
    screen = top()
    fleet = screen.fleet
    screen.shows("camera")
    screen.keys(":", "stop drivers/ !lidar", "Enter")
    fleet.wait_state("camera", "stopped")
    assert fleet.proc("lidar")["state"] == "running"
    screen.keys(":", "nonsense words", "Enter")
    screen.shows('"nonsense" is no action')


@pytest.mark.parametrize("option", ["--read-only", "--watch"])
def test_only_looking(top, option):
    screen = top(100, 30, option)
    fleet = screen.fleet
    screen.shows("LOOK ONLY", "camera")
    screen.keys("Home", "x", "s", "r")
    screen.keys(":", "stop all", "Enter")
    screen.shows("only looking is allowed here")
    assert "Restart" not in screen.text
    assert fleet.proc("camera")["state"] == "running"


def test_hostile_output_and_names(top):
    screen = top()
    fleet = screen.fleet
    name = "日本 é <b>"
    text = r"printf '\033[2J\033[31mred\033[0m \033]0;evil\007日本 e\xcc\x81 \xff\000end\n'; "
    long = "head -c 10000 /dev/zero | tr '\\0' x; echo; sleep 600"
    fleet.apply({"name": name, "host": "alpha", "command": text + long})
    fleet.wait_state(name, "running")
    screen.keys("/", "日本", "Enter")
    screen.shows("(1 shown)", "日本 é")
    screen.keys("Down", "l")
    shown = screen.shows("red 日本", "end", "xxxxxxxxxx")
    assert "evil" not in shown and "[2J" not in shown
    assert "\033[31mred" in screen.colours
    screen.keys("w")
    wait_until(lambda: screen.text.count("xxxxxxxxxx") > 50, "the long line is wrapped")


def test_how_one_left_it_is_how_one_finds_it(top):
    screen = top()
    screen.shows("View: tree by group")
    screen.keys("b", "P", "F2")
    screen.shows("View: tree by host", "Sort: cpu")
    screen.keys("q")
    assert screen.ended() == (0, "")
    screen = top(101, 30)
    screen.shows("View: tree by host", "Sort: cpu")


def test_the_environment_and_what_depends_on_what(top):
    screen = top(100, 50)
    eye = {"name": "eye", "host": "alpha", "command": "sleep 600", "env": {"TOKEN": "geheim"},
           "limits": {"nofile": 512}, "depends_on": [{"process": "drivers/camera@alpha"}]}
    screen.fleet.apply(processes()[0], eye)
    screen.fleet.wait_state("eye", "running")
    screen.keys("/", "eye", "Enter")
    screen.shows("(1 shown)")
    screen.keys("End", "Enter")
    assert "geheim" not in screen.shows("TOKEN=***", "nofile 512", "depends   drivers/camera@alpha")
    screen.keys("E")
    screen.shows("TOKEN=geheim")
    screen.keys("Escape", "D")
    screen.shows("● eye@alpha running", "└─ ● drivers/camera@alpha running, needed ready")


def test_a_script_is_run_and_aborted(top):
    screen = top()
    screen.fleet.apply(processes()[4], scripts={
        "go": [{"start": ["later"], "wait": "running"}, {"sleep": "10m"}]})
    screen.shows("later")
    screen.keys("g")
    screen.shows("go ", "2 steps")
    screen.keys("g", "go", "Enter")
    screen.shows("Being run", "go doing", "done", "doing")
    screen.keys("Escape")
    screen.shows("Script go: step 2 of 2")
    screen.fleet.wait_state("later", "running")
    screen.keys("g", "X")
    screen.shows("go aborted", "Run last")
    screen.keys("Escape", ":", "run nonsense", "Enter")
    screen.shows("script: ", "nonsense")


def test_the_tree_by_label(top):
    screen = top()
    fleet = screen.fleet
    fleet.apply({"name": "eye", "host": "alpha", "command": "sleep 600",
                 "labels": {"team": "perception"}})
    screen.shows("eye")
    screen.keys("b", "b")
    screen.shows("tree by label team", "▾ perception (1/1)", "drivers/camera")
    fleet.ok("edit", "planner", "--set", "labels={team: motion}")
    screen.shows("▾ motion (1/1)")
    screen.keys("b")
    screen.shows("tree by group")


def test_keys_of_ones_own(top):
    screen = top()
    config = screen.fleet.dir / "config" / "procman"
    config.mkdir(parents=True)
    (config / "top-keys").write_text("quit: Q\nhelp: q\n")
    screen = top(101, 30)
    screen.shows("camera")
    screen.keys("q")
    screen.shows("ACT ON ROW")
    screen.keys("Escape", "Q")
    assert screen.ended() == (0, "")
    (config / "top-keys").write_text("qiut: Q\n")
    done = subprocess.run([BIN / "procman-top"], capture_output=True, text=True, check=False,
                          env=screen.fleet.env)
    assert done.returncode == 2
    assert 'line 1: there is no action "qiut" (did you mean "quit"?)' in done.stderr


def test_no_sheriff_and_no_terminal(fleet):
    done = subprocess.run([BIN / "procman-top"], capture_output=True, text=True, check=False,
                          env=fleet.env)
    assert done.returncode == 5
    assert "no sheriff answers in" in done.stderr


def test_random_keys(top):
    """A soak: nothing that is pressed breaks it; the last key still works."""
    screen = top(100, 30, env={"EDITOR": "true", "VISUAL": ""})
    screen.shows("camera")
    for keys in ("zzZZtb<>IPMNTR", "/x", "Escape", "%f", "Enter", "Escape", "*+-", "lwtoomfx",
                 "Enter", "Escape", "?", "PgDn", "Home", "Escape", "aU", "HeiK", "Escape",
                 ":help", "Enter", "Escape", "Escape", "Tab", "nN123456", "Space", "Tab",
                 "nE", "Down", "yeVAx/", "Tab", "Enter", "Escape", "EVb"):
        screen.keys(keys)
    screen.keys("Escape", "Escape", "Escape", "Escape")
    screen.shows("later", "NAME")
    screen.keys("q")
    assert screen.ended() == (0, "")
