"""What applying a file does: it says so before, does exactly that, and what is not touched by it
goes on. What an operator stopped stays down."""
import pytest

from fleet import alive, wait_until

# Ends when it is told to, after a while.
SLOW = "sh -c 'trap \"sleep 1; exit 0\" TERM; while :; do sleep 0.05; done'"


def actions(result):
    """name@host -> action and what it concerns, of an apply --json."""
    return {f"{row['name']}@{row['host']}": (row["action"], *row["fields"])
            for row in result.json["plan"] if row["action"] != "none"}


def test_a_plan_says_for_each_process_what_comes_and_apply_does_that(fleet):
    fleet.sheriff()
    for host in ("alpha", "beta"):
        fleet.deputy(host)
    path = fleet.file("fleet.json", {"processes": [
        {"name": "same", "command": "sleep 1000"},
        {"name": "live", "command": "sleep 1000"},
        {"name": "again", "command": "sleep 1000"},
        {"name": "moved", "command": "sleep 1000"},
        {"name": "many", "command": "sleep 1000", "instances": 3},
        {"name": "old", "command": "sleep 1000"}]})
    fleet.ok("apply", path)
    names = ("same", "live", "again", "moved", "many:0", "many:1", "many:2", "old")
    before = {name: fleet.pid(name) for name in names}

    fleet.file("fleet.json", {"processes": [
        {"name": "same", "command": "sleep 1000"},
        {"name": "live", "command": "sleep 1000", "stop": {"timeout": "3s"},
         "depends_on": ["same"]},
        {"name": "again", "command": "sleep 1000", "env": {"A": "b"}},
        {"name": "moved", "command": "sleep 1000", "host": "beta"},
        {"name": "many", "command": "sleep 1000", "instances": 2},
        {"name": "new", "command": "sleep 1000"}]})
    plan = fleet.ok("apply", path, "--plan", "--prune", "--json")
    assert actions(plan) == {
        "live@alpha": ("live", "depends_on", "stop.timeout"), "again@alpha": ("restart", "env"),
        "moved@beta": ("move",), "many:0@alpha": ("live", "instances"),
        "many:1@alpha": ("live", "instances"), "many:2@alpha": ("remove",),
        "old@alpha": ("remove",), "new@alpha": ("add",)}
    assert "from alpha" in fleet.ok("apply", path, "--plan", "--prune").out
    assert {name: fleet.pid(name) for name in names} == before

    done = fleet.ok("apply", path, "--prune", "--json")
    assert actions(done) == actions(plan)
    for name in ("same", "live", "many:0", "many:1"):
        assert fleet.pid(name) == before[name]
    wait_until(lambda: fleet.pid("again") != before["again"], "it is restarted")
    fleet.pid("moved", host="beta")
    fleet.pid("new")
    for name in ("moved", "many:2", "old"):
        wait_until(lambda: not alive(before[name]), f"the former {name} has ended")
    assert actions(fleet.ok("apply", path, "--prune", "--json")) == {}


def test_what_moves_is_never_there_twice(fleet):
    fleet.sheriff()
    for host in ("alpha", "beta"):
        fleet.deputy(host)
    path = fleet.file("fleet.json", {"processes": [{"name": "cam", "command": SLOW}]})
    fleet.ok("apply", path)
    old = fleet.pid("cam")
    fleet.file("fleet.json", {"processes": [{"name": "cam", "command": SLOW, "host": "beta"}]})
    result = fleet.ok("apply", path)
    assert "move" in result.out and "from alpha" in result.out, result
    row = fleet.proc("cam", "beta")
    assert row["state"] == "waiting" and alive(old), row
    assert row["reason"].startswith("for cam@alpha: "), row
    new = fleet.wait_state("cam", "running", host="beta")
    assert not alive(old) and alive(new["pid"])
    wait_until(lambda: fleet.proc("cam", "alpha") is None, "it is forgotten where it was")


def test_one_change_is_one_generation_or_nothing(alone):
    path = alone.file("fleet.json", {"processes": [
        {"name": "a", "command": "sleep 1000"}, {"name": "b", "command": "sleep 1000"}]})
    alone.ok("apply", path)
    pids = alone.pid("a"), alone.pid("b")
    alone.file("fleet.json", {"processes": [
        {"name": "a", "command": "sleep 1001"},
        {"name": "b", "command": "sleep 1000", "depends_on": ["c"]}]})
    assert alone.ctl("apply", path).status == 2
    assert (alone.pid("a"), alone.pid("b")) == pids


@pytest.fixture
def kept(fleet):
    """A sheriff with a file of his own, and a process that an operator has stopped."""
    path = fleet.file("fleet.yaml", "processes:\n"
                      "- {name: cam, command: sleep 1000}\n- {name: web, command: sleep 1000}\n")
    fleet.daemon = fleet.sheriff(config=path)
    fleet.keeper = fleet.deputy("alpha")
    fleet.pid("cam")
    fleet.pid("web")
    fleet.ok("stop", "cam")
    fleet.path = path
    return fleet


