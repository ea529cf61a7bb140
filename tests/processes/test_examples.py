"""The examples as programs, on a machine started by hand."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes.test_by_hand import running

CONFIG = '[devices.speaker]\nkind = "clocked"\n[streams]\nplay = "speaker"\n'


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("examples")
    machine, config = str(folder / "machine"), folder / "backend.toml"
    config.write_text(CONFIG)
    with ExitStack() as parts:
        parts.enter_context(running("host", "--dir", machine, "--guests", "1"))
        backend = ("--config", str(config), "--dir", machine, "--out", str(folder / "out"))
        parts.enter_context(running("backend", *backend))
        yield machine


@pytest.mark.parametrize("example", ["blocking", "nonblocking", "callback", "bridged"])
def test_each_style_plays_its_tone(machine: str, example: str) -> None:
    command = [sys.executable, "-m", f"examples.{example}", machine]
    played = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert played.returncode == 0, played.stderr
    assert played.stdout.endswith(" underruns\n")


def test_all_examples_are_tried() -> None:
    """And are programs that say how they are started."""
    root = Path(__file__).parents[2]
    names = {path.stem for path in (root / "examples").glob("*.py")}
    assert names == {"blocking", "nonblocking", "callback", "bridged"}
    for name in names:
        assert f"python examples/{name}.py [FOLDER]" in (root / "examples" / f"{name}.py").read_text()
