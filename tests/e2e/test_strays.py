"""Processes of earlier runs that nobody looks after: procmanctl strays."""
import contextlib
import json
import os
import subprocess

from fleet import alive, wait_until


@contextlib.contextmanager
def a_stray(fleet, deputy="alpha", slot=99):
    """A process with the mark of a life that the deputy does not know."""
    mark = {"PROCMAN_RUN": f"{deputy}/{slot}/7", "PROCMAN_GROUP": "tools", "PROCMAN_NAME": "ghost",
            "PROCMAN_DIR": str(fleet.run_dir / f"deputy-{deputy}")}
    process = subprocess.Popen(["sleep", "4799"], env={**fleet.env, **mark},
                               start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_strays_are_found_shown_and_ended_through_the_sheriff(alone):
    alone.apply({"name": "cam", "command": "sleep 4797"})
    cam = alone.pid("cam")
    assert "no strays" in alone.ok("strays").err
    with a_stray(alone) as stray:
        table = alone.ok("strays", "--plain").out.splitlines()
        assert len(table) == 1 and table[0].split("\t")[:4] == \
            ["alpha", str(stray.pid), "alpha/99/7", "tools/ghost"], table
        assert "sleep 4799" in table[0]
        row, = json.loads(alone.ok("strays", "--json", "alpha").out)["strays"]
        assert row["pid"] == stray.pid and not row.get("killed")
        assert stray.poll() is None, "looking ends nothing"

        row, = json.loads(alone.ok("strays", "--kill", "--json").out)["strays"]
        assert row["killed"] and stray.wait(5) == -15
    assert "no strays" in alone.ok("strays").err
    assert alone.pid("cam") == cam, "what is somebody's is no stray"
    events = alone.ok("events", "--plain").out
    assert "1 process of earlier runs was ended" in events and "procmanctl strays" in events


def test_who_does_not_answer_is_named(three):
    three.beta.signal(19)  # SIGSTOP of a keeper stops no brain; its brain answers for it
    try:
        os.kill(three.brain(three.gamma), 19)
        result = three.ctl("strays")
        assert result.status == 1 and "no answer from gamma" in result.err, result
        assert "alpha" not in result.err and "beta" not in result.err, result
    finally:
        three.beta.signal(18)
        with contextlib.suppress(ProcessLookupError):
            os.kill(three.brain(three.gamma), 18)
    result = three.ctl("strays", "nobody")
    assert result.status == 4 and "there is no deputy called nobody" in result.err, result


def test_without_a_sheriff_this_machine_is_searched(alone):
    alone.apply({"name": "cam", "command": "sleep 4797"})
    cam = alone.pid("cam")
    with a_stray(alone) as known, a_stray(alone, deputy="dead") as stray:
        alone.sheriffd.kill()
        result = alone.ctl("strays", "--json")
        assert result.status == 0 and "only this machine" in result.err, result
        mine = [row for row in json.loads(result.out)["strays"]
                if row["pid"] in (cam, known.pid, stray.pid)]
        assert [row["pid"] for row in mine] == [stray.pid], "alpha lives, and looks after its own"
        assert stray.poll() is None

        os.kill(alone.alpha.pid, 9)
        alone.alpha.killed = True
        wait_until(lambda: not alive(alone.alpha.pid), "the keeper is gone")
        result = alone.ctl("strays", "--json")
        assert cam in [row["pid"] for row in json.loads(result.out)["strays"]], result
    assert alive(cam)
    os.kill(cam, 9)
    wait_until(lambda: not alive(cam), "cam is dead")
