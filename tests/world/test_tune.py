"""Tuning in simulated time, on machines that are late by just so much: what is found is just what is needed.

Every domain wakes 3.5 ms after something is due, always.  The backend mixes two of the card's periods ahead, which must
be more than that, and not by a hair, since an interrupt that comes meanwhile wakes nobody: 4 ms are too little, 6 are
enough.  So the period is 3 ms.  The guest is told by one late domain and is another: its frames are there 7 ms after
its period ended.  Of that the next period takes 3, so its buffer must have room for two more.
"""

import shutil
from pathlib import Path

import msgspec
import pytest

from compose.scenario import Scenario, read_scenario
from compose.tune.bench import TRIALS, VERIFIED, Bench
from compose.tune.command import tune_file
from compose.tune.ledger import Setting, Trial
from compose.tune.result import Tuned
from compose.tune.sizes import Plan
from compose.tune.terms import agree
from compose.worlds import sim
from compose.worlds.sim import SimWorld
from hosts.sim.delays import Delays, uniform_ns
from tests.compose.test_scenario import GOOD

SECONDS = 1.0


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    monkeypatch.setattr(sim, "DELAYS", Delays(wake_ns=uniform_ns(3_500_000, 3_500_000)))
    (tmp_path / "scenario.toml").write_text(GOOD)
    return read_scenario(tmp_path / "scenario.toml")


def tuned(folder: Path, guest: str | None = None) -> Tuned:
    tune_file(folder / "scenario.toml", "sim", folder / "out", agree(None, SECONDS), guest)
    return msgspec.json.decode((folder / "out" / "tune.json").read_bytes(), type=Tuned)


def test_what_is_found_is_just_above_what_is_needed(scenario: Scenario, tmp_path: Path) -> None:
    answer = tuned(tmp_path)
    (device,), (stream,) = answer.devices, answer.streams
    assert device.period_frames == 144, "3 ms"
    assert stream.period_frames == 144
    assert stream.buffer_frames == (1 + 2 + 2) * 144
    assert stream.state == "shown"
    assert stream.smaller is not None
    assert stream.smaller.buffer_frames == (1 + 2 + 1) * 144, "the very next one failed"
    assert stream.playback_delay_ns is not None
    assert stream.playback_delay_ns.p99 is not None
    assert stream.playback_delay_ns.p99 < stream.buffer_ms * 1e6, "no more than the buffer holds"
    assert device.looks_hz is not None
    assert 200 < device.looks_hz <= 334, "some interrupts are merged"
    assert answer.backend_cpu_share is None, "time is simulated"


def test_it_is_what_trying_every_size_finds(scenario: Scenario, tmp_path: Path) -> None:
    plan = Plan(scenario, None)
    bench = Bench(SimWorld(), plan, tmp_path, tmp_path / "all")

    def holds(period: int, buffer: int) -> bool:
        setting = Setting({"speaker": period}, {(1, 0): buffer})
        seen = bench.run(Trial("buffers", setting, SECONDS), lambda passed_s: None)
        return not seen.devices["speaker"] and not seen.streams[1, 0]

    safe = [rungs - 1 for rungs in plan.devices["speaker"]]
    period = next(rung for rung in range(8) if holds(rung, safe[rung]))
    buffer = next(rung for rung in range(safe[period] + 1) if holds(period, rung))
    found = plan.size((1, 0), Setting({"speaker": period}, {(1, 0): buffer}))
    answer = tuned(tmp_path).streams[0]
    assert (answer.period_frames, answer.buffer_frames) == (found.period_frames, found.buffer_frames)


def test_the_same_seed_finds_the_same(scenario: Scenario, tmp_path: Path) -> None:
    first = tuned(tmp_path)
    shutil.rmtree(tmp_path / "out")
    assert [trial.underruns for trial in tuned(tmp_path).trials] == [trial.underruns for trial in first.trials]


def test_only_the_verification_is_kept_with_its_report(scenario: Scenario, tmp_path: Path) -> None:
    tuned(tmp_path)
    assert not (tmp_path / "out" / TRIALS).exists()
    assert (tmp_path / "out" / VERIFIED / "report.html").is_file()


def test_a_guest_alone_is_tuned_to_the_card_as_it_is(scenario: Scenario, tmp_path: Path) -> None:
    answer = tuned(tmp_path, "1")
    assert not answer.devices[0].changes
    assert answer.streams[0].period_frames == 480, "10 ms, as often as the card is looked at"
    assert answer.streams[0].buffer_frames == 3 * 480, "one period and two ahead: 10 ms are more than 7"
    assert answer.streams[0].smallest_possible


def test_recordings_are_tuned_too(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(GOOD.replace('plays = "melody.flac"', 'records = "take.wav"'))
    (stream,) = tuned(tmp_path).streams
    assert (stream.direction, stream.state) == ("capture", "shown")
    assert stream.buffer_frames < stream.scenario_buffer_frames
