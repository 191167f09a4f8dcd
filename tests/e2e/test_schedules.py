"""What is started by time: every so often, or at minutes of the clock."""
import time

from fleet import wait_until

TICK = 'echo x >> "$1/lives"'
STAY = TICK + "; while :; do sleep 0.05; done"


def job(fleet, script=TICK, **more):
    return {"name": "job", "exec": ["sh", "-c", script, "sh", str(fleet.dir)], **more}


def lives(fleet):
    path = fleet.dir / "lives"
    return len(path.read_text().split()) if path.exists() else 0


def wait_lives(fleet, n):
    wait_until(lambda: lives(fleet) >= n, f"the job has lived {n} times")


def events(fleet, what):
    return [event for event in fleet.ok("events", "job", "--json").json["events"]
            if event["what"] == what]


def test_what_is_to_be_started_every_second_is(alone):
    alone.apply(job(alone, every="1s"))
    wait_lives(alone, 3)
    row = alone.proc("job")
    assert "next at 20" in row["reason"] or row["state"] != "exited", row
    assert row["next_start_ms"] / 1000 < time.time() + 2
    assert events(alone, "ordered")[-1]["by"] == "its schedule"
    alone.ok("stop", "job")
    n = lives(alone)
    row = alone.proc("job")
    assert "next_start_ms" not in row or row["next_start_ms"] == 0, row
    alone.ok("start", "job")                    # and from here on by time again
    wait_lives(alone, n + 2)


def test_what_still_runs_is_left_alone_or_replaced(alone):
    alone.apply(job(alone, STAY, every="1s", overlap="skip"))
    wait_until(lambda: events(alone, "left-out"), "a start was left out")
    assert lives(alone) == 1
    alone.apply(job(alone, STAY, every="1s", overlap="replace"))
    wait_lives(alone, 3)


def test_what_was_due_while_it_ran_is_started_after_it(alone):
    script = TICK + '; until [ -e "$1/gate" ]; do sleep 0.02; done'
    alone.apply(job(alone, script, every="1s", overlap="queue"))
    wait_lives(alone, 1)
    wait_until(lambda: alone.proc("job")["state"] == "running", "it runs")
    time.sleep(1.2)                             # the time is what this is about
    assert lives(alone) == 1
    (alone.dir / "gate").touch()
    wait_lives(alone, 2)


def test_a_schedule_tells_when_it_is_next_and_starts_nothing_before(alone):
    alone.apply(job(alone, schedule="0 3 1 1 *", time_zone="Europe/Berlin"))
    row = wait_until(lambda: "next at" in alone.proc("job")["reason"] and alone.proc("job"),
                     "the schedule is told")
    assert "-01-01 03:00 Europe/Berlin" in row["reason"], row
    assert lives(alone) == 0
    assert "03:00" in alone.ok("show", "job").out


def test_a_zone_that_does_not_exist_is_told(alone):
    alone.apply(job(alone, schedule="* * * * *", time_zone="Europe/Atlantis"))
    wait_until(lambda: "no such time zone" in alone.proc("job")["reason"], "it is told")


def test_what_was_due_while_the_sheriff_was_away_is_made_up_once(fleet):
    sheriff = fleet.sheriff()
    fleet.deputy("alpha")
    fleet.apply(job(fleet, every="1h"))
    wait_lives(fleet, 1)
    wait_until(lambda: fleet.proc("job")["state"] == "exited", "it has ended")
    sheriff.kill()
    fleet.sheriff()
    fleet.wait_link("alpha", "up")
    row = fleet.proc("job")
    assert row["next_start_ms"] / 1000 > time.time() + 3000, row
    assert lives(fleet) == 1                    # no second start because of the sheriff's return
