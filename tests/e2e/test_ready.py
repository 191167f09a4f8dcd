"""When a process is ready and well, seen from outside: real ports, files, commands and sockets."""
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from fleet import BIN, alive, free_ports, wait_until

PYTHON = "/usr/bin/python3"

# Ports that answer only after a while, and a server that says how it is.
LISTENER = """
import os, socket, sys, time
while not os.path.exists(sys.argv[2]): time.sleep(0.01)
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: s.accept()[0].close()
"""
SERVER = """
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204 if os.path.exists(sys.argv[2]) and self.path == "/ok?x" else 503)
        self.end_headers()
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
# Says each line that it finds in a file, as soon as it is there, to the socket it was told.
TALKER = """
import os, socket, sys, time
s, said = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), 0
while True:
    lines = open(sys.argv[1]).read().split("\\n")[:-1] if os.path.exists(sys.argv[1]) else []
    for line in lines[said:]:
        s.sendto(line.encode(), os.environ["NOTIFY_SOCKET"])
    said = len(lines)
    time.sleep(0.02)
"""


def program(fleet, name, text):
    path = fleet.dir / f"{name}.py"
    path.write_text(text)
    return path


def begin(fleet, name="cam", **spec):
    """Start it without waiting for what comes of it."""
    fleet.apply({"name": name, "autostart": False, "stop": {"timeout": "1s"}, **spec})
    fleet.ok("start", name, "--no-wait")


def pid_starting(fleet, name="cam"):
    """Of a process that lives and is not ready: it is starting before it is born, too."""
    def born():
        row = fleet.proc(name)
        return row and row["state"] == "starting" and row["pid"]
    return wait_until(born, f"{name} is born and not yet ready")


def wait_run(fleet, run, name="cam"):
    """Until that life of it is ready; the one before may be running for a while yet."""
    def there():
        row = fleet.proc(name)
        return row["state"] == "running" and row["run"] == run
    wait_until(there, f"life {run} of {name} is running")


def reason(fleet, name="cam"):
    return fleet.proc(name)["reason"]


def wait_reason(fleet, part, name="cam"):
    return wait_until(lambda: part in reason(fleet, name) and reason(fleet, name),
                      f"the reason of {name} tells of '{part}'")


def next_brain(fleet, before):
    return wait_until(lambda: (now := fleet.brain(fleet.alpha)) != before and now, "a new brain")


def kill_brain(fleet):
    brain = fleet.brain(fleet.alpha)
    os.kill(brain, signal.SIGKILL)
    next_brain(fleet, brain)
    fleet.wait_link("alpha", "up")


# ---- ready ----------------------------------------------------------------------------------

def test_a_port_that_answers_makes_it_ready(alone):
    port, gate = free_ports(), alone.dir / "gate"
    script = program(alone, "listener", LISTENER)
    begin(alone, exec=[PYTHON, str(script), str(port), str(gate)],
          ready={"tcp": port, "timeout": "60s"})
    alone.wait_state("cam", "starting")
    assert wait_reason(alone, "refused") == f"not ready yet: tcp {port}: connection refused"
    gate.touch()
    alone.ok("start", "cam")            # waits until it is ready
    assert alone.proc("cam")["state"] == "running"


def test_a_url_that_answers_well_makes_it_ready(alone):
    port, gate = free_ports(), alone.dir / "gate"
    script = program(alone, "server", SERVER)
    begin(alone, exec=[PYTHON, str(script), str(port), str(gate)],
          ready={"http": f"http://localhost:{port}/ok?x", "timeout": "60s"})
    wait_reason(alone, "status 503 Service Unavailable")
    gate.touch()
    alone.wait_state("cam", "running")


def test_a_command_that_ends_well_makes_it_ready(alone):
    begin(alone, command="sleep 4711", working_dir=str(alone.dir), env={"GATE": "gate"},
          ready={"exec": "echo looking; echo no $GATE yet >&2; test -e $GATE", "timeout": "60s"})
    wait_reason(alone, "exit code 1: no gate yet")
    (alone.dir / "gate").touch()
    alone.wait_state("cam", "running")
    assert len(alone.status()) == 1


def test_a_line_makes_it_ready_and_none_is_missed(alone):
    begin(alone, command="sh -c 'echo first frame; exec sleep 4711'",
          ready={"log": "^first fr[a-z]+$", "timeout": "60s"})
    alone.wait_state("cam", "running")
    alone.ok("restart", "cam", "--no-wait")         # of this life, not of the one before
    wait_run(alone, 2)


def test_a_line_of_the_life_before_makes_nobody_ready(alone):
    flag = alone.dir / "flag"
    begin(alone, command=f"sh -c '[ -e {flag} ] || echo ready; touch {flag}; exec sleep 4711'",
          ready={"log": "ready", "timeout": "1s"})
    alone.wait_state("cam", "running")
    alone.ok("restart", "cam", "--no-wait")
    alone.wait_state("cam", "failed")
    assert reason(alone) == ("not ready within 1s: it has not written a line like /ready/; "
                             "not to be restarted")


def test_a_hostile_log_hides_no_line(alone):
    script = program(alone, "hostile", "\n".join([
        "import os, time",
        "os.write(1, b'x' * (1 << 20) + bytes(1 << 16) + b'rea')",
        "os.write(2, b'in between\\n')",
        "os.write(1, b'dy now' + b'y' * (1 << 20))",
        "time.sleep(4711)"]))
    begin(alone, exec=[PYTHON, str(script)], ready={"log": "ready now", "timeout": "60s"})
    alone.wait_state("cam", "running")


def test_a_process_that_says_so_is_ready_and_shows_its_status(alone):
    lines, script = alone.dir / "lines", program(alone, "talker", TALKER)
    begin(alone, exec=[PYTHON, str(script), str(lines)], ready={"notify": True, "timeout": "60s"})
    alone.wait_state("cam", "starting")
    assert reason(alone) == "not ready yet: it has not said READY=1"
    lines.write_text("STATUS=two cameras\n")
    wait_reason(alone, "two cameras")
    assert alone.proc("cam")["state"] == "starting"
    lines.write_text("STATUS=two cameras\nREADY=1\n")
    alone.wait_state("cam", "running")
    assert reason(alone) == "two cameras"
    with open(lines, "a") as more:
        more.writelines(f"STATUS=frame {i}\n" for i in range(200))
    wait_reason(alone, "frame 199")
    alone.ok("stop", "cam")
    said = wait_until(lambda: "stopped" in (out := alone.ok("events", "cam").out) and out, "the end")
    assert "frame" not in said and "two cameras" not in said    # chatter is no event
    assert "frame" not in reason(alone)


def test_a_child_that_has_left_its_session_may_say_so(alone):
    lines, script = alone.dir / "lines", program(alone, "talker", TALKER)
    begin(alone, command=f"sh -c '(setsid {PYTHON} {script} {lines} &); exec sleep 4711'",
          ready={"notify": True, "timeout": "60s"})
    lines.write_text("READY=1\n")
    alone.wait_state("cam", "running")


def test_a_strangers_word_counts_for_nothing(alone):
    lines, script = alone.dir / "lines", program(alone, "talker", TALKER)
    begin(alone, exec=[PYTHON, str(script), str(lines)], ready={"notify": True, "timeout": "60s"})
    environ = open(f"/proc/{pid_starting(alone)}/environ", "rb").read().split(b"\0")
    stolen = dict(entry.decode().split("=", 1) for entry in environ if b"=" in entry)
    subprocess.run([PYTHON, "-c", "import os, socket\n"
                    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                    "for i in range(100): s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])"],
                   env=stolen, check=True)
    wait_until(lambda: "none of ours" in alone.alpha.log, "the deputy says so")
    assert alone.proc("cam")["state"] == "starting"
    assert alone.alpha.log.count("none of ours") == 1
    lines.write_text("READY=1\n")
    alone.wait_state("cam", "running")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs processes as others")
def test_one_that_runs_as_another_user_may_say_so(alone):
    os.chmod(alone.dir, 0o755)
    lines, script = alone.dir / "lines", program(alone, "talker", TALKER)
    lines.write_text("READY=1\n")
    begin(alone, exec=[PYTHON, str(script), str(lines)], run_as={"user": "nobody"},
          ready={"notify": True, "timeout": "60s"})
    alone.wait_state("cam", "running")


def test_after_a_while_it_is_ready(alone):
    begin(alone, command="sleep 4711", ready={"after": "700ms"})
    alone.wait_state("cam", "starting")
    alone.wait_state("cam", "running")


# ---- not ready ------------------------------------------------------------------------------

def test_one_that_is_not_ready_in_time_has_failed(alone):
    port = free_ports()
    begin(alone, command="sleep 4711", ready={"tcp": port, "timeout": "1s"})
    result = alone.ctl("start", "cam")
    assert result.status == 1 and "not ready within 1s" in result.out + result.err, result
    row = alone.wait_state("cam", "failed")
    assert row["reason"] == (f"not ready within 1s: tcp {port}: connection refused; "
                             "not to be restarted")
    wait_until(lambda: not alone.copies("4711"), "nothing of it is left")
    assert "not ready within 1s" in alone.ok("why", "cam").out


def test_one_that_is_never_ready_is_tried_again_ever_later(alone):
    begin(alone, command="sleep 4711", ready={"after": "1h"}, auto_restart="on-failure")
    alone.wait_state("cam", "starting")
    port = free_ports()
    alone.apply({"name": "cam", "command": "sleep 4711", "auto_restart": "on-failure",
                 "autostart": False, "ready": {"tcp": port, "timeout": "200ms"},
                 "restart": {"delay": "10ms", "max_delay": "10s", "factor": 10,
                             "max_failures": 3}})
    row = alone.wait_state("cam", "failed")
    assert "not ready within 200ms" in row["reason"]
    assert "gave up after too many failures" in row["reason"]
    assert row["restarts"] == 2


def test_a_command_that_hangs_is_ended_with_all_it_began(alone):
    begin(alone, command="sleep 4711", ready={"exec": "sleep 4712 & sleep 4713; wait",
                                              "timeout": "1s"})
    wait_until(lambda: alone.copies("4713"), "it looks")
    row = alone.wait_state("cam", "failed")
    assert "not ready within 1s" in row["reason"]
    wait_until(lambda: not alone.copies("471"), "nothing of it is left")


# ---- over the death of a brain, or of all -----------------------------------------------------

def test_what_it_wrote_and_said_while_no_brain_lived_is_heard(alone):
    gate, lines = alone.dir / "gate", alone.dir / "lines"
    talker = program(alone, "talker", TALKER)
    begin(alone, command=f"sh -c 'until [ -e {gate} ]; do sleep 0.01; done; echo ready; "
                         "exec sleep 4711'", ready={"log": "ready", "timeout": "60s"})
    begin(alone, "radio", exec=[PYTHON, str(talker), str(lines)],
          ready={"notify": True, "timeout": "60s"})
    alone.wait_state("cam", "starting")
    alone.wait_state("radio", "starting")
    brain = alone.brain(alone.alpha)
    os.kill(brain, signal.SIGSTOP)                  # deaf, then dead
    gate.touch()
    lines.write_text("READY=1\n")
    wait_until(lambda: alone.copies("4711"), "the line is written")
    os.kill(brain, signal.SIGKILL)
    alone.wait_state("cam", "running")
    alone.wait_state("radio", "running")
    assert alone.proc("cam")["run"] == 1 and alone.proc("radio")["run"] == 1


def test_a_brain_killed_again_and_again_neither_forgets_nor_forgives(alone):
    port, gate = free_ports(), alone.dir / "gate"
    script = program(alone, "listener", LISTENER)
    begin(alone, exec=[PYTHON, str(script), str(port), str(gate)],
          ready={"exec": f"sleep 0.1; {PYTHON} -c 'import socket; "
                         f"socket.create_connection((\"127.0.0.1\", {port}))'",
                 "timeout": "60s"})
    pid = pid_starting(alone)
    for _ in range(4):
        kill_brain(alone)
    assert alone.wait_state("cam", "starting")["pid"] == pid
    gate.touch()
    alone.wait_state("cam", "running")
    kill_brain(alone)
    assert alone.wait_state("cam", "running")["pid"] == pid
    assert len(alone.status()) == 1
    wait_until(lambda: not alone.copies("create_connection"), "no command of a dead brain is left")


def test_the_keepers_death_ends_nobody_who_waits_to_be_ready(alone):
    lines, script = alone.dir / "lines", program(alone, "talker", TALKER)
    begin(alone, exec=[PYTHON, str(script), str(lines)], ready={"notify": True, "timeout": "60s"})
    pid = pid_starting(alone)
    alone.alpha.kill()
    alone.alpha = alone.deputy("alpha")
    assert alone.wait_state("cam", "starting")["pid"] == pid
    lines.write_text("READY=1\n")                   # to the socket of the same name
    assert alone.wait_state("cam", "running")["pid"] == pid


def test_an_upgrade_hands_the_socket_on(alone):
    lines, script = alone.dir / "lines", program(alone, "talker", TALKER)
    begin(alone, exec=[PYTHON, str(script), str(lines)], ready={"notify": True, "timeout": "60s"})
    pid = pid_starting(alone)
    inode = (alone.run_dir / "notify-alpha").stat().st_ino
    subprocess.run([BIN / "deputyd", "--upgrade", "--name", "alpha", "--run-dir", alone.run_dir],
                   env=alone.env, check=True, capture_output=True, timeout=60)
    assert (alone.run_dir / "notify-alpha").stat().st_ino == inode
    lines.write_text("READY=1\n")
    assert alone.wait_state("cam", "running")["pid"] == pid
    alone.ok("restart", "cam")
    assert alone.proc("cam")["run"] == 2


# ---- health ---------------------------------------------------------------------------------

def test_who_is_not_well_is_restarted_and_says_why(alone):
    port, gate = free_ports(), alone.dir / "gate"
    gate.touch()
    script = program(alone, "listener", LISTENER + "\n")
    begin(alone, command=f"sh -c '{PYTHON} {script} {port} {gate} & sleep 4711'",
          ready={"tcp": port, "timeout": "60s"},
          health={"tcp": port, "interval": "200ms", "failures": 3},
          restart={"delay": "5s", "max_delay": "60s", "jitter": 0})
    pid = alone.wait_state("cam", "running")["pid"]
    for child in alone.copies("listener"):
        if child != pid:
            os.kill(child, signal.SIGKILL)
    row = alone.wait_state("cam", "backoff")
    assert row["reason"] == (f"unhealthy: tcp {port}: connection refused (3 times); "
                             "will be restarted")
    assert 0 < row["next_try_ms"] <= 5000
    shown = alone.ctl("status", "cam").out
    assert re.search(r"next try in \d", shown), shown
    assert "unhealthy" in alone.ok("why", "cam").out
    wait_until(lambda: "unhealthy: tcp" in alone.ok("events", "cam").out, "an event tells of it")
    row = alone.wait_state("cam", "running")
    assert row["pid"] != pid and row["run"] == 2 and row["restarts"] == 1


def test_one_that_is_ordered_down_meanwhile_stays_down(alone):
    begin(alone, command="sh -c 'trap : TERM; while :; do sleep 0.1; done'",
          stop={"timeout": "3s"},
          health={"exec": "false", "interval": "100ms", "failures": 1})
    alone.wait_state("cam", "stopping")
    alone.ok("stop", "cam")
    assert alone.wait_state("cam", "stopped")["run"] == 1
    assert "stopped as ordered" in reason(alone)


def test_silence_is_not_well_and_talk_is(alone):
    begin(alone, command="sh -c 'i=0; while [ $i -lt 15 ]; do i=$((i+1)); echo; sleep 0.2; done; "
                         "exec sleep 4711'", health={"silence": "1s"}, restart={"delay": "60s",
                                                                             "max_delay": "60s"})
    row = alone.wait_state("cam", "backoff")
    assert "unhealthy: no output for 1s" in row["reason"]
    assert len(alone.output_file("cam").read_bytes()) == 15, "it was ended while it still wrote"


def test_a_watchdog_must_bark(alone):
    script = program(alone, "dog", "\n".join([
        "import os, socket, time",
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "for i in range(20):",
        "    s.sendto(b'WATCHDOG=1', os.environ['NOTIFY_SOCKET'])",
        "    time.sleep(int(os.environ['WATCHDOG_USEC']) / 1e6 / 10)",
        "print('asleep', flush=True)",
        "time.sleep(4711)"]))
    begin(alone, exec=[PYTHON, str(script)], watchdog="2s", restart={"delay": "60s",
                                                                  "max_delay": "60s"})
    row = alone.wait_state("cam", "backoff")
    assert "unhealthy: no WATCHDOG=1 for 2s" in row["reason"]
    assert alone.output_file("cam").read_text() == "asleep\n", "it was ended while it barked"


def test_who_uses_too_much_memory_with_its_children_is_restarted(alone):
    script = program(alone, "fat", "import time; x = bytearray(60 << 20); time.sleep(4711)")
    begin(alone, command=f"sh -c '{PYTHON} {script} & {PYTHON} {script} & wait'",
          restart={"max_memory": "100MiB", "delay": "60s", "max_delay": "60s"})
    row = alone.wait_state("cam", "backoff")
    assert re.fullmatch(r"memory 1\d\d MiB over restart.max_memory 100 MiB; will be restarted",
                        row["reason"]), row
    wait_until(lambda: not alone.copies("fat.py"), "nothing of it is left")


# ---- nothing of it is visible where nobody asked for it -------------------------------------

def test_without_a_probe_no_socket_is_told_and_it_runs_at_once(alone):
    begin(alone, command="sleep 4711")
    pid = alone.pid("cam")
    assert b"NOTIFY_SOCKET" not in open(f"/proc/{pid}/environ", "rb").read()
    mode = (alone.run_dir / "notify-alpha").stat().st_mode
    assert mode & 0o777 == 0o666 and alive(pid)


def test_a_full_notify_socket_of_strangers_harms_nobody(alone):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            try:
                stranger.sendto(os.urandom(100), str(alone.run_dir / "notify-alpha"))
            except BlockingIOError:
                pass
    begin(alone, command="sleep 4711")
    assert alive(alone.pid("cam"))
