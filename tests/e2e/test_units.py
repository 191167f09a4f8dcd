"""The systemd units: what systemd itself thinks of them."""
import pathlib
import shutil
import subprocess

import pytest

UNITS = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "systemd"
MOST_EXPOSED = 20   # tenths of systemd-analyze's scale from 0 to 10

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")


def unit(name, tmp_path):
    """The unit as it would be installed, but beginning a program that is there."""
    path = tmp_path / name
    text = (UNITS / f"{name}.in").read_text()
    path.write_text(text.replace("@CMAKE_INSTALL_FULL_SBINDIR@/sheriffd", shutil.which("true")))
    return path


def test_the_sheriff_can_do_little_beside_its_work(tmp_path):
    result = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                             f"--threshold={MOST_EXPOSED}", unit("sheriffd.service", tmp_path)],
                            capture_output=True, text=True, timeout=60, check=False)
    if "--offline" in result.stderr:
        pytest.skip("this systemd-analyze reads no files")
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr
