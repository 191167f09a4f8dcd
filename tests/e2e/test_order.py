"""Order over three machines: what is started waits for what it depends on, what is stopped for
what depends on it. Each process says in one file when it begins and ends."""
import os
import signal

import pytest

from fleet import alive, read_proc, wait_until

# Begins, says so, works until it is told to end, takes its time for that.
WORK = """trap 'sleep 0.2; echo "-$1" >> "$2/story"; exit 0' TERM
echo "+$1" >> "$2/story"; echo at work; while :; do sleep 0.05; done"""
# Ends, with the exit code it finds in a file, when that is there.
ONCE = """echo "+$1" >> "$2/story"; until [ -e "$2/$1.end" ]; do sleep 0.02; done
echo "-$1" >> "$2/story"; exit $(cat "$2/$1.end")"""


class Play:
    """Processes on three machines, and the story they tell."""

    def __init__(self, fleet):
        self.fleet, self.processes = fleet, []

    def add(self, name, host, *depends_on, script=WORK, **more):
        if script == WORK:  # ready when its part of the story is told
            more.setdefault("ready", {"log": "at work"})
        self.processes.append({"name": name, "host": host, "depends_on": list(depends_on),
                               "exec": ["sh", "-c", script, "sh", name, str(self.fleet.dir)],
                               **more})

    def apply(self):
        self.fleet.apply(*self.processes)

    def end(self, name, code=0):
        """The end of one that runs once."""
        fresh = self.fleet.dir / f"{name}.fresh"
        fresh.write_text(str(code))
        fresh.rename(self.fleet.dir / f"{name}.end")

    @property
    def story(self):
        path = self.fleet.dir / "story"
        return path.read_text().split() if path.exists() else []

    def wait(self, *words):
        """Until the story is of this length; it must be this."""
        wait_until(lambda: len(self.story) >= len(words), f"the story is {' '.join(words)}")
        assert self.story == list(words)

    def waits(self, name, reason):
        def there():
            row = self.fleet.proc(name)
            return row["state"] == "waiting" and reason in row["reason"]
        wait_until(there, f"{name} waits {reason}")


def start_ticks(pid):
    """When it was begun; who is only started may be slow to tell its story."""
    return int(read_proc(pid, "stat").rsplit(b")", 1)[1].split()[19])


@pytest.fixture
def play(three):
    return Play(three)


def chain(play):
    play.add("power", "alpha", script=ONCE)
    play.add("lidar", "beta", {"process": "power", "when": "exited"})
    play.add("slam", "gamma", {"process": "lidar"})


def test_a_chain_begins_in_order_and_ends_in_reverse(play):
    chain(play)
    play.apply()
    play.waits("lidar", "for power@alpha: has not ended for")
    play.waits("slam", "for lidar@beta: it waits for power@alpha")
    assert play.story == ["+power"]
    play.end("power")
    for name in ("lidar", "slam"):
        play.fleet.wait_state(name, "running")
    play.wait("+power", "-power", "+lidar", "+slam")
    play.fleet.ok("stop", "all")
    play.wait("+power", "-power", "+lidar", "+slam", "-slam", "-lidar")


def test_a_diamond_waits_for_both_its_sides(play):
    play.add("base", "alpha")
    play.add("left", "beta", {"process": "base"})
    play.add("right", "gamma", {"process": "base", "when": "exited", "on_failure": "ignore"})
    play.add("top", "alpha", {"process": "left"}, {"process": "right", "when": "started"})
    play.apply()
    play.waits("right", "for base@alpha: has not ended for")
    play.waits("top", "for right@gamma: it waits for base@alpha")
    os.kill(play.fleet.pid("base"), signal.SIGKILL)    # fails for good, and may
    play.fleet.wait_state("top", "running")
    assert play.story[0] == "+base" and play.story.index("+left") < play.story.index("+top")
    right, top = (start_ticks(play.fleet.pid(name)) for name in ("right", "top"))
    assert right <= top


def test_a_failed_dependency_fails_what_depends_on_it_until_it_is_mended(play):
    chain(play)
    play.apply()
    play.end("power", 3)
    row = play.fleet.wait_state("slam", "failed")
    assert row["reason"].startswith("dependency lidar@beta failed: dependency power@alpha failed: "
                                    "exit code 3"), row
    result = play.fleet.ctl("start", "slam", "--timeout", "15s")    # begins power again too
    assert result.status == 1 and "dependency lidar@beta failed" in result.out, result
    play.end("power", 0)
    play.fleet.ok("start", "power")
    play.fleet.wait_state("slam", "running")


def test_a_start_brings_up_what_is_needed_and_waits_for_it(play):
    chain(play)
    for process in play.processes:
        process["autostart"] = False
    play.apply()
    result = play.fleet.ctl("start", "slam", "--timeout", "1500ms")
    assert result.status == 124, result
    assert "for lidar@beta: it waits for power@alpha" in result.out, result
    play.end("power")
    play.fleet.ok("start", "slam")
    play.wait("+power", "-power", "+lidar", "+slam")
    events = play.fleet.ok("events", "power").out
    assert "start ordered: lidar@beta depends on it" in events


def test_no_deps_begins_one_alone(play):
    chain(play)
    for process in play.processes:
        process["autostart"] = False
    play.apply()
    play.fleet.ok("start", "slam", "--no-deps")
    play.wait("+slam")


