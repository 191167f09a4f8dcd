"""The fleets that faults are done to."""
from ground import Kid
from wire import Wire


def pair():
    """Two deputies with talking kids of all sorts."""
    kids = [Kid(f"steady-{i}", "alpha", "--rate", 50 + 50 * i) for i in range(4)]
    kids += [Kid(f"both-{i}", "alpha", "--rate", 100, "--err") for i in range(2)]
    kids += [Kid("burst", "alpha", "--rate", 12800, "--burst", 128),
             Kid("roller", "alpha", "--rate", 1600, "--burst", 64, "--err",
                 output={"max_size": 16001, "keep": 1000}),
             Kid("roller-1", "alpha", "--rate", 100, output={"max_size": "4K", "keep": 1000})]
    kids += [Kid(f"storm-{i}", "alpha", "--rate", 20) for i in range(6)]
    kids += [Kid(f"idle-{i}", "alpha", up=False, autostart=False) for i in range(2)]
    kids += [Kid("mule", "alpha", "--ignore-term", stop={"timeout": "300ms"}),
             Kid("parent", "alpha", "--daemon"), Kid("father", "alpha", "--escape"),
             Kid("stumbler", "alpha", "--rate", 0, "--crash-after", 1, up=False, autostart=False,
                 restart={"delay": "10ms", "max_delay": "500ms", "jitter": 0}),
             Kid("crasher", "alpha", "--rate", 0, "--crash-after", 1, "--code", 3, up=False,
                 autostart=False, restart={"delay": "1ms", "max_delay": "1ms"})]
    kids += [Kid("ready-log", "alpha", "--rate", 20, up=False, autostart=False,
                 ready={"log": "^out [0-9a-f]+ 0000000030 ", "timeout": "60s"}),
             Kid("ready-exec", "alpha", up=False, autostart=False,
                 ready={"exec": "test -e ready", "timeout": "60s"}),
             Kid("ready-notify", "alpha", "--ready-when", "ready", up=False, autostart=False,
                 ready={"notify": True, "timeout": "60s"})]
    kids += [Kid(f"far-{i}", "beta", "--rate", 100, "--err") for i in range(3)]
    kids += [Kid("far-storm", "beta"), Kid("far-idle", "beta", up=False, autostart=False)]
    return ["alpha", "beta"], kids


def apart():
    """Two machines."""
    kids = [Kid("steady", "alpha"), Kid("far-storm", "beta"), Kid("mule", "beta", "--ignore-term",
                                                                   stop={"timeout": "800ms"})]
    kids += [Kid(f"far-{i}", "beta", "--rate", 100, "--err") for i in range(3)]
    return ["alpha", "beta"], kids, Wire


def crowd():
    """Twenty deputies with two kids each."""
    names = [f"d{i:02}" for i in range(20)]
    return names, [Kid(f"kid-{i}-{name}", name, "--rate", 20) for name in names for i in range(2)]


def thousand():
    """One deputy, a few who talk, and nine hundred who will be begun to end together."""
    kids = [Kid(f"steady-{i}", "alpha", "--rate", 50) for i in range(4)]
    return ["alpha"], kids + [Kid("patriarch", "alpha", up=False, autostart=False)]


def legion():
    """Three deputies who will be given ten thousand kids: one has room for four thousand."""
    names = ["alpha", "beta", "gamma"]
    return names, [Kid(f"steady-{name}", name, "--rate", 50) for name in names]


def grove():
    """Two deputies, one of whom has no control groups, for trees that run away."""
    return ["alpha", "plain"], [Kid("steady", "alpha"), Kid("far-steady", "plain")]


def watch():
    """Two deputies with kids that must not run without a sheriff, and some that may."""
    return ["alpha", "beta"], [
        *(Kid(f"arm-{name}", name, on_sheriff_loss={"stop_after": "5s"})
          for name in ("alpha", "beta")),
        Kid("steady", "alpha", "--rate", 100), Kid("far-steady", "beta", "--rate", 100)]


def tight():
    """One deputy with small disks, and kids who fill a pipe in no time."""
    kids = [Kid(f"steady-{i}", "alpha", "--rate", 100, "--err") for i in range(3)]
    return ["alpha"], kids + [Kid(f"burst-{i}", "alpha", "--rate", 2560, "--burst", 128)
                              for i in range(3)]


GROUNDS = {"pair": pair, "apart": apart, "crowd": crowd, "thousand": thousand, "legion": legion,
           "grove": grove, "watch": watch, "tight": tight}
SMALL_DISKS = {"tight": ("64m", "4m")}  # of all output, of what the daemons store
