"""Why is it like that? What is kept of how lives ended, over everybody's deaths."""
import contextlib
import os
import signal
import sqlite3
import time

import pytest

from fleet import alive, wait_until

CRASH = {"auto_restart": "always", "restart": {"delay": "10ms", "max_delay": "20ms"}}


def down(name, command, **more):
    return {"name": name, "command": command, "autostart": False, **more}


def story(fleet, name):
    return fleet.ok("why", name, "--json").json["processes"][0]


def past(fleet, name, least=1, **having):
    """The ends of its lives, when there are so many, the last one like this."""
    def there():
        ends = story(fleet, name)["past"]
        fits = ends and all(ends[-1][key] == value for key, value in having.items())
        return ends if len(ends) >= least and (fits or not having) else None
    return wait_until(there, f"{least} ends of {name} with {having}")


def in_store(fleet, sheriff, query):
    """What a sheriff leaves behind on its disk."""
    assert sheriff.stop() == 0
    with contextlib.closing(sqlite3.connect(next(fleet.state_dir.rglob("*.db")))) as store, store:
        return store.execute(query).fetchall()


@pytest.mark.parametrize("command, having, words", [
    ("sh -c 'echo too cold; exit 3'", {"exit_code": 3, "tail": "too cold\n"}, "exit code 3"),
    ("sh -c 'kill -HUP $$'", {"exit_signal": signal.SIGHUP}, "killed by SIGHUP"),
    ("/nope/nothing", {"stage": "exec", "error": 2, "lived_ms": 0}, "No such file"),
    ("sh -c 'echo a; echo b >&2'", {"exit_code": 0, "output_end": 4}, "exit code 0"),
])
def test_an_end_is_told_with_its_cause_and_its_last_lines(alone, command, having, words):
    alone.apply(down("cam", command))
    alone.ctl("start", "cam")
    end = past(alone, "cam", **having)[-1]
    assert words in end["reason"] and not end["told"] and end["run"] == 1
    assert "procmanctl start" in end["by"]
    assert abs(end["ended_ms"] / 1000 - time.time()) < 20
    said = alone.ok("why", "cam").out
    assert words in said and "procmanctl start" in said, said
    for line in having.get("tail", "").splitlines():
        assert f"| {line}" in said


def test_the_ends_of_more_processes_than_one_question_names(alone):
    alone.apply(*({"name": f"p{i}", "command": f"exit {i % 7}"} for i in range(170)))

    def told():
        stories = alone.ok("why", "--json", "p*").json["processes"]
        return stories if all(story["past"] for story in stories) else None
    stories = wait_until(told, "all ends are told")
    assert len(stories) == 170
    for row in stories:
        name, code = row["process"]["name"], row["past"][-1]["exit_code"]
        assert row["past"][-1]["name"] == name and code == int(name[1:]) % 7, row


def test_a_core_dump_and_what_a_life_has_used(alone):
    alone.apply(down("heavy", "sh -c 'ulimit -c unlimited; i=0; while [ $i -lt 100000 ]; "
                     "do i=$((i+1)); done; kill -SEGV $$'"))
    alone.ctl("start", "heavy")
    end = past(alone, "heavy", exit_signal=signal.SIGSEGV)[-1]
    assert end["cpu_ms"] > 0 and end["peak_bytes"] > 100000 and end["lived_ms"] > 0
    assert "SIGSEGV" in end["reason"]
    if end["core_dumped"]:
        assert "core dumped" in end["reason"]


def test_an_ordered_stop_says_who(alone):
    alone.apply(down("cam", "sleep 1000"))
    alone.ok("start", "cam")
    alone.ok("stop", "cam")
    end = past(alone, "cam", told=True)[-1]
    assert "procmanctl stop" in end["by"] and "stopped as ordered" in end["reason"]
    alone.ok("start", "cam")
    alone.ok("restart", "cam")
    end = past(alone, "cam", least=2)[-1]
    assert "procmanctl restart" in end["by"] and end["told"]
    assert "ended by order of" in alone.ok("why", "cam").out


