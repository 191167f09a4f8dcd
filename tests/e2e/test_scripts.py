"""Scripts: steps done by the sheriff, waited for by nobody or by whoever likes to."""
import signal
import xml.etree.ElementTree as xml

import pytest

from fleet import alive, wait_until

LOOP = ["sh", "-c", "while :; do sleep 0.1; done"]


def loop(name, **more):
    return {"name": name, "exec": LOOP, "autostart": False, **more}


def once(fleet, name, code=0):
    """Runs until its gate is opened, then ends with that code; its lives are counted."""
    script = f'echo x >> "$1.lives"; until [ -e "$1.gate" ]; do sleep 0.02; done; exit {code}'
    return {"name": name, "exec": ["sh", "-c", script, "sh", str(fleet.dir / name)],
            "autostart": False}


def open_gate(fleet, name):
    (fleet.dir / f"{name}.gate").touch()


def lives(fleet, name):
    path = fleet.dir / f"{name}.lives"
    return len(path.read_text().split()) if path.exists() else 0


def last_run(fleet):
    runs = fleet.ok("script", "status", "--json").json["runs"]
    return runs[0] if runs else None


def wait_step(fleet, nth, state):
    def there():
        run = last_run(fleet)
        return run and len(run["steps"]) > nth and run["steps"][nth].get("state", "todo") == state
    wait_until(there, f"step {nth} is {state}")


def wait_run(fleet, *states):
    wait_until(lambda: (last_run(fleet) or {}).get("state") in states, f"the run is {states}")
    return last_run(fleet)


def test_a_script_brings_up_what_it_says_in_its_order(alone):
    alone.apply(once(alone, "load"), loop("cam", group="drivers"), loop("planner"),
              scripts={"go": [{"start": "load", "wait": "exited", "timeout": "30s"},
                              {"start": "drivers/", "wait": "running"},
                              {"sleep": "50ms"},
                              {"parallel": [{"restart": "planner", "wait": "running"},
                                            {"run": "rest"}]}],
                       "rest": [{"stop": "cam", "wait": "stopped"}]})
    listed = alone.ok("script", "--json").json["scripts"]
    assert [script["name"] for script in listed] == ["go", "rest"]
    assert "start load, wait: exited, timeout: 30s" in alone.ok("script", "show", "go").out
    client = alone.follow("script", "run", "go")
    wait_step(alone, 0, "doing")
    assert alone.proc("cam")["run"] == 0      # not before load has ended
    open_gate(alone, "load")
    assert client.end() == 0, client.log
    assert "2/7  start drivers/, until running" in client.log
    assert "script go: done after" in client.log
    assert alone.proc("planner")["state"] == "running"
    assert alone.proc("cam")["state"] == "stopped"
    run = last_run(alone)
    assert run["state"] == "done" and [step["state"] for step in run["steps"]] == ["done"] * 7
    events = alone.ok("events", "--json").json["events"]
    words = [event["what"] for event in events if event["what"].startswith("script-")]
    assert words[0] == "script-began" and words[-1] == "script-ended"
    assert all("procmanctl script" in event["by"] for event in events
               if event["what"].startswith("script-"))


def test_what_fails_ends_the_script_or_not_as_it_says(alone):
    alone.apply(once(alone, "bad", code=3), loop("cam"), loop("late"),
              scripts={"strict": [{"start": "bad", "wait": "exited"}, {"start": "cam"}],
                       "lax": [{"start": "bad", "wait": "exited", "on_failure": "continue"},
                               {"start": "late", "wait": "running"}]})
    open_gate(alone, "bad")
    strict = alone.ctl("script", "run", "strict")
    assert strict.status == 1 and "exit" in strict.err and "bad" in strict.err, strict
    assert [step.get("state") for step in last_run(alone)["steps"]] == ["failed", "skipped"]
    assert alone.proc("cam")["state"] == "stopped"
    assert alone.ctl("script", "run", "lax").status == 0
    assert alone.proc("late")["state"] == "running"


def test_a_step_that_takes_too_long_says_what_it_waited_for(alone):
    alone.apply(once(alone, "slow"),
              scripts={"go": [{"start": "slow", "wait": "exited", "timeout": "300ms"}],
                       "all": [{"start": "slow", "wait": "exited"}]})
    result = alone.ctl("script", "run", "go")
    assert result.status == 124 and "slow@alpha is running" in result.err, result
    result = alone.ctl("script", "run", "all", "--timeout", "300ms")
    assert result.status == 124 and "not done in time" in result.err, result


def test_one_script_at_a_time_and_a_second_learns_whose_it_is(alone):
    alone.apply(once(alone, "job"), scripts={"go": [{"start": "job", "wait": "exited"}]})
    alone.ok("script", "run", "go", "--detach")
    second = alone.ctl("script", "run", "go")
    assert second.status == 1 and "is being run by" in second.err, second
    assert "start job" in second.err and "script abort" in second.err, second
    assert "start job" in alone.ok("script", "status").out
    alone.ok("script", "abort")
    assert wait_run(alone, "aborted")["reason"].startswith("aborted by")
    assert alone.proc("job")["state"] == "running"        # what was started stays
    assert alone.ctl("script", "abort").status == 3
    open_gate(alone, "job")


