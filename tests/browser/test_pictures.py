"""tools/pictures.py: the decisive part of a report as a small picture."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.latency.comparison.build import compare_folder
from tests.backend.latency.comparison.experiments import told, write_run
from tests.backend.latency.synthetic import MS

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not (shutil.which("pngquant") and shutil.which("chromium")), reason="want pngquant and chromium: apt install both"
)


def take(out: Path, picture: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "tools" / "pictures.py"), str(out), str(picture)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs on an idle machine and three under load, which is 2 ms later."""
    folder = tmp_path_factory.mktemp("experiment")
    for number in range(6):
        facts = told(load="idle" if number % 2 else "busy", seed=number)
        write_run(folder / f"{number}", facts, [(number % 2 * -2 + 3) * MS + k % 7 * 1000 for k in range(400)])
    compare_folder(folder)
    return folder


def test_a_picture_is_a_page_wide_and_small(out: Path, tmp_path: Path) -> None:
    done = take(out, tmp_path / "hostile.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    picture = (tmp_path / "hostile.png").read_bytes()
    width_px, height_px = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width_px == 1000
    assert 500 < height_px < 1500, "verdicts and one plot, not the whole page"
    assert len(picture) < 120 * 1024


def test_what_is_wrong_is_one_line(out: Path, tmp_path: Path) -> None:
    names = "want a scenario's name: applications, "
    for folder, name, said in ((out, "other.png", names), (tmp_path, "lab.png", "no such")):
        done = take(folder, tmp_path / name)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert said in done.stderr