def test_the_story_of_what_runs_waits_and_fails(alone):
    alone.apply(down("runs", "sleep 1000"), down("loops", "sh -c 'exit 3'", **CRASH),
                down("fails", "/nope/nothing"), down("far", "true", host="elsewhere"))
    alone.ctl("start", "runs", "loops", "fails")
    alone.ctl("start", "far", "--no-wait")
    assert "runs@alpha is running for" in alone.ok("why", "runs").out
    past(alone, "loops", least=5)
    said = alone.ok("why", "loops").out
    assert "times in the last 5m, each time: exit code 3" in said, said
    said = alone.ok("why", "fails").out
    assert "has failed" in said and "Cure:" in said and "procmanctl start 'fails@alpha'" in said
    said = alone.ok("why", "far").out
    assert "elsewhere has never connected" in said and "deputyd" in said, said


def test_why_answers_for_several_and_says_what_it_does_not_know(alone):
    alone.apply(down("a", "true"), down("b", "true"))
    both = alone.ok("why", "a", "b", "--json").json
    assert both["schema"] == "procman.v1"
    assert [row["process"]["name"] for row in both["processes"]] == ["a", "b"]
    assert alone.ctl("why", "nobody").status == 4
    assert alone.ctl("why").status == 2
    wait_until(lambda: "never run" in alone.ok("why", "a").out, "its deputy has answered")


def test_lines_that_would_command_the_terminal_do_not(alone):
    alone.apply(down("rude", r"printf '\033[2Jgone\007\nand \377 back\n'"))
    alone.ctl("start", "rude")
    past(alone, "rude", exit_code=0)
    said = alone.ok("why", "rude").out
    assert "\033" not in said and "\007" not in said and "| gone" in said


def test_show_has_the_last_runs(alone):
    alone.apply(down("cam", "sh -c 'exit 3'"))
    alone.ctl("start", "cam")
    past(alone, "cam")
    assert "run 1 after" in alone.ok("show", "cam").out
    assert alone.ok("show", "cam", "--json").json["processes"][0]["past"][0]["exit_code"] == 3


def test_a_brain_killed_between_an_end_and_its_noting_forgets_nothing(fleet):
    sheriff = fleet.sheriff()
    deputy = fleet.deputy("alpha")
    fleet.apply(down("cam", "sh -c 'echo up; sleep 1000'"))
    fleet.ok("start", "cam")
    pid = fleet.pid("cam")
    sheriff.kill()
    os.kill(pid, signal.SIGKILL)
    kept = fleet.run_dir / "deputy-alpha" / "past"
    wait_until(lambda: kept.stat().st_size > 0, "the end is in the file")
    os.kill(fleet.brain(deputy), signal.SIGKILL)
    fleet.sheriff()
    end = past(fleet, "cam", exit_signal=signal.SIGKILL, tail="up\n")
    assert len(end) == 1
    wait_until(lambda: kept.stat().st_size == 0, "the file is empty when all is noted")


def test_a_brain_killed_again_and_again_tells_every_end_once(fleet):
    fleet.sheriff()
    deputy = fleet.deputy("alpha")
    fleet.apply(down("loop", "sh -c 'exit 3'", **CRASH))
    fleet.ok("start", "loop", "--no-wait")
    for _ in range(6):
        os.kill(fleet.brain(deputy), signal.SIGKILL)
        time.sleep(0.15)     # whatever it is doing then
    fleet.ctl("stop", "loop", "--no-wait")
    fleet.wait_state("loop", "stopped")
    last = fleet.proc("loop")["run"]
    ends = past(fleet, "loop", run=last)
    runs = [end["run"] for end in ends]
    assert runs == sorted(set(runs)) and len(runs) == len(range(runs[0], last + 1)), runs


def test_two_hundred_deaths_while_the_sheriff_is_away(fleet):
    sheriff = fleet.sheriff()
    fleet.deputy("alpha")
    names = [f"p{i}" for i in range(20)]
    fleet.apply(*[down(name, "sh -c 'exit 3'", **CRASH) for name in names])
    fleet.ok("start", "all", "--no-wait")
    wait_until(lambda: all(row["run"] for row in fleet.status()), "the deputy has the order")
    sheriff.kill()
    kept = fleet.run_dir / "deputy-alpha" / "past"
    wait_until(lambda: kept.stat().st_size > 200 * 150, "two hundred have died")
    sheriff = fleet.sheriff()
    fleet.wait_link("alpha", "up")
    fleet.ok("stop", "all")
    wait_until(lambda: kept.stat().st_size == 0, "all is noted")
    for name in names:
        runs = [end["run"] for end in story(fleet, name)["past"]]
        assert runs == list(range(runs[0], runs[-1] + 1)), (name, runs)
        assert runs[0] == 1 or len(runs) == 50
    rows = in_store(fleet, sheriff, "SELECT host, name, run FROM past")
    assert len(rows) >= 200 and len(set(rows)) == len(rows)


