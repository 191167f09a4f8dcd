"""Output over many files: every byte once, whoever dies while they are begun."""
import os
import signal

from fleet import alive, wait_until

COUNT = ("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo line $i; "
         "[ $((i % 20)) -eq 0 ] && sleep 0.01; done; exec sleep 1000'")


def numbers(text):
    """Of the lines that are there whole; a program that still writes may be in the midst of one."""
    whole = text[:text.rfind("\n") + 1].splitlines()
    return [int(line.split()[1]) for line in whole if line.startswith("line ")]


def rotated(alone, name):
    return sorted(alone.output_file(name).parent.glob(f"{name}.log.*"))


def written(alone, name):
    files = rotated(alone, name) + [alone.output_file(name)]
    return b"".join(file.read_bytes() for file in files if file.exists())


def counter(**output):
    return {"name": "count", "command": COUNT, "output": output}


def test_the_names_of_rotated_files_are_the_addresses_of_their_bytes(alone):
    alone.apply(counter(max_size="4KiB", keep=1000))
    wait_until(lambda: len(rotated(alone, "count")) > 5, "it was rotated")
    alone.ok("stop", "count")
    address = 0
    for file in rotated(alone, "count"):
        assert int(file.suffix[1:]) == address
        assert file.stat().st_size <= 4096
        address += file.stat().st_size
    lines = numbers(written(alone, "count").decode())
    assert lines == list(range(1, len(lines) + 1))


def test_rotation_over_dead_brains_and_keepers_loses_and_doubles_nothing(alone):
    alone.apply(counter(max_size="4KiB", keep=1000))
    pid = alone.pid("count")
    for _ in range(5):
        files = len(rotated(alone, "count"))
        os.kill(alone.brain(alone.alpha), signal.SIGKILL)
        wait_until(lambda: len(rotated(alone, "count")) > files + 2, "it goes on")
    assert alone.pid("count") == pid
    alone.ok("stop", "count")
    lines = numbers(written(alone, "count").decode())
    assert lines == list(range(1, len(lines) + 1))


def test_following_has_no_gap_over_rotations_and_dead_brains(alone):
    alone.apply(counter(max_size="4KiB", keep=1000))
    alone.pid("count")
    follow = alone.follow("logs", "-f", "-n", "100000", "count")
    wait_until(lambda: len(numbers(follow.log)) > 50, "it counts")
    for _ in range(3):
        brain = alone.brain(alone.alpha)
        os.kill(brain, signal.SIGKILL)
        wait_until(lambda: not alive(brain), "the brain is dead")
        seen = len(numbers(follow.log))
        wait_until(lambda: len(numbers(follow.log)) > seen + 500, "it counts on")
    shown = numbers(follow.log)
    assert shown[:-1] == list(range(1, len(shown)))    # the last may be half a line


def test_few_are_kept_and_the_last_lines_are_found_in_them(alone):
    alone.apply(counter(max_size="4KiB", keep=2))
    wait_until(lambda: [file for file in rotated(alone, "count")
                        if int(file.suffix[1:]) > 20000], "the first ones are gone")
    alone.ok("stop", "count")
    assert len(rotated(alone, "count")) == 2
    kept = numbers(written(alone, "count").decode())
    shown = numbers(alone.ok("logs", "count", "-n", "400").out)
    assert shown == kept[-400:]
    everything = numbers(alone.ok("logs", "count", "-n", "100000").out)
    assert everything[1:] == kept[-len(everything) + 1:]


def test_a_file_somebody_removes_is_made_anew(alone):
    alone.apply({"name": "job", "command": "echo hello", "autostart": False})
    for _ in range(3):
        alone.ctl("start", "job")
        wait_until(lambda: alone.output_file("job").exists()
                   and alone.output_file("job").read_text() == "hello\n", "it is there again")
        alone.wait_state("job", "exited")
        alone.output_file("job").unlink()
    wait_until(lambda: alone.proc("job")["output_end"] == 18, "addresses never go back")


def test_a_terminals_output_is_rotated_like_any_other(alone):
    alone.apply(counter(max_size="4KiB", keep=1000, pty=True))
    wait_until(lambda: len(rotated(alone, "count")) > 5, "it was rotated")
    alone.ok("stop", "count")
    lines = numbers(written(alone, "count").decode())
    assert lines == list(range(1, len(lines) + 1))
