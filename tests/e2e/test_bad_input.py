"""Bad input costs its sender an error message; never a process, a byte or a daemon."""
import contextlib
import os
import random
import shutil
import socket
import struct
import subprocess
import time

import msgpack
import pytest
import zmq

from fleet import alive, free_ports, wait_until

LOOP = "sleep 1000"
PROTOCOL = 1


@pytest.fixture
def guarded(alone):
    """A fleet with one process; afterwards everything lives as before."""
    alone.apply({"name": "cam", "command": LOOP})
    before = alone.wait_state("cam", "running")
    yield alone
    assert alone.sheriffd.running and alone.alpha.running
    after = alone.wait_state("cam", "running")
    assert (after["pid"], after["run"]) == (before["pid"], before["run"])
    assert alone.deputies()["alpha"]["state"] == "up"


class Peer:
    """A stranger at one of the sheriff's sockets."""

    def __init__(self, endpoint, kind=zmq.DEALER):
        self.context = zmq.Context()
        self.socket = self.context.socket(kind)
        self.socket.setsockopt(zmq.LINGER, 2000)
        self.socket.connect(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()
        self.context.term()

    def send(self, *frames):
        self.socket.send_multipart(frames)

    def answer(self, wait_s=10):
        assert self.socket.poll(wait_s * 1000), "no answer"
        kind, body = self.socket.recv_multipart()[:2]
        return kind.decode(), msgpack.unpackb(body, strict_map_key=False)

    def ask(self, kind, **fields):
        self.send(kind.encode(), msgpack.packb({"request": 1, "version": PROTOCOL, **fields}))
        return self.answer()


def at(fleet, name, kind=zmq.DEALER):
    return Peer(f"ipc://{fleet.run_dir}/{name}", kind)


def refused_so_far(fleet):
    with at(fleet, "control.sock") as peer:
        kind, snapshot = peer.ask("ask")
        assert kind == "snapshot"
        return snapshot.get("bad_messages", 0)


def deep(levels):
    return b"\x91" * levels + b"\xc0"


MALFORMED = {
    "nothing": b"",
    "not msgpack": b"\xc1\xc1\xc1",
    "not a map": msgpack.packb([1, 2, 3]),
    "half a map": msgpack.packb({"request": 1, "version": 1})[:-3],
    "bytes too many": msgpack.packb({"request": 1, "version": 1}) + b"\x00",
    "4 G elements": b"\xdd\xff\xff\xff\xff",
    "4 G keys": b"\xdf\xff\xff\xff\xff",
    "4 G string": b"\x81\xa7request\xdb\xff\xff\xff\xff",
    "very deep": b"\x81\xa6select" + deep(100_000),
    "a duplicate key": b"\x82\xa7request\x01\xa7request\x02",
    "a wrong type": msgpack.packb({"request": "one"}),
    "a negative number": msgpack.packb({"request": -1}),
    "NUL in a string": msgpack.packb({"request": 1, "client": "a\0b"}),
    "bad UTF-8": b"\x81\xa6client\xa2\xff\xfe",
    "an unknown word": msgpack.packb({"request": 1, "version": 1, "verb": "explode"}),
    "a key that is no string": b"\x81\x01\x01",
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("door", ["control.sock", "watch.sock"])
def test_a_malformed_request_is_refused_and_counted(guarded, door, name):
    before = refused_so_far(guarded)
    with at(guarded, door) as peer:
        peer.send(b"order", MALFORMED[name])
        kind, reply = peer.answer()
        assert kind == "reply" and reply["error"] in ("bad-message", "forbidden"), reply
        assert reply.get("text")
        assert peer.ask("ask")[0] == "snapshot"    # the same peer may go on politely
    assert refused_so_far(guarded) > before


@pytest.mark.parametrize("frames", [
    [b""], [b"ask"], [b"\xff" * 300, b"\x80"], [b"no-such-kind", b"\x80"],
    [b"ask", b"\x80", b"", b""], [b"x"] * 50,
    [b"hello", b"\x80"], [b"snapshot", b"\x80"], [b"spawn", b"\x80"],
], ids=str)
def test_frames_that_mean_nothing_are_counted(guarded, frames):
    before = refused_so_far(guarded)
    with at(guarded, "control.sock") as peer:
        peer.send(*frames)
        assert peer.ask("ask") is not None
    wait_until(lambda: refused_so_far(guarded) > before, "it is counted")


def test_another_version_is_answered_with_both_numbers(guarded):
    with at(guarded, "control.sock") as peer:
        peer.send(b"ask", msgpack.packb({"request": 1, "version": 99}))
        kind, reply = peer.answer()
        assert kind == "reply" and reply["error"] == "version"
        assert "99" in reply["text"] and str(PROTOCOL) in reply["text"]


def test_the_watch_socket_takes_no_orders(guarded):
    with at(guarded, "watch.sock") as peer:
        _, reply = peer.ask("order", verb="stop", select=["all"])
        assert reply["error"] == "forbidden"
        _, reply = peer.ask("shutdown")
        assert reply["error"] == "forbidden"
        _, reply = peer.ask("apply", specs=[], prune=True)
        assert reply["error"] == "forbidden"


@pytest.mark.parametrize("order, error", [
    ({"verb": "start", "select": ["nobody"]}, "not-found"),
    ({"verb": "start", "select": []}, "usage"),
    ({"verb": "start", "select": ["[x"]}, "usage"),
    ({"select": ["cam"]}, "usage"),
    ({"verb": "signal", "select": ["cam"], "signal": 4711}, "usage"),
])
def test_an_impossible_order_is_answered(guarded, order, error):
    with at(guarded, "control.sock") as peer:
        _, reply = peer.ask("order", wait=True, timeout_ms=5000, **order)
        assert reply["error"] == error and reply["text"]


@pytest.mark.parametrize("spec", [
    {"name": "", "command": "true"}, {"name": "a/b", "command": "true"},
    {"name": "a@b", "command": "true"}, {"name": "a"}, {"name": "x" * 500, "command": "true"},
    {"name": "a", "command": "true", "group": "//"},
    {"name": "a", "command": "true", "stop_signal": 999},
    {"name": "a", "command": "true", "env": [{"name": "A=B", "value": ""}]},
], ids=str)
def test_an_impossible_spec_is_refused(guarded, spec):
    with at(guarded, "control.sock") as peer:
        kind, reply = peer.ask("apply", specs=[spec])
        assert kind == "reply" and reply["error"] not in ("", "ok") and reply["text"], reply
    assert [row["name"] for row in guarded.status()] == ["cam"]


@pytest.mark.parametrize("kind", ["hello", "status", "beat", "holding", "done", "bytes", "bye"])
def test_garbage_at_the_deputies_door(guarded, kind):
    before = refused_so_far(guarded)
    with at(guarded, "deputy.sock") as peer:
        for body in MALFORMED.values():
            peer.send(kind.encode(), body)
        peer.send(kind.encode(), msgpack.packb({"session": 4711, "seq": 1, "version": PROTOCOL}))
    wait_until(lambda: refused_so_far(guarded) >= before + len(MALFORMED) // 2, "it is counted")


def test_a_deputy_of_another_version_is_refused_with_both_numbers(guarded):
    with at(guarded, "deputy.sock") as peer:
        peer.send(b"hello", msgpack.packb({"version": 99, "name": "old", "epoch": 1}))
        kind, reply = peer.answer()
        assert kind == "refused" and reply["error"] == "version"
        assert "99" in reply["text"] and str(PROTOCOL) in reply["text"]


def test_a_deputy_with_an_impossible_name_is_refused(guarded):
    with at(guarded, "deputy.sock") as peer:
        peer.send(b"hello", msgpack.packb({"version": PROTOCOL, "name": "a/b", "epoch": 1}))
        assert peer.answer()[0] == "refused"
    assert set(guarded.deputies()) == {"alpha"}


def test_a_stranger_cannot_take_a_living_deputys_name(guarded):
    with at(guarded, "deputy.sock") as peer:
        peer.send(b"hello", msgpack.packb({"version": PROTOCOL, "name": "alpha", "epoch": 1}))
        kind, reply = peer.answer()
        assert kind == "refused" and "alpha" in reply["text"]


def test_garbage_on_the_feed(guarded):
    with at(guarded, "feed.sock", zmq.PUB) as peer:
        wait_until(lambda: peer.socket.poll(0) == 0, "connected", 1)
        for _ in range(20):
            for topic in (b"stats/alpha/", b"output/1/", b"view", b"", b"\xff" * 1000):
                for body in MALFORMED.values():
                    peer.send(topic, body)
                peer.send(topic)
                peer.send(topic, b"\x80", b"", b"")
    assert guarded.ok("status")


def test_odd_subscriptions_on_the_stream(guarded):
    with at(guarded, "stream.sock", zmq.XSUB) as peer:
        for frame in (b"", b"\x01", b"\x01output/", b"\x01output/99999999999999999999/",
                      b"\x01" + b"x" * 100_000, b"\x00never", b"\x02", b"\xff" * 1000):
            peer.send(frame)
    with at(guarded, "stream.sock", zmq.SUB) as peer:
        peer.socket.subscribe("view")
        guarded.apply({"name": "cam", "command": LOOP}, {"name": "other", "command": LOOP})

        def hears():
            guarded.ok("restart", "other")
            return peer.socket.poll(500)
        wait_until(hears, "a polite subscriber is served")


@pytest.mark.parametrize("door", ["control.sock", "watch.sock", "stream.sock", "deputy.sock",
                                  "feed.sock"])
def test_bytes_that_are_not_even_zeromq(guarded, door):
    dice = random.Random(4711)
    for _ in range(50):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(guarded.run_dir / door))
            try:
                raw.sendall(dice.choice([
                    b"\xff" + dice.randbytes(63), b"GET / HTTP/1.1\r\n\r\n",
                    dice.randbytes(dice.randrange(1, 4096)),
                    b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL" + b"\0" * 48 + b"\x02"
                    + struct.pack(">Q", 1 << 62)]))
            except OSError:
                pass    # it hung up first: its right
    assert guarded.ok("status")


def test_bytes_that_are_not_even_zeromq_over_tcp(fleet):
    port = free_ports()
    fleet.sheriff("--listen", f"tcp://127.0.0.1:{port}")
    fleet.deputy("beta", "--sheriff", f"tcp://127.0.0.1:{port}")
    dice = random.Random(4711)
    for _ in range(50):
        for number in (port, port + 1):
            with socket.create_connection(("127.0.0.1", number)) as raw:
                try:
                    raw.sendall(dice.randbytes(dice.randrange(1, 4096)))
                except OSError:
                    pass
    assert fleet.deputies()["beta"]["state"] == "up"


def test_a_client_that_never_reads_hurts_nobody(guarded):
    with at(guarded, "control.sock") as peer:
        peer.socket.setsockopt(zmq.RCVHWM, 1)
        body = msgpack.packb({"request": 1, "version": PROTOCOL})
        for _ in range(20_000):
            try:
                peer.socket.send_multipart([b"ask", body], zmq.NOBLOCK)
            except zmq.Again:
                break
        begun = time.monotonic()
        guarded.ok("status")
        assert time.monotonic() - begun < 10


def test_a_vanished_working_directory(alone):
    place = alone.dir / "place"
    place.mkdir()
    alone.apply({"name": "cam", "command": LOOP, "working_dir": str(place)})
    pid = alone.pid("cam")
    place.rmdir()
    result = alone.ctl("restart", "cam")
    assert result.status == 1 and str(place) in result.out + result.err, result
    assert not alive(pid)
    place.mkdir()
    alone.ok("start", "cam")


def test_a_vanished_log_directory(alone):
    alone.apply({"name": "cam", "command": "sh -c 'echo up; exec sleep 1000'", "group": "g"})
    alone.pid("cam")
    file = alone.output_file("cam", "g")
    wait_until(lambda: file.exists() and file.read_text() == "up\n", "it spoke")
    shutil.rmtree(alone.log_dir("alpha"))
    alone.ok("restart", "cam")
    assert alone.pid("cam") and alone.alpha.running
    wait_until(lambda: file.exists() and "up\n" in file.read_text(), "the file is made again")


def test_an_unwritable_log_directory_does_not_stop_the_process(fleet):
    fleet.sheriff()
    fleet.log_dir("alpha").parent.mkdir()
    fleet.log_dir("alpha").mkdir()
    (fleet.log_dir("alpha") / "g").write_text("a file where a directory should be")
    deputy = fleet.deputy("alpha")
    fleet.apply({"name": "cam", "group": "g", "command": "sh -c 'yes | head -c 300000; exec sleep 1000'"})
    pid = fleet.pid("cam")
    wait_until(lambda: "g" in deputy.log, "it complains")
    assert alive(pid)
    fleet.ok("stop", "cam")


def test_a_command_too_long_for_the_kernel(alone):
    path = alone.file("long.json", {"processes": [
        {"name": "long", "exec": ["echo", "x" * 60000, "y" * 60000, "z" * 60000]}]})
    result = alone.ctl("apply", path)
    if result.status == 0:
        row = alone.wait_state("long", "failed", "exited")
        assert row["reason"]
    else:
        assert result.err
    assert alone.sheriffd.running and alone.alpha.running
    assert os.path.exists(alone.run_dir / "control.sock")


def test_a_command_too_long_for_us(alone):
    path = alone.file("long.json", {"processes": [{"name": "long", "command": "x" * 100_000}]})
    result = alone.ctl("apply", path)
    assert result.status == 2 and "long" in result.err, result


def test_a_name_that_was_never_there(alone):
    alone.apply({"name": "lidar", "command": LOOP})
    result = alone.ctl("start", "lidra")
    assert result.status == 4
    assert "lidra" in result.err and "did you mean" in result.err and "lidar" in result.err


@pytest.fixture
def small_store(fleet):
    """A sheriff and a deputy; the store's disk has 2 MiB."""
    fleet.state_dir.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", fleet.state_dir],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("may not mount a file system here")
    fleet.sheriff()
    fleet.deputy("alpha")
    yield fleet
    subprocess.run(["umount", "--lazy", fleet.state_dir], check=True)


def test_the_store_does_not_fill_a_small_disk_by_itself(small_store):
    small_store.apply({"name": "cam", "command": "exec sleep 1000"})
    for _ in range(120):    # 2 MiB of changes and more
        small_store.ok("restart", "cam", "--no-wait")


def test_a_full_disk_refuses_an_order_and_takes_the_next_when_it_is_freed(small_store):
    small_store.apply({"name": "cam", "command": "exec sleep 1000"})
    pid = small_store.pid("cam")
    ballast = small_store.state_dir / "ballast"
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    refused = next(result for result in (small_store.ctl("restart", "cam", "--no-wait")
                                         for _ in range(200)) if result.status != 0)
    assert "the store cannot be written: database or disk is full" in refused.err
    ballast.unlink()
    small_store.ok("restart", "cam")
    assert small_store.pid("cam") != pid
