"""Tuning in real time: what is found depends on the machine, what is measured and said of it does not."""

import json
import signal
from pathlib import Path

import psutil
import pytest

from compose.scenario import read_scenario
from compose.tune.answer import answer
from compose.tune.bench import VERIFIED, Bench
from compose.tune.ledger import Trial
from compose.tune.search import Search
from compose.tune.sizes import Plan
from compose.tune.terms import agree
from compose.worlds.processes import ProcessesWorld
from tests.compose.test_scenario import GOOD
from tests.processes.test_run import start, wait_for


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "scenario.toml").write_text(GOOD)
    return tmp_path / "scenario.toml"


def test_a_verification_is_measured(scenario: Path, tmp_path: Path) -> None:
    plan = Plan(read_scenario(scenario), None)
    search = Search(plan.devices, plan.streams, agree(None, 1))
    trial = search.next()
    assert trial is not None
    safest = Trial("verification", trial.setting, 1.0)
    bench = Bench(ProcessesWorld(), plan, tmp_path, tmp_path / "out")
    search.tell(safest, bench.run(safest, lambda passed_s: None))
    tuned = answer(plan, search, bench.result, world="processes", version="1")
    (device,), (stream,) = tuned.devices, tuned.streams
    assert device.granted_period_frames == device.period_frames
    assert tuned.backend_cpu_share is not None
    assert 0 < tuned.backend_cpu_share < 1
    assert stream.verified is not None
    assert stream.verified.seconds == 1
    assert stream.playback_delay_ns is not None
    assert 0 < stream.playback_delay_ns.min < stream.buffer_ms * 1e6
    assert (tmp_path / "out" / VERIFIED / "report.html").is_file()


def test_ctrl_c_says_the_best_so_far_and_leaves_nothing_running(scenario: Path, tmp_path: Path) -> None:
    run = start(tmp_path, "tune", str(scenario), "--target", "50/s", "--seconds", "1", "--out", str(tmp_path / "out"))
    wait_for((tmp_path / "out" / "trials" / "02" / "trace").exists)
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "the best so far" in said
    assert not [child for child in children if child.is_running()]
    assert len(json.loads((tmp_path / "out" / "tune.json").read_bytes())["trials"]) >= 1
