"""Faults: crowds of clients and of kids."""
import os
import time

from fleet import wait_until
from ground import Kid, Violation
from harm import a_moment, fault, kill_sheriff, storm


@fault("commands raced by 10 clients", short=1, full=340)
def _(ground, dice):
    """Whatever the order in which they come: each is answered, and the last word counts."""
    names = storm(ground)
    ground.may_touch(*names)
    for _ in range(3):
        racing = [ground.ctl_begin(dice.choice(("start", "stop", "restart")), "--timeout", "20s",
                                   *dice.sample(names, dice.randint(1, 3))) for _ in range(10)]
        for command in racing:
            result = ground.ctl_end(command)
            if result.status not in (0, 1):     # 1: another client ordered otherwise meanwhile
                raise Violation(f"a raced command: {result}")
    ground.order("start", *names)


@fault("commands raced, and the sheriff killed", short=1, full=100)
def _(ground, dice):
    names = storm(ground)
    ground.may_touch(*names)
    racing = [ground.ctl_begin(dice.choice(("start", "stop", "restart")), "--timeout", "20s",
                               dice.choice(names)) for _ in range(10)]
    a_moment(dice)
    kill_sheriff(ground)
    ground.begin_sheriff()
    for command in racing:
        ground.ctl_end(command)
    ground.order("start", *names)


@fault("1,000 kids ending at once", short=1, full=20, within=20, ground="thousand")
def _(ground, dice):
    fifo = ground.dir / f"gate-{dice.randrange(1 << 30)}"
    os.mkfifo(fifo)
    codes = {f"one-{i}": dice.randrange(4) for i in range(1000)}
    kids = [Kid(name, "alpha", "--crash-after", 1, "--rate", 0, "--until", fifo, "--code", code,
                auto_restart="no", up=False) for name, code in codes.items()]
    for kid in kids:
        ground.kids[kid.name] = kid
        ground.ledgers[kid.name] = ground.ledger(kid)
    ground.may_touch(*codes)
    ground.configure()
    wait_until(lambda: sum(len(copies) for name, copies in ground.living().items()
                           if name in codes) == 1000, "1,000 live", 60)
    os.close(os.open(fifo, os.O_WRONLY))
    wait_until(lambda: not any(ground.living()[name] for name in codes), "all have ended", 30)
    wait_until(lambda: all(row["state"] in ("exited", "failed") for row in ground.status()
                           if row["name"] in codes), "all are seen to have ended", 30)
    wrong = [row for row in ground.status()
             if row["name"] in codes and row["exit_code"] != codes[row["name"]]]
    if wrong:
        raise Violation(f"{len(wrong)} exit codes are wrong: {wrong[:3]}")
    ground.verify_output(time.monotonic() + 20)
    ground.ok("remove", *codes)
    for name in codes:
        del ground.kids[name], ground.ledgers[name]
