"""300 broken files: each is refused with a place, quickly and in little memory, and changes
nothing of the fleet that runs meanwhile."""
import os
import random
import re
import resource
import subprocess

from fleet import BIN, ROOT

SANITIZED = b"__asan_init" in (BIN / "procmanctl").read_bytes()
SLOWNESS = 20 if SANITIZED else 1      # the bound is promised for what users run
CPU_SECONDS = 0.1 * SLOWNESS
DATA_BYTES = 64 << 20                  # a sanitizer's own memory cannot be told apart
TRIES = 5                              # the best of so many: a busy machine's caches are cold

FLEET = (ROOT / "tests/data/fleet.yaml").read_text()
MIB = 1 << 20


def truncated(fleet, n):
    """The full example cut off at n places, spread over all of it; without those after which
    there is a whole file left."""
    for nth in range(1, n):
        text = FLEET[:len(FLEET) * nth // n]
        if fleet.ctl("check", fleet.file("cut.yaml", text)).status != 0:
            yield text


def wrong_types():
    """Each key with a value that it cannot have."""
    keys = ("name group host command working_dir env run_as autostart auto_restart restart "
            "stop output on_sheriff_loss exec hosts instances").split()
    for key in keys:
        other = "" if key in ("exec", "command") else ", command: x"
        name = "" if key == "name" else "name: p, "
        for value in ("[[a]]", "{a: {b: c}}", "~"):
            yield f"processes: [{{{name}{key}: {value}{other}}}]"
    for part in ("processes", "deputies", "include", "defaults", "groups", "scripts"):
        more = "" if part == "processes" else "\nprocesses: []"
        yield f"{part}: 5{more}"
        yield f"{part}: 'a'{more}"


def garbage(n):
    """The example with bytes changed by chance, until YAML or we stumble; and pure noise."""
    chance = random.Random(4)
    for _ in range(n // 2):
        text = list(FLEET)
        for _ in range(8):
            text[chance.randrange(len(text))] = chance.choice("[]{}:,'\"\t&*!|>%@`#-\x01")
        yield "".join(text) + "\n\t- ["
    for _ in range(n - n // 2):
        yield bytes(chance.randrange(256) for _ in range(2000)).decode("latin-1") + "\0"


def bombs():
    """Little text that asks for much."""
    yield "[" * 100_000
    yield "{a: " * 50_000
    yield "- " * 100_000 + "x"
    yield "processes: [" + "[]," * (MIB + MIB // 4) + "]"
    yield "processes: [" + "a," * (2 * MIB - 10) + "]"
    yield "a: 1\n" * 800_000
    yield "".join(f"k{i}: 1\n" for i in range(300_000))
    yield "processes: '" + "x" * (4 * MIB - 20) + "'"
    yield "\n" * (4 * MIB - 1) + "x"
    yield "a: &a [x,x]\n" + "".join(f"{b}: &{b} [*{a},*{a}]\n"
                                    for a, b in zip("abcdefgh", "bcdefghi"))
    yield "".join(f"a{i}: &x{i} 1\n" for i in range(100_000))
    yield ("processes: [{name: p, command: x, "
           + ", ".join(f"k{i}: 1" for i in range(200_000)) + "}]")
    yield ("defaults: {env: {" + ", ".join(f"k{i}: 1" for i in range(30_000)) + "}}\nprocesses:\n"
           + "".join(f"  - {{name: p{i}, command: x}}\n" for i in range(3_000)))
    yield ("processes:\n"
           + "".join(f"  - {{name: p{i}, command: x, instances: 1000}}\n" for i in range(3_000)))
    yield "".join(" " * i + "a:\n" for i in range(2_000))
    yield "? " * 20_000
    yield "---\n" * 100_000
    yield "!a " * 100_000
    yield '"' + "\\u0041" * 600_000 + '"'
    yield "x" * (5 * MIB)
    yield "processes: []\ninclude: [/dev/zero, /dev/stdin, /proc/self/mem, ../../../../../etc]"


def limited():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))


def refused(fleet, path):
    """Apply it; what was said, and how much time the program used."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([BIN / "procmanctl", "apply", path], capture_output=True, env=fleet.env,
                          check=False, timeout=60, preexec_fn=limited)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 2, (path.read_bytes()[:200], done)
    return done.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def then_refused(fleet, path):
    for _ in range(TRIES):
        said, seconds = refused(fleet, path)
        if seconds <= CPU_SECONDS:
            break
    assert seconds <= CPU_SECONDS, (seconds, path.read_bytes()[:200])
    place = rb"^" + re.escape(os.fsencode(path)) + rb":[0-9]+:[0-9]+: error: [^\n]+\n"
    assert re.match(place, said), (said[:500], path.read_bytes()[:200])


def test_three_hundred_broken_files_change_nothing(alone):
    alone.apply({"name": "cam", "command": "sleep 1000"})
    pid, before = alone.pid("cam"), alone.ok("export").out
    texts = [*truncated(alone, 220), *wrong_types(), *garbage(90), *bombs()]
    assert len(texts) >= 300
    for text in texts:
        path = alone.dir / "broken.yaml"
        path.write_bytes(text.encode("latin-1" if "\0" in text else "utf-8"))
        then_refused(alone, path)
    assert alone.pid("cam") == pid and alone.ok("export").out == before