def test_a_client_that_leaves_does_not_end_the_script(alone):
    alone.apply(once(alone, "job"), loop("cam"),
              scripts={"go": [{"start": "job", "wait": "exited"},
                              {"start": "cam", "wait": "running"}]})
    client = alone.follow("script", "run", "go")
    wait_step(alone, 0, "doing")
    client.signal(signal.SIGINT)
    assert client.end() == 130
    assert "the script goes on" in client.log
    open_gate(alone, "job")
    assert wait_run(alone, "done", "failed")["state"] == "done"
    assert alone.proc("cam")["state"] == "running"


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_script_survives_its_sheriff(fleet, how):
    sheriff = fleet.sheriff()
    fleet.deputy("alpha")
    fleet.apply(once(fleet, "job"), loop("cam"),
                scripts={"go": [{"restart": "job", "wait": "exited"},
                                {"start": "cam", "wait": "running"}]})
    client = fleet.follow("script", "run", "go")
    wait_step(fleet, 0, "doing")
    wait_until(lambda: lives(fleet, "job") == 1, "the job lives")
    pid = fleet.pid("job")
    getattr(sheriff, how)()
    assert alive(pid)
    fleet.sheriff()
    fleet.wait_link("alpha", "up")
    assert last_run(fleet)["steps"][0]["state"] == "doing"
    open_gate(fleet, "job")
    assert client.end() == 0, client.log
    assert "it goes on" in client.log or "goes on when it is back" in client.log
    assert lives(fleet, "job") == 1         # the restart was not ordered twice
    assert last_run(fleet)["state"] == "done"


def test_what_is_not_there_is_told_before_the_first_step(alone):
    alone.apply(loop("cam"), loop("lidar"),
              scripts={"go": [{"start": "cam"}, {"start": "lidar"}, {"stop": "lidar"}]})
    alone.ok("remove", "lidar")
    result = alone.ctl("script", "run", "go")
    assert result.status == 4 and "step 2" in result.err and "step 3" in result.err, result
    assert alone.proc("cam")["run"] == 0
    result = alone.ctl("script", "run", "goo")
    assert result.status == 4 and "did you mean go?" in result.err, result


def test_a_test_rig_repeats_a_script_and_reads_junit(alone):
    alone.apply(once(alone, "ok <&>\"'"), once(alone, "bad", code=1),
              scripts={"soak": [{"start": "ok*", "wait": "exited"}],
                       "fails": [{"start": "bad", "wait": "exited"}, {"stop": "bad"}]})
    open_gate(alone, "ok <&>\"'")
    open_gate(alone, "bad")
    result = alone.ok("script", "run", "soak", "--repeat", "3", "--junit", "soak.xml")
    assert "3 runs, 0 failed" in result.out
    suites = xml.parse(alone.dir / "soak.xml").getroot()
    assert [suite.get("tests") for suite in suites] == ["1", "1", "1"]
    assert lives(alone, "ok <&>\"'") == 3
    result = alone.ctl("script", "run", "fails", "--until-fail", "--repeat", "9",
                     "--junit", "fails.xml", "--json")
    assert result.status == 1 and len(result.json["runs"]) == 1, result
    suite = xml.parse(alone.dir / "fails.xml").getroot()[0]
    assert suite.get("failures") == "1" and suite.get("skipped") == "1"
    assert "bad@alpha" in suite[0][0].get("message")


@pytest.mark.parametrize("words", [["run"], ["show"], ["jump"], ["list", "x"],
                                   ["run", "x", "--repeat", "0"],
                                   ["run", "x", "--detach", "--repeat", "2"]])
def test_misuse_is_told(alone, words):
    assert alone.ctl("script", *words).status == 2


def test_scripts_are_exported_with_the_fleet_and_go_when_a_file_has_them_no_more(alone):
    scripts = {"go": [{"start": "cam", "wait": "running", "timeout": "5s"},
                      {"parallel": [{"sleep": "10ms"}, {"stop": ["cam", "!lidar"]}]}]}
    alone.apply(loop("cam"), loop("lidar"), scripts=scripts)
    before = alone.ok("script", "show", "go").out.splitlines()[1:]
    alone.ok("export", "fleet.yaml")
    alone.ok("export", "all.json")
    alone.apply(loop("cam"), loop("lidar"))     # without pruning they stay
    assert alone.ok("script", "show", "go").out.splitlines()[1:] == before
    path = alone.file("less.json", {"processes": [loop("cam"), loop("lidar")]})
    alone.ok("apply", path, "--prune")
    assert alone.ctl("script", "show", "go").status == 4
    for name in ("fleet.yaml", "all.json"):
        alone.ok("apply", name)
        assert alone.ok("script", "show", "go").out.splitlines()[1:] == before
        alone.ok("apply", path, "--prune")
