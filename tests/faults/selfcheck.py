"""Who checks the checker? What is lost, doubled, torn or a second copy must be seen as that."""
import subprocess
import tempfile
from pathlib import Path

from records import RECORD, Ledger
from truth import living_kids, start_ticks


def written(kid, folder, name, records):
    """What a kid wrote that ended by itself."""
    return subprocess.run([kid, folder, name, "--rate", "0", "--err", "--crash-after",
                           str(records)], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def found(kid, damage):
    """(lost, doubled, torn) in 20 records that were damaged so."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "kid.log"
        log.write_bytes(damage(written(kid, folder, "kid", 10)))
        ledger = Ledger(log, folder, "kid")
        demand = ledger.demand()
        ledger.missing(demand)
        ledger.settle(demand)
        return ledger.lost, ledger.doubled, ledger.torn


def seconds(kid):
    """How often a kid found its lock taken, and who is seen to live while two do."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"PROCMAN_E2E": folder, "PROCMAN_RUN": "alpha/0/1"}
        twins = [subprocess.Popen([kid, folder, "twin"], env=environ,
                                  stdout=subprocess.DEVNULL) for _ in range(2)]
        while len(list(Path(folder).glob("twin.life.*"))) < 2:
            pass
        alive = {(it.name, it.pid) for it in living_kids(folder)}
        told = len((Path(folder) / "twin.second").read_text().splitlines())
        for twin in twins:
            twin.kill()
            twin.wait()
        assert alive == {("twin", twin.pid) for twin in twins}, alive
        assert not any(start_ticks(twin.pid) for twin in twins)
        return told


DAMAGES = [
    ("nothing", lambda data: data, (0, 0, 0)),
    ("one missing", lambda data: data[:RECORD] + data[2 * RECORD:], (RECORD, 0, 0)),
    ("the end missing", lambda data: data[:-4 * RECORD], (4 * RECORD, 0, 0)),
    ("all missing", lambda data: b"", (20 * RECORD, 0, 0)),
    ("one twice", lambda data: data[:RECORD] + data, (0, RECORD, 0)),
    ("all twice", lambda data: data + data, (0, 20 * RECORD, 0)),
    ("bytes between", lambda data: data[:RECORD] + b"boo" + data[RECORD:], (0, 0, 3)),
    ("half a record", lambda data: data[:RECORD] + data[RECORD + 16:], (RECORD, 0, 16)),
    ("a wrong digit", lambda data: data.replace(b"0000000005", b"0000000006", 1),
     (RECORD, 0, RECORD)),
]


def wrong(kid):
    """What the checker does not see, as sentences."""
    said = []
    for name, damage, expected in DAMAGES:
        got = found(kid, damage)
        if got != expected:
            said.append(f"{name}: lost, doubled and torn are {got}, not {expected}")
    if seconds(kid) != 1:
        said.append("a second copy is not seen")
    return said
