"""A frontend of one's own: the README's client, built against an installed copy."""
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from fleet import BIN, ROOT, alive, wait_until

LIBRARY = Path(os.environ.get("PROCMAN_INSTALL_FROM") or BIN.parent)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installed copy."""
    if not (LIBRARY / "cmake_install.cmake").exists():
        pytest.skip(f"{LIBRARY} is not a build directory")
    place = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", LIBRARY, "--prefix", place], check=True,
                   stdout=subprocess.DEVNULL)
    return place


def readme_client():
    text = (ROOT / "README.md").read_text()
    (source,) = re.findall(r"```c\n(.*?)```", text, re.DOTALL)
    return source


def pkg_config(prefix, *args):
    env = {**os.environ, "PKG_CONFIG_PATH": str(next(prefix.rglob("pkgconfig")))}
    return shlex.split(subprocess.run(["pkg-config", *args, "procman"], check=True, text=True,
                                      env=env, stdout=subprocess.PIPE).stdout)


def build(prefix, source, where, *options):
    program = where / "client"
    (where / "client.c").write_text(source)
    (library,) = pkg_config(prefix, "--variable=libdir")
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", *options, where / "client.c",
                    "-o", program, *pkg_config(prefix, "--cflags", "--libs"),
                    f"-Wl,-rpath,{library}"], check=True)
    return program


def sanitized():
    """A library with sanitizers wants them in the program too."""
    cache = (LIBRARY / "CMakeCache.txt").read_text()
    found = re.search(r"^PROCMAN_SANITIZE:STRING=(.+)$", cache, re.MULTILINE)
    return [f"-fsanitize={found[1]}"] if found else []


def test_what_is_installed(prefix):
    for path in ("bin/procmanctl", "sbin/sheriffd", "sbin/deputyd", "libexec/procman/deputyd-brain",
                 "include/procman/client.h", "include/procman/messages.def",
                 "share/man/man1/procmanctl.1", "share/man/man5/procman.yaml.5",
                 "share/man/man7/procman-migration.7",
                 "share/man/man8/sheriffd.8", "share/man/man8/deputyd.8",
                 "lib/systemd/system/sheriffd.service", "lib/systemd/system/deputyd.service"):
        assert (prefix / path).exists(), path
    assert list(prefix.rglob("libprocman.so.0"))


def test_the_readmes_client_is_short():
    assert len(readme_client().strip().splitlines()) <= 30


def test_the_readmes_client_sees_the_fleet(alone, prefix, tmp_path):
    alone.apply({"name": "cam", "group": "drivers", "command": "sleep 1000"})
    alone.pid("cam")
    client = alone.follow_program(build(prefix, readme_client(), tmp_path, *sanitized()))
    wait_until(lambda: "cam" in client.log and "running" in client.log, "it sees what is")
    alone.ok("stop", "cam")
    wait_until(lambda: "stopped" in client.log, "it sees what happens")


def test_every_public_header_stands_alone_in_c_and_cpp(prefix, tmp_path):
    for header in sorted((prefix / "include/procman").glob("*.h")):
        source = f"#include <procman/{header.name}>\nint main(void) {{ return 0; }}\n"
        for language in ("c", "c++"):
            path = tmp_path / f"header.{language}"
            path.write_text(source)
            subprocess.run(["cc", "-x", language, "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                            *pkg_config(prefix, "--cflags"), path], check=True)


def test_cmake_finds_it(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(frontend C)\n"
        "find_package(procman 0.1 REQUIRED)\nadd_executable(frontend client.c)\n"
        "target_link_libraries(frontend PRIVATE procman::procman)\n")
    (tmp_path / "client.c").write_text(readme_client())
    options = " ".join(sanitized())
    subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build",
                    f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_FLAGS={options}"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", tmp_path / "build"], check=True,
                   stdout=subprocess.DEVNULL)


def test_only_what_is_meant_is_exported(prefix):
    (library,) = [path for path in prefix.rglob("libprocman.so.*") if not path.is_symlink()]
    symbols = subprocess.run(["nm", "-D", "--defined-only", "--format=just-symbols", library],
                             check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    assert symbols and all(name.startswith("pm_") for name in symbols), symbols


def test_an_installed_fleet_runs(fleet, prefix):
    """The deputy finds its brain in libexec, procmanctl its library."""
    env = {**fleet.env, "PATH": f"{prefix}/bin:{prefix}/sbin:{fleet.env['PATH']}"}
    run = lambda *words: subprocess.run(words, env=env, cwd=fleet.dir, check=True, text=True,
                                        stdout=subprocess.PIPE, timeout=60).stdout
    path = fleet.file("fleet.yaml", "processes:\n  - {name: cam, command: sleep 1000}\n")
    run("procmanctl", "up", path, "--state-dir", fleet.state_dir)
    pid = fleet.pid("cam")
    run("procmanctl", "down")
    wait_until(lambda: not fleet.everything(), "everything has ended")
    assert not alive(pid)