def test_the_past_outlives_the_sheriff_and_the_process(fleet):
    sheriff = fleet.sheriff()
    fleet.deputy("alpha")
    fleet.apply(down("cam", "sh -c 'exit 3'"))
    fleet.ctl("start", "cam")
    before = past(fleet, "cam")
    sheriff.kill()
    fleet.sheriff()
    assert story(fleet, "cam")["past"] == before
    fleet.ok("remove", "cam")
    fleet.apply(down("cam", "true"))
    assert story(fleet, "cam")["past"] == before


def test_the_end_of_a_deputy_is_nobodys_order(fleet):
    fleet.sheriff()
    deputy = fleet.deputy("alpha")
    fleet.apply(down("cam", "sleep 1000"))
    fleet.ok("start", "cam")
    assert deputy.stop() == 0
    fleet.deputy("alpha")
    end = past(fleet, "cam")[0]
    assert end["by"] == "" and "its deputy ended" in end["reason"]


def test_a_life_whose_end_nobody_saw_is_told_as_that(fleet):
    fleet.sheriff()
    deputy = fleet.deputy("alpha")
    fleet.apply(down("cam", "sleep 1000"))
    fleet.ok("start", "cam")
    pid = fleet.pid("cam")
    os.kill(deputy.pid, signal.SIGKILL)
    deputy.killed = True
    deputy.end()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "it is dead")
    fleet.wait_state("cam", "lost")
    said = fleet.ok("why", "cam").out
    assert "is out of sight" in said and "Its deputy alpha was last heard" in said, said
    assert "is deputyd running on alpha" in said, said
    fleet.deputy("alpha")
    assert past(fleet, "cam")[-1]["unknown"]
    assert "not known" in fleet.ok("why", "cam").out


def memory_cgroup():
    """A place under which memory can be limited, or None."""
    for root in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        try:
            path = f"{root}/procman-why-{os.getpid()}"
            os.mkdir(path)
        except OSError:
            continue
        for limit in ("memory.limit_in_bytes", "memory.max"):
            try:
                with open(f"{path}/{limit}", "w", encoding="ascii") as file:
                    file.write("20M")
                return path
            except OSError:
                continue
        os.rmdir(path)
    return None


def test_a_process_that_the_kernel_killed_for_memory(alone):
    group = memory_cgroup()
    if group is None:
        pytest.skip("no memory cgroup can be made here")
    hungry = ("sh -c 'echo $$ > %s/cgroup.procs; exec /usr/bin/python3 -c \"x = bytearray(200 << 20)\"'"
              % group)
    try:
        alone.apply(down("hungry", hungry))
        alone.ctl("start", "hungry")
        end = past(alone, "hungry", exit_signal=signal.SIGKILL)[-1]
        assert end["oom"] and "memory" in end["reason"]
        assert "more memory" in alone.ok("why", "hungry").out
    finally:
        alone.ok("stop", "hungry")
        os.rmdir(group)


def test_events_survive_the_sheriff_and_are_bounded(fleet):
    sheriff = fleet.sheriff()
    fleet.deputy("alpha")
    fleet.apply(down("cam", "sleep 1000"))
    fleet.ok("start", "cam")
    before = fleet.ok("events", "cam", "-n", "all", "--json").json["events"]
    assert any(event["what"] == "running" for event in before)
    # a store in which a year has gone by
    in_store(fleet, sheriff, "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n "
             "WHERE i < 102000) INSERT INTO events SELECT i, 1, 'alpha', '', 'cam', 'running', "
             "'long ago', '' FROM n")
    sheriff = fleet.sheriff()
    fleet.wait_link("alpha", "up")
    fleet.ok("stop", "cam")
    after = fleet.ok("events", "cam", "-n", "100", "--json").json["events"]
    assert after[-1]["seq"] > 102000 and any(event["what"] == "stopped" for event in after)
    [[kept]] = in_store(fleet, sheriff, "SELECT count(*) FROM events")
    assert kept == 100000
