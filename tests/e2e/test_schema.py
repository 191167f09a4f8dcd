"""`procmanctl schema` and `procmanctl check` agree: what one takes the other takes, key by key.

The schema is made from the same table as the reader; here it is held against the reader. What it
cannot know (who a name means) stands in no row.
"""
import json
import re

import jsonschema
import pytest
import yaml

from fleet import ROOT

# Each key: values that are right, values that are wrong for schema and reader alike.
KEYS = {
    "name": (["cam", "7", "a b"], ["[a]", "{}"]),
    "group": (["drivers/cameras"], ["[a]"]),
    "host": (["robot1"], ["[a]", "{}"]),
    "hosts": (["[robot1, 'r*']"], ["[]", "robot1", "[[a]]"]),
    "instances": (["1", "3"], ["0", "1001", "two", "'2'"]),
    "command": (["sleep 1", "true"], ["[sleep]", "{}"]),
    "exec": (["[sleep, '1']", "[sleep, 1]"], ["[]", "sleep 1", "[[a]]"]),
    "working_dir": (["/opt"], ["opt", "[/]"]),
    "env": (["{A: b, C: 7}", "{A: ''}"], ["[A]", "{A: [b]}", "A=b"]),
    "env_file": (["/etc/env"], ["env", "[/etc/env]"]),
    "run_as": (["{user: robot, group: video}"], ["robot", "{usr: a}"]),
    "umask": (["022", "'0077'"], ["'22'", "'0999'", "[022]"]),
    "nice": (["5", "-20"], ["20", "-21", "low"]),
    "limits": (["{nofile: 4096}", "{core: unlimited}", "{stack: {soft: 1M, hard: 2M}}"],
               ["{files: 5}", "{core: {soft: 1}}", "[nofile]"]),
    "cgroup": (["{memory_max: 2G, cpu_max: 150%, pids_max: 200}"],
               ["{memory_max: much}", "{cpu_max: 150}", "{pids_max: -1}", "{mem: 1G}"]),
    "autostart": (["true", "false"], ["'yes'", "1", "[true]"]),
    "depends_on": (["[]", "[other]", "[{process: other, when: started, on_failure: ignore,"
                    " restart_with: true, stop_with: false}]"],
                   ["other", "[{when: ready}]", "[{process: other, when: now}]",
                    "[{process: other, wen: ready}]"]),
    "ready": (["{log: up, timeout: 20s}", "{tcp: 7000}", "{tcp: 'db:5432', interval: 1s}",
               "{http: 'http://localhost/'}", "{exec: test -e /x}", "{notify: true}",
               "{after: 2s}"],
              ["{tcp: 70000}", "{http: 'https://x/'}", "{notify: 'yes'}", "{tpc: 1}", "up",
               "{log: ''}", "{tcp: 1, timeout: soon}"]),
    "health": (["{tcp: 7000, interval: 5s, timeout: 1s, failures: 3}", "{silence: 1m}"],
               ["{log: x}", "{tcp: 1, failures: 0}", "[tcp]"]),
    "watchdog": (["10s"], ["soon", "[10s]"]),
    "auto_restart": (["on-failure", "'no'", "always", "true"], ["sometimes", "[no]", "1"]),
    "restart": (["{delay: 1s, max_delay: 1m30s, factor: 1.5, jitter: 0, settle: 1h, "
                 "max_failures: 3, success_codes: [0, 3]}", "{delay: 0}"],
                ["{delay: soon}", "{factor: 0.5}", "{jitter: 2}", "{success_codes: [256]}",
                 "{success_codes: []}", "{max_failures: -1}", "{dely: 1s}", "fast"]),
    "restart.max_memory": (["1G"], []),
    "stop": (["{signal: INT, timeout: 5s}", "{signal: 2}"],
             ["{signal: 65}", "{singal: INT}", "{timeout: []}"]),
    "output": (["{max_size: 64KiB, keep: 2, pty: true}"],
               ["{max_size: big}", "{keep: 1001}", "{pty: 'yes'}"]),
    "on_sheriff_loss": (["keep", "{stop_after: 30s}"], ["stop", "{after: 30s}", "[keep]"]),
    "essential": (["true"], ["'yes'"]),
    "schedule": (["'*/5 * * * *'"], ["'* * * *'", "[a]"]),
    "time_zone": (["Europe/Berlin"], ["/etc/localtime", "[UTC]"]),
    "every": (["30s"], ["often"]),
    "overlap": (["skip", "queue", "replace"], ["kill"]),
    "labels": (["{team: arm}"], ["[arm]", "{a: []}"]),
}

