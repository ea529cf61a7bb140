"""Runs beside a load, as a user starts them: the load is there, is said, and leaves with the run."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.latency.facts import Facts, read_facts
from tests.processes.test_run import SCENARIO, start, wait_for


@pytest.fixture(scope="module")
def machines() -> Iterator[Path]:
    """Where the runs put their machines; nothing may be left there."""
    with tempfile.TemporaryDirectory(prefix="v") as folder:
        yield Path(folder)
        assert not list(Path(folder).iterdir()), "a machine's folder is left"


def begin(folder: Path, machines: Path, load: str, seconds: int) -> "subprocess.Popen[str]":
    scenario = folder / "scenario.toml"
    scenario.write_text(f'load = ["{load}"]\n{SCENARIO.format(seconds=seconds)}')
    return start(machines, "run", str(scenario), "--out", str(folder / "out"))


def facts_of(folder: Path, machines: Path, load: str) -> Facts:
    run = begin(folder, machines, load, 2)
    _, errors = run.communicate(timeout=90)
    assert run.returncode == 0, errors
    return read_facts(folder / "out" / "facts.json")


def test_what_a_load_took_is_said_and_what_everybody_else_did(tmp_path: Path, machines: Path) -> None:
    facts = facts_of(tmp_path, machines, "busy")
    assert (facts.run.pacing, facts.run.load, facts.run.warm_up_s, facts.run.margin_us) == ("irq", "busy", 0, 500)
    assert facts.run.load_cpu_s is not None
    assert facts.run.load_cpu_s > 0.2
    assert facts.run.load_requests is None
    assert facts.backend.instrument is not None
    for usage in (facts.backend.usage, *(guest.usage for guest in facts.guests)):
        assert usage is not None
        assert usage.seconds >= 2
        assert 0 < usage.cpu_s < usage.seconds
        assert usage.wakeups > 50
        assert usage.switches_voluntary > 50


def test_a_guest_that_floods_is_served_and_not_in_the_results(tmp_path: Path, machines: Path) -> None:
    facts = facts_of(tmp_path, machines, "flood")
    assert [guest.name for guest in facts.guests] == ["music", "telephone"]
    assert facts.run.load_requests is not None
    assert facts.run.load_requests > 1000
    assert facts.backend.requests >= facts.run.load_requests
    assert "flood" not in (tmp_path / "out" / "result.json").read_text().replace('"load": "flood"', "")


@pytest.mark.parametrize("load", ["busy", "flood"])
def test_ctrl_c_ends_a_load_as_well(tmp_path: Path, machines: Path, load: str) -> None:
    run = begin(tmp_path, machines, load, 60)
    mix = tmp_path / "out" / "mix.wav"
    wait_for(lambda: mix.exists() and mix.stat().st_size > 100_000, 60)
    children = psutil.Process(run.pid).children(recursive=True)
    assert [child for child in children if f"compose.load.{'cpu' if load == 'busy' else load}" in child.cmdline()]
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert errors == ""
    assert not [child for child in children if child.is_running()]


def test_a_processor_that_is_not_there_is_named_before_anything_is_started(tmp_path: Path, machines: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    own = '[loads.own]\nkind = "cpu"\nprocessors = [4095]\n'
    scenario.write_text('load = ["own"]\n' + SCENARIO.format(seconds=2) + own)
    run = start(machines, "run", str(scenario), "--out", str(tmp_path / "out"))
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 2
    assert errors.startswith("vsnd: loads.own.processors: 4095 is none of ours")
