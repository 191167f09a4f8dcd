"""One configuration in many files, and many processes of one: with real daemons."""
import signal

from fleet import wait_until

CAMERA = """
deputies: [alpha, beta, {name: gamma, aliases: [g.lan]}]
processes:
  - {name: cam, hosts: ['?e*', g.lan], command: sleep 1000}
  - {name: worker, host: g.lan, command: sleep 1000, instances: 3}
"""


def labels(fleet):
    return {f"{row['name']}@{row['host']}" for row in fleet.status()}


def test_hosts_and_instances_run_as_many(three):
    path = three.file("fleet.yaml", CAMERA)
    three.ok("apply", path)
    expected = {"cam@beta", "cam@gamma", "worker:0@gamma", "worker:1@gamma", "worker:2@gamma"}
    assert labels(three) == expected
    three.ok("start", "all")
    pids = [three.pid(f"worker:{i}", "gamma") for i in range(3)]
    assert len(set(pids)) == 3
    again = three.ok("apply", path)  # the same file means the same
    assert "5 none" in again.out
    back = three.file("back.yaml", three.ok("export").out)
    assert "5 none" in three.ok("apply", back).out  # and so does what was exported
    assert [three.pid(f"worker:{i}", "gamma") for i in range(3)] == pids


def test_one_of_many_can_be_edited_and_still_be_exported(alone):
    path = alone.file("f.yaml", "processes: [{name: w, command: sleep 1000, instances: 2}]\n")
    alone.ok("apply", path)
    alone.ok("edit", "w:1", "--set", "env.A=b")
    exported = alone.ok("export").out
    assert "name: \"w:1\"" in exported and "instances: 2" in exported
    assert "2 none" in alone.ok("apply", alone.file("back.yaml", exported)).out


def test_a_sheriff_reads_the_files_its_own_one_includes(fleet):
    (fleet.dir / "conf.d").mkdir()
    path = fleet.file("fleet.yaml", "include: [conf.d/*.yaml]\nprocesses: []\n")
    fleet.file("conf.d/a.yaml", "processes: [{name: a, host: alpha, command: sleep 1000}]\n")
    sheriff = fleet.sheriff(config=path)
    fleet.deputy("alpha")
    pid = fleet.pid("a")
    fleet.file("conf.d/b.yaml", "processes: [{name: b, host: alpha, command: sleep 1000}]\n")
    sheriff.signal(signal.SIGHUP)
    wait_until(lambda: "b@alpha" in labels(fleet), "the new file is read")
    fleet.file("conf.d/c.yaml", "processes: [{name: c, host: alpha, colour: red}]\n")
    sheriff.signal(signal.SIGHUP)
    wait_until(lambda: "conf.d/c.yaml:1:" in fleet.logs(), "told where the error is")
    assert labels(fleet) == {"a@alpha", "b@alpha"} and fleet.pid("a") == pid


def test_who_waits_for_whom_comes_back_from_export(alone):
    path = alone.file("f.yaml", "processes:\n  - {name: a, group: g, command: sleep 1000}\n"
                                "  - {name: b, command: sleep 1000,\n"
                                "     depends_on: [{process: g/a@localhost, when: started}]}\n")
    alone.ok("apply", path)
    exported = alone.ok("export").out
    assert "depends_on: [{process: g/a, when: started}]" in exported
    assert "2 none" in alone.ok("apply", alone.file("back.yaml", exported)).out
    alone.ok("edit", "b", "--set", "depends_on=[g/a]")
    assert "depends_on: [g/a]" in alone.ok("export").out
    assert alone.ctl("edit", "b", "--set", "depends_on=[b]").status == 2