def test_a_lost_host_is_waited_for(play):
    chain(play)
    beta = play.fleet.beta
    suspended = [beta.pid, play.fleet.brain(beta)]
    for pid in suspended:
        os.kill(pid, signal.SIGSTOP)
    try:
        play.fleet.wait_link("beta", "lost")
        play.apply()
        play.end("power")
        play.waits("slam", "for lidar@beta: deputy beta is not heard")
    finally:
        for pid in reversed(suspended):
            os.kill(pid, signal.SIGCONT)
    play.fleet.wait_state("slam", "running")
    play.wait("+power", "-power", "+lidar", "+slam")


def test_a_sheriff_that_dies_in_the_middle_goes_on_where_it_was(play):
    chain(play)
    play.apply()
    pid = play.fleet.pid("power")
    play.waits("slam", "for lidar@beta")
    play.fleet.sheriffd.kill()
    play.end("power")
    play.fleet.sheriffd = play.fleet.sheriff("--listen", play.fleet.endpoint)
    play.fleet.wait_state("slam", "running")
    assert not alive(pid)
    play.wait("+power", "-power", "+lidar", "+slam")
    play.fleet.sheriffd.kill()
    play.fleet.sheriffd = play.fleet.sheriff("--listen", play.fleet.endpoint)
    for name in ("alpha", "beta", "gamma"):
        play.fleet.wait_link(name, "up")
    play.fleet.ok("stop", "all")
    play.wait("+power", "-power", "+lidar", "+slam", "-slam", "-lidar")


def test_a_restart_goes_down_and_up_again_with_what_asked_for_it(play):
    play.add("lidar", "beta")
    play.add("slam", "gamma", {"process": "lidar", "restart_with": True, "stop_with": True})
    play.add("other", "alpha", {"process": "lidar"})
    play.apply()
    play.fleet.wait_state("slam", "running")
    other = play.fleet.pid("other")
    play.fleet.ok("restart", "lidar")
    wait_until(lambda: play.story[-4:] == ["-slam", "-lidar", "+lidar", "+slam"], "the new runs")
    play.fleet.wait_state("slam", "running")
    play.fleet.ok("stop", "lidar")
    assert play.story[-2:] == ["-slam", "-lidar"]
    assert play.fleet.pid("other") == other


def test_a_lone_ranger_goes_down_in_reverse(fleet):
    play = Play(fleet)
    play.add("power", "localhost")
    play.add("lidar", "localhost", {"process": "power"})
    play.add("slam", "localhost", {"process": "lidar"})
    path = fleet.file("fleet.json", {"processes": play.processes})
    try:
        fleet.ok("up", path, "--state-dir", fleet.state_dir)
        fleet.wait_state("slam", "running")
        play.wait("+power", "+lidar", "+slam")
    finally:
        fleet.ok("down")
    play.wait("+power", "+lidar", "+slam", "-slam", "-lidar", "-power")
    wait_until(lambda: not fleet.everything(), "everything has ended")


def test_a_lone_ranger_ends_with_what_is_essential(fleet):
    path = fleet.file("fleet.json", {"processes": [
        {"name": "mission", "command": "sh -c 'sleep 1; exit 42'", "essential": True},
        {"name": "helper", "command": "sleep 1000"}]})
    daemon = fleet.spawn("sheriffd", "sheriffd", "--lone-ranger", "--run-dir", fleet.run_dir,
                         "--state-dir", fleet.state_dir, "--config", path)
    daemon.may_end_with = (42,)
    assert daemon.end() == 42
    assert "mission@" in daemon.log and "is essential and has failed" in daemon.log
    wait_until(lambda: not fleet.everything(), "everything has ended")


def test_up_ends_with_what_is_essential(fleet):
    path = fleet.file("fleet.json", {"processes": [
        {"name": "mission", "command": "sh -c 'exit 43'", "essential": True,
         "ready": {"log": "what it never says"}}]})      # so `up` waits until it fails
    result = fleet.ctl("up", path, "--state-dir", fleet.state_dir)
    assert result.status == 43, result
    wait_until(lambda: not fleet.everything(), "everything has ended")


def test_what_others_need_is_neither_removed_nor_put_in_a_circle(play):
    chain(play)
    play.apply()
    result = play.fleet.ctl("remove", "lidar")
    assert result.status == 1 and "slam@gamma depends on it" in result.err, result
    result = play.fleet.ctl("edit", "power", "--set", "depends_on=[slam@gamma]")
    assert result.status == 2 and "wait for each other" in result.err, result
    play.fleet.ok("remove", "all", "--timeout", "20s")
    assert play.fleet.status() == []


def test_the_graph_is_drawn(play):
    chain(play)
    play.add("ui", "alpha", {"process": "slam"}, {"process": "lidar", "when": "started"})
    play.apply()
    play.waits("slam", "for lidar@beta")
    drawn = [line.split("\t")[:3] for line in play.fleet.ok("graph", "--plain").lines]
    assert drawn == [["ui@alpha", "waiting", ""],
                     ["├─ slam@gamma", "waiting", "ready"],
                     ["│  └─ lidar@beta", "waiting", "ready"],
                     ["│     └─ power@alpha", "running", "exited"],
                     ["└─ lidar@beta (above)", "waiting", "started"]]
    ascii_only = play.fleet.ok("graph", "slam", "--plain", env={"LANG": "C"}).lines
    assert [line.split("\t")[0] for line in ascii_only] == ["slam@gamma", "`- lidar@beta",
                                                            "   `- power@alpha"]
    dot = play.fleet.ok("graph", "--dot").out
    assert '"slam@gamma" -> "lidar@beta" [label="ready"];' in dot
    rows = {row["name"]: row for row in play.fleet.ok("graph", "--json").json["graph"]}
    assert [on["process"] for on in rows["ui"]["depends_on"]] == ["slam", "lidar"]
    assert rows["slam"]["depends_on"][0]["host"] == "beta"
