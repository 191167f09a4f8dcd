"""Our deaths are not theirs: brains and keepers go, processes and every byte of theirs stay."""
import os
import signal
import subprocess
import time
from collections import Counter

from fleet import BIN, ROOT, alive, parent, read_proc, wait_until

# Each life says so many lines, with its number in each; the pipe holds them all.
LINES = 400
BURST = (f"sh -c 'run=${{PROCMAN_RUN##*/}}; i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); "
         "echo $run $i; done; exit 3'")
WRITER = "sh -c 'trap \"exit 7\" USR1; i=0; while :; do i=$((i+1)); echo line $i; sleep 0.005; done'"


def upgrade(fleet, deputy="alpha"):
    """As an administrator does it; what it said."""
    done = subprocess.run([BIN / "deputyd", "--upgrade", "--name", deputy, "--run-dir",
                           fleet.run_dir], env=fleet.env, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def next_brain(fleet, before):
    return wait_until(lambda: (now := fleet.brain(fleet.alpha)) != before and now, "a new brain")


def lives_in(path):
    """Lines of each life in this file; each must be whole, but for the last one at the moment."""
    lives = Counter()
    for line in path.read_text().rpartition("\n")[0].splitlines():
        run, number = line.split()
        lives[run] += 1
        assert int(number) == lives[run], f"life {run}: {number} after {lives[run] - 1} lines"
    return lives


def test_a_brain_that_dies_loses_nobodys_last_words(alone):
    alone.apply({"name": "burst", "command": BURST, "auto_restart": "always",
                 "restart": {"delay": "1ms", "max_delay": "1ms"}})
    path = alone.output_file("burst")
    wait_until(path.exists, "it writes")
    for _ in range(12):
        written = len(lives_in(path))
        brain = alone.brain(alone.alpha)
        wait_until(lambda: len(lives_in(path)) > written, "more lives")
        os.kill(brain, signal.SIGKILL)
        wait_until(lambda: not alive(brain), "the brain is dead")
    alone.brain(alone.alpha)
    alone.wait_link("alpha", "up")
    alone.ok("stop", "burst")
    runs = alone.proc("burst")["run"]
    assert runs > 12
    whole = dict.fromkeys(map(str, range(1, runs)), LINES)   # the last one was stopped
    wait_until(lambda: whole.items() <= lives_in(path).items(), "every life is in the file")


def test_the_last_words_of_a_removed_process_outlive_the_brain(alone):
    alone.apply({"name": "job", "command": f"sh -c 'trap \"seq 1 {LINES}; exit\" TERM; "
                                           "echo begun; while :; do sleep 0.01; done'"})
    path = alone.output_file("job")
    wait_until(lambda: path.exists() and path.read_text() == "begun\n", "it has begun")
    brain = alone.brain(alone.alpha)
    alone.ok("remove", "job")
    os.kill(brain, signal.SIGKILL)
    wait_until(lambda: path.read_text().splitlines()[-1:] == [str(LINES)], "its last word")
    said = [line for line in path.read_text().splitlines() if line.isdigit()]
    assert said == [str(i) for i in range(1, LINES + 1)]


def test_a_brain_that_hangs_is_replaced_and_no_process_notices(alone):
    alone.apply({"name": "cam", "command": "sleep 4711"})
    pid, brain = alone.pid("cam"), alone.brain(alone.alpha)
    os.kill(brain, signal.SIGSTOP)
    wait_until(lambda: not alive(brain), "it is ended", 30)
    next_brain(alone, brain)
    alone.wait_link("alpha", "up")
    assert alone.pid("cam") == pid
    assert "hangs" in alone.alpha.log


def test_an_upgrade_leaves_twenty_writers_as_they_are(alone):
    names = [f"w{i:02}" for i in range(20)]
    alone.apply(*({"name": name, "command": WRITER} for name in names))
    before = {name: alone.pid(name) for name in names}
    brain, start = alone.brain(alone.alpha), read_proc(alone.alpha.pid, "stat").split()[21]
    for _ in range(3):
        assert "processes that go on: 20" in upgrade(alone)
        brain = next_brain(alone, brain)
    assert read_proc(alone.alpha.pid, "stat").split()[21] == start and alone.alpha.running
    alone.wait_link("alpha", "up")
    assert {name: alone.pid(name) for name in names} == before
    assert all(parent(pid) == alone.alpha.pid for pid in before.values())
    for pid in before.values():
        os.kill(pid, signal.SIGUSR1)
    for name in names:
        assert alone.wait_state(name, "failed")["exit_code"] == 7
        lines = alone.output_file(name).read_text().splitlines()
        assert lines == [f"line {i}" for i in range(1, len(lines) + 1)], name


def test_an_end_in_the_middle_of_an_upgrade_is_known_exactly(alone):
    alone.apply({"name": "job", "command": "sh -c 'while [ ! -e go ]; do sleep 0.001; done; exit 9'",
                 "working_dir": str(alone.dir), "autostart": False})
    for turn in range(5):
        alone.ok("start", "job")
        orders = subprocess.Popen([BIN / "deputyd", "--upgrade", "--name", "alpha", "--run-dir",
                                   alone.run_dir], env=alone.env, stdout=subprocess.DEVNULL)
        time.sleep(0.01 * turn)
        (alone.dir / "go").touch()
        assert orders.wait(60) == 0
        assert alone.wait_state("job", "failed")["exit_code"] == 9
        (alone.dir / "go").unlink()


def test_an_upgrade_is_refused_with_a_sentence_and_changes_nothing(fleet):
    fleet.sheriffd = fleet.sheriff()
    fleet.alpha = fleet.deputy("alpha")
    fleet.apply({"name": "cam", "command": "sleep 4712"})
    pid, brain = fleet.pid("cam"), fleet.brain(fleet.alpha)
    command = [BIN / "deputyd", "--upgrade", "--name", "nobody", "--run-dir", fleet.run_dir]
    done = subprocess.run(command, env=fleet.env, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1 and "no deputyd named nobody runs here" in done.stderr
    assert (fleet.pid("cam"), fleet.brain(fleet.alpha)) == (pid, brain)


def test_told_to_end_during_an_upgrade_it_ends_in_order(alone):
    alone.apply({"name": "cam", "command": "sleep 4714"})
    pid = alone.pid("cam")
    alone.alpha.signal(signal.SIGUSR2)
    assert alone.alpha.stop() == 0, alone.alpha.log
    assert not alive(pid)


def test_the_service_manager_leaves_the_processes_to_the_deputy():
    unit = (ROOT / "scripts" / "systemd" / "deputyd.service.in").read_text().splitlines()
    assert "KillMode=process" in unit      # what a keeper's death leaves is the next one's
    assert "Restart=always" in unit
    assert "ExecReload=@CMAKE_INSTALL_FULL_SBINDIR@/deputyd --upgrade" in unit
