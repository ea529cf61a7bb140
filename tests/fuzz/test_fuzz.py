"""The kept inputs once more, and then a while of new ones, found with coverage as the guide."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import CORPUS, TARGETS

RUNS = {
    "slots": 50_000,
    "directory": 20_000,
    "cards": 20_000,
    "ring": 250,
    "contents": 250,
    "frontend": 200,
    "xenstore": 2_000,
    "broker": 3_000,
}
"""Beyond what is kept: some seconds each.  By hand they may run for days."""

SECONDS_MAX = 20
"""For each, on a machine that is busy with something else."""


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
    limits = ["--runs", str(RUNS[target]), "--seconds", str(SECONDS_MAX), "--found", str(tmp_path)]
    command = [sys.executable, "-m", "tests.fuzz", target, *limits]
    fuzzed = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    executed = re.search(r"number_of_executed_units: (\d+)", fuzzed.stderr)
    assert fuzzed.returncode == 0, fuzzed.stderr[-3000:] + fuzzed.stdout[-3000:]
    assert executed
    print(f"{target}: {executed[1]} executions, 0 crashes")
    assert int(executed[1]) >= 50


def test_the_kept_inputs_are_few_and_small() -> None:
    sizes = [path.stat().st_size for path in CORPUS.glob("*/*")]
    assert sum(sizes) < 200 << 10
    assert all(len(list((CORPUS / target).iterdir())) < 100 for target in TARGETS)