def stays_down(fleet):
    fleet.wait_link("alpha", "up")
    fleet.pid("web")
    assert fleet.proc("cam")["state"] == "stopped"
    assert not fleet.proc("cam")["wanted"]


def test_what_was_stopped_stays_so_over_another_file(kept):
    kept.path.write_text(kept.path.read_text().replace("cam, command: sleep 1000",
                                                       "cam, command: sleep 1001"))
    kept.ok("apply", kept.path)
    stays_down(kept)
    kept.daemon.process.send_signal(1)
    wait_until(lambda: "is applied" in kept.daemon.log, "it has read its file again")
    stays_down(kept)
    kept.ok("start", "cam")
    kept.pid("cam")


def test_what_was_stopped_stays_so_over_another_sheriff_and_a_reboot(kept):
    kept.daemon.kill()
    kept.sheriff(config=kept.path)
    stays_down(kept)
    assert kept.keeper.stop() == 0          # its processes end with it, as when a machine goes down
    kept.wait_link("alpha", "gone", "lost")
    kept.deputy("alpha")
    stays_down(kept)


def processes(fleet, *rows):
    return fleet.file("fleet.json", {"processes": list(rows)})


def test_the_history_says_who_applied_what_and_one_can_go_back(alone):
    cam = {"name": "cam", "command": "sleep 1000", "env": {"A": "b"}}
    path = processes(alone, cam)
    alone.ok("apply", path)
    alone.ok("apply", path)                                 # nothing changes, nothing is kept
    alone.ok("add", "by hand", "--", "sleep", "1000")
    processes(alone, {**cam, "command": "sleep 1001"}, {"name": "web", "command": "sleep 1000"})
    alone.ok("apply", path)
    before = alone.pid("cam")
    alone.pid("web")

    one, two = alone.ok("history", "--json").json["revisions"]
    assert (one["number"], one["added"], one["processes"]) == (1, 1, 1), one
    assert (two["number"], two["added"], two["restarted"]) == (2, 1, 1), two
    assert "procmanctl apply" in two["by"] and two["source"] == str(path), two
    assert one["time_ms"] <= two["time_ms"]
    assert "1 add, 1 restart" in alone.ok("history").out
    assert [row["name"] for row in alone.ok("history", "1", "--json").json["processes"]] == ["cam"]
    assert "sleep 1000" in alone.ok("history", "1").out
    assert actions(alone.ok("history", "--diff", "1", "2", "--json")) == {
        "cam@": ("restart", "command"), "web@": ("add",)}
    assert "they say the same" in alone.ok("history", "--diff", "2").out

    back = alone.ok("apply", "--revision", "1", "--plan", "--json")
    assert actions(back) == {"cam@alpha": ("restart", "command"), "web@alpha": ("remove",)}
    assert alone.pid("cam") == before
    assert actions(alone.ok("apply", "--revision", "1", "--json")) == actions(back)
    wait_until(lambda: alone.pid("cam") != before, "it is as it was")
    wait_until(lambda: alone.proc("web") is None, "what came later is gone")
    assert alone.proc("by hand"), "what no file defined stays"
    last = alone.ok("history", "--json").json["revisions"][-1]
    assert (last["number"], last["back_to"], last["removed"]) == (3, 1, 1), last


def test_a_revision_that_is_not_there_is_refused(alone):
    for words, status in ((["apply", "--revision", "7"], 4), (["history", "7"], 4),
                          (["apply", "--revision", "x"], 2), (["history", "0"], 2),
                          (["apply"], 2), (["history", "--diff"], 2), (["history", "1", "2"], 2)):
        result = alone.ctl(*words)
        assert result.status == status and result.err, result
    assert "no file was applied yet" in alone.ok("history").out


def test_the_history_outlives_the_sheriff_and_tells_his_own_file(kept):
    kept.path.write_text(kept.path.read_text().replace("web, command: sleep 1000",
                                                       "web, command: sleep 1001"))
    kept.daemon.process.send_signal(1)
    wait_until(lambda: len(kept.ok("history", "--json").json["revisions"]) == 2, "two revisions")
    kept.daemon.kill()
    kept.sheriff(config=kept.path)
    rows = kept.ok("history", "--json").json["revisions"]
    assert [(row["number"], row["by"], row["source"]) for row in rows] == [
        (1, "", str(kept.path)), (2, "", str(kept.path))]
    assert not (kept.state_dir / "sheriff.db").stat().st_mode & 0o077
    kept.wait_link("alpha", "up")
    kept.ok("apply", "--revision", "1")
    stays_down(kept)


def edit(fleet, script, *selectors, **more):
    """With an editor that is a shell script: $1 is the file."""
    editor = fleet.dir / "editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)
    return fleet.ctl("edit", *selectors, env={"EDITOR": str(editor), "VISUAL": "",
                                              "TMPDIR": str(fleet.dir)}, **more)


@pytest.fixture
def two(alone):
    alone.apply({"name": "cam", "command": "sleep 1000", "depends_on": ["web"]},
                {"name": "web", "command": "sleep 1000"})
    alone.pid("cam")
    return alone


def left(fleet):
    return sorted(fleet.dir.glob("procman-edit-*"))


