"""The kept inputs once more, and then a while of new ones, found with coverage as the guide."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.dom0 import CORPUS
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

RUNS = {
    "slots": 50_000,
    "directory": 2_000,
    "ring": 300,
    "contents": 300,
    "cards": 10_000,
    "xenstore": 3_000,
    "broker": 50_000,
}
"""A few seconds each; by hand they may run for days."""


@pytest.mark.parametrize("target", TARGETS)
def test_the_kept_inputs_break_nothing(target: str) -> None:
    kept = [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]
    assert kept
    for data in kept + SEEDS[target]:
        TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_new_inputs_break_nothing(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("no atheris for this Python: pip install atheris")
    limits = ["--runs", str(RUNS[target]), "--seconds", "20", "--found", str(tmp_path)]
    command = [sys.executable, "-m", "tests.fuzz", target, *limits]
    fuzzed = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    executed = re.search(r"number_of_executed_units: (\d+)", fuzzed.stderr)
    assert fuzzed.returncode == 0, fuzzed.stderr[-3000:] + fuzzed.stdout[-3000:]
    assert executed
    print(f"{target}: {executed[1]} executions, 0 crashes")
    assert int(executed[1]) >= 100