STEPS = (["{start: p}", "{stop: [p]}", "{restart: all, wait: running, timeout: 5s}",
          "{sleep: 500ms}", "{run: other}", "{parallel: [{sleep: 1s}]}",
          "{start: p, on_failure: continue}"],
         ["{}", "{strat: p}", "{start: p, stop: p}", "{start: []}", "{parallel: p}",
          "{start: p, wait: ready}", "{sleep: soon}"])


@pytest.fixture(name="schema")
def the_schema(fleet):
    return json.loads(fleet.ok("schema").out)


def takes(schema, text):
    return jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(text))


def process(key, value):
    """A file in which a process has this key."""
    others = {"name": "p", "command": "x"}
    others.pop("command" if key == "exec" else key, None)
    keys = ", ".join([f"{name}: {text}" for name, text in others.items()] + [f"{key}: {value}"])
    return f"deputies: [robot1]\nprocesses:\n  - {{name: other, command: y}}\n  - {{{keys}}}\n"


def script(step):
    return (f"processes: [{{name: p, command: x}}]\n"
            f"scripts: {{other: [{{sleep: 1s}}], s: [{step}]}}\n")


def is_served(schema, key):
    section, _, rest = key.partition(".")
    rows = schema["$defs"]["process"]["properties"]
    return section in rows and (not rest or rest in rows[section]["properties"])


def agree(fleet, schema, text, right):
    """Reader and schema say the same of it."""
    result = fleet.ctl("check", fleet.file("f.yaml", text))
    assert result.status == (0 if right else 2), (text, result)
    assert takes(schema, text) == right, text


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    for place in [schema, *schema["$defs"].values()]:
        for name, row in place.get("properties", {}).items():
            inner = row.get("properties", {name: row})
            assert all(len(key["description"]) > 10 for key in inner.values()), name


@pytest.mark.parametrize("key", KEYS)
def test_schema_and_reader_agree_about_each_key(fleet, schema, key):
    right, wrong = KEYS[key]
    if not is_served(schema, key):  # then the reader refuses it by name, whatever its value
        result = fleet.ctl("check", fleet.file("f.yaml", process(key, right[0])))
        assert "is not supported by this version" in result.err, result
        return
    for value in right:
        agree(fleet, schema, process(key, value), True)
    for value in wrong:
        agree(fleet, schema, process(key, value), False)


def test_schema_and_reader_agree_about_scripts(fleet, schema):
    if "scripts" not in schema["properties"]:
        result = fleet.ctl("check", fleet.file("f.yaml", script("{start: p}")))
        assert "'scripts' in the file is not supported by this version" in result.err, result
        return
    for step in STEPS[0]:
        agree(fleet, schema, script(step), True)
    for step in STEPS[1]:
        agree(fleet, schema, script(step), False)


def test_schema_and_reader_agree_about_the_rest(fleet, schema):
    """The top of the file, deputies, defaults and groups; and no key of the table is forgotten."""
    right = ["include: []\nprocesses: []", "deputies: [a, {name: b, aliases: [c]}]\nprocesses: []",
             "defaults: {working_dir: /tmp, env: {A: b}}\nprocesses: []",
             "groups: {a/b: {stop: {signal: INT}}}\nprocesses: []",
             "processes: [{name: p, command: x, restart.delay: 1s}]"]
    wrong = ["processes: {}", "process: []\nprocesses: []", "deputies: [{aliases: [a]}]\n"
             "processes: []", "defaults: {name: p}\nprocesses: []", "defaults: []\nprocesses: []",
             "groups: {a: {comand: x}}\nprocesses: []", "processes: [{name: p}]",
             "processes: [{name: p, command: x, exec: [x]}]",
             "processes: [{name: p, command: x, host: a, hosts: [b]}]"]
    for text in right:
        agree(fleet, schema, text, True)
    for text in wrong:
        agree(fleet, schema, text, False)
    known = {key.partition(".")[0] for key in KEYS}
    assert set(schema["$defs"]["process"]["properties"]) <= known


def test_the_schema_takes_our_own_files(schema):
    manual = (ROOT / "clients/procman.yaml.5").read_text()
    for name in ("tests/data/fleet.yaml", "tests/data/fleet.json", "tests/data/original.json",
                 "scripts/demo.yaml"):
        assert takes(schema, (ROOT / name).read_text()), name
    examples = re.findall(r"^\.Bd -literal -offset indent\n(deputies:.*?)^\.Ed", manual,
                          flags=re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        assert takes(schema, example), example