def test_a_process_is_edited_in_an_editor(two):
    before = two.pid("cam")
    result = edit(two, "sed -i s/1000/1001/ $1", "cam")
    assert result.status == 0 and "restart" in result.out, result
    wait_until(lambda: two.pid("cam") != before, "it is restarted")
    assert "sleep 1001" in two.ok("export", "-", "cam").out
    assert "sleep 1001" not in two.ok("export", "-", "web").out
    assert left(two) == []
    result = edit(two, "cp $1 $TMPDIR/seen; sed -i s/sleep/'exec sleep'/ $1", "all", "--plan")
    assert result.status == 0 and "2 restart" in result.out, result
    assert "cam" in (two.dir / "seen").read_text() and "web" in (two.dir / "seen").read_text()


def test_an_edit_that_changes_nothing_does_nothing(two):
    result = edit(two, "true", "cam")
    assert result.status == 0 and "not changed" in result.out and left(two) == [], result


def test_what_was_edited_wrongly_is_offered_again_with_its_errors(two):
    result = edit(two, "if grep -q '^#! ' $1; then cp $1 $TMPDIR/seen; sed -i s/comand/command/ $1;"
                       "else sed -i 's/command: sleep 1000/comand: sleep 1002/' $1; fi", "cam")
    assert result.status == 0 and "did you mean" in result.err, result
    assert "did you mean" in (two.dir / "seen").read_text()
    assert "sleep 1002" in two.ok("export", "-", "cam").out
    assert left(two) == []


def test_what_was_edited_wrongly_is_kept_when_one_gives_up(two):
    result = edit(two, "grep -q '^#! ' $1 || sed -i s/command/comand/ $1", "cam")
    assert result.status == 2 and "what you wrote is in" in result.err, result
    assert "comand" in (left(two)[0] / "processes.yaml").read_text()
    assert "sleep 1000" in two.ok("export", "-", "cam").out
    result = edit(two, "if grep -q '^#! ' $1; then exit 1; fi\n"
                       "echo '  - {name: new, command: sleep 1}' >> $1", "cam")
    assert result.status == 1 and "procmanctl add" in result.err, result
    assert edit(two, "exit 3", "cam").status == 1


def test_what_was_saved_is_kept_when_the_editor_ends_badly(two):
    result = edit(two, "sed -i s/1000/1003/ $1; exit 3", "cam")
    assert result.status == 1 and "what you wrote is in" in result.err, result
    assert "sleep 1003" in (left(two)[0] / "processes.yaml").read_text()
    assert "sleep 1000" in two.ok("export", "-", "cam").out


def test_an_interrupt_in_the_editor_is_the_editors(two):
    result = edit(two, "trap '' INT QUIT; kill -INT 0; kill -QUIT 0; sed -i s/1000/1004/ $1", "cam",
                  start_new_session=True)
    assert result.status == 0 and left(two) == [], result
    assert "sleep 1004" in two.ok("export", "-", "cam").out


def test_a_process_of_a_fleet_too_large_for_one_file_is_edited(two):
    for part in range(2):
        two.apply(*({"name": f"far{part}-{n}", "host": "far", "command": "sleep 1",
                     "env": {"LONG": "x" * 60000}} for n in range(40)), deputies=["far"])
    result = edit(two, "sed -i s/1000/1005/ $1", "cam")
    assert result.status == 0 and left(two) == [], result
    assert "sleep 1005" in two.ok("export", "-", "cam").out


FLEET = """deputies: [robot1, {name: robot2, aliases: [r2.lan]}]
processes:
- {name: core, command: sleep 1000, host: robot1}
- {name: cam, command: sleep 1000, host: r2.lan, depends_on: [core@robot1]}
- {name: log, command: sleep 1000, hosts: ["robot*"]}
"""


def test_a_fleet_runs_on_one_machine_when_its_hosts_mean_that(alone):
    path = alone.file("fleet.yaml", FLEET)
    plan = alone.ok("apply", path, "--map", "robot*=localhost", "--json")
    assert set(actions(plan)) == {"core@alpha", "cam@alpha", "log@alpha"}
    for name in ("core", "cam", "log"):
        alone.pid(name)
    assert "1 host" in alone.ok("check", path, "--map", "*=localhost").out
    assert set(alone.deputies()) == {"alpha"}
    plan = alone.ok("apply", path, "--map", "robot2=alpha", "--plan", "--json")
    assert {"core@robot1", "log@robot1"} <= set(actions(plan)), plan


def test_names_that_collide_on_one_machine_are_told_with_their_place(alone):
    path = alone.file("fleet.yaml", "processes:\n- {name: cam, command: sleep 1, host: robot1}\n"
                                    "- {name: cam, command: sleep 2, host: robot2}\n")
    alone.ok("check", path)
    for verb in ("check", "apply", "up"):
        result = alone.ctl(verb, path, "--map", "robot1=localhost", "--map", "robot2=localhost")
        assert result.status == 2 and "fleet.yaml:3:" in result.err and "cam" in result.err, result
    result = alone.ctl("check", path, "--map", "robot1")
    assert result.status == 2 and "robot1=localhost" in result.err, result
