"""Output: every byte once, in the file and on the screen."""
import os
import signal

from fleet import alive, wait_until

COUNT = ("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo line $i; "
         "[ $((i % 20)) -eq 0 ] && sleep 0.01; done; exec sleep 1000'")


def numbers(text):
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith("line ")]


def test_the_file_holds_exactly_the_bytes_written(alone):
    raw = alone.dir / "raw"
    raw.write_bytes(bytes(range(256)) * 4096)
    alone.apply({"name": "cat", "exec": ["cat", str(raw)]})
    alone.wait_state("cat", "exited")
    wait_until(lambda: alone.output_file("cat").stat().st_size >= raw.stat().st_size,
               "all is in the file")
    assert alone.output_file("cat").read_bytes() == raw.read_bytes()


def test_standard_error_is_in_the_same_file(alone):
    alone.apply({"name": "both", "command": "sh -c 'echo out; sleep 0.1; echo err >&2'"})
    alone.wait_state("both", "exited")
    wait_until(lambda: alone.output_file("both").read_text() == "out\nerr\n", "both are there")


def test_a_new_life_appends(alone):
    alone.apply({"name": "job", "command": "echo hello", "autostart": False})
    for times in range(1, 4):
        alone.ctl("start", "job")
        wait_until(lambda: alone.output_file("job").exists()
                   and alone.output_file("job").read_text() == "hello\n" * times,
                   f"{times} lines")
        alone.wait_state("job", "exited")


def test_logs_shows_the_last_lines(alone):
    alone.apply({"name": "count", "command": "seq 1 1000"})
    alone.wait_state("count", "exited")
    wait_until(lambda: alone.output_file("count").stat().st_size == 3893, "all is written")
    assert alone.ok("logs", "count", "-n", "3").lines == ["998", "999", "1000"]
    assert alone.ok("logs", "count", "-n", "1000").lines[0] == "1"
    assert alone.ok("logs", "-n", "0", "count").out == ""


def test_logs_of_a_silent_process_is_empty(alone):
    alone.apply({"name": "mute", "command": "sleep 1000"})
    alone.pid("mute")
    assert alone.ok("logs", "mute").out == ""


def test_logs_of_several_are_told_apart(alone):
    alone.apply({"name": "a", "command": "echo from a"}, {"name": "b", "command": "echo from b"})
    alone.wait_state("a", "exited")
    alone.wait_state("b", "exited")

    def both():
        lines = alone.ok("logs", "a", "b").lines
        return any("a" in line.split("from")[0] and "from a" in line for line in lines) \
            and any("b" in line.split("from")[0] and "from b" in line for line in lines)
    wait_until(both, "each line has its name")


def test_following_shows_what_comes(alone):
    alone.apply({"name": "ear", "command": "sh -c 'echo up; trap \"echo heard\" USR1; "
                 "while :; do sleep 0.05; done'"})
    alone.pid("ear")
    follow = alone.follow("logs", "-f", "ear")
    wait_until(lambda: follow.log == "up\n", "what was there")
    for times in range(1, 4):
        alone.ok("signal", "USR1", "ear")
        wait_until(lambda: follow.log.splitlines().count("heard") == times, "what came")
    follow.signal(signal.SIGINT)
    assert follow.end() == 130


def test_following_has_no_gap_over_a_dead_brain(alone):
    alone.apply({"name": "count", "command": COUNT})
    pid = alone.pid("count")
    follow = alone.follow("logs", "-f", "-n", "100000", "count")
    wait_until(lambda: len(numbers(follow.log)) > 50, "it counts")
    for _ in range(3):
        brain = alone.brain(alone.alpha)
        os.kill(brain, signal.SIGKILL)
        wait_until(lambda: not alive(brain), "the brain is dead")
        seen = len(numbers(follow.log))
        wait_until(lambda: len(numbers(follow.log)) > seen + 100, "it counts on")
    assert alone.pid("count") == pid
    shown = numbers(follow.log)
    assert shown[:-1] == list(range(1, len(shown)))    # the last may be half a line
    alone.ok("stop", "count")
    written = numbers(alone.output_file("count").read_text())
    assert written == list(range(1, len(written) + 1))


def test_following_has_no_gap_over_a_dead_sheriff(alone):
    alone.apply({"name": "count", "command": COUNT})
    pid = alone.pid("count")
    alone.sheriffd.kill()
    size = alone.output_file("count").stat().st_size
    wait_until(lambda: alone.output_file("count").stat().st_size > size, "it writes on")
    alone.sheriffd = alone.sheriff()
    alone.wait_link("alpha", "up")
    assert alone.pid("count") == pid
    alone.ok("stop", "count")
    written = numbers(alone.output_file("count").read_text())
    assert written == list(range(1, len(written) + 1))


def test_control_characters_do_not_reach_a_terminal_unseen(alone):
    """In a pipe the bytes are the process's own: `logs` is data."""
    alone.apply({"name": "evil", "exec": ["printf", "\\033[2Jboo\\n"]})
    alone.wait_state("evil", "exited")
    wait_until(lambda: alone.ok("logs", "evil").out == "\033[2Jboo\n", "raw in a pipe")


def test_output_that_cannot_be_written_is_told_and_kept(alone):
    path = alone.output_file("deaf")
    path.mkdir(parents=True)  # where its file would have to be
    alone.apply({"name": "deaf", "command": "sh -c 'echo heard; exec sleep 1000'"})
    alone.pid("deaf")
    wait_until(lambda: "cannot write" in alone.proc("deaf")["reason"], "the reason says it")
    assert str(path) in alone.ok("status", "deaf").out
    assert "cannot write" in alone.ok("events", "deaf").out
    path.rmdir()
    wait_until(lambda: path.is_file() and path.read_text() == "heard\n", "nothing is lost")
    wait_until(lambda: "cannot write" not in alone.proc("deaf")["reason"], "it is over")
