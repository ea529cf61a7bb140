"""backend.latency.truth.loop: there and back, over a card that records what it plays."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.latency.facts import Facts
from backend.latency.records import load
from backend.latency.result import RoundTrip
from backend.latency.truth.loop import round_trips
from compose.run import find_world, plan_blocks
from compose.scenario import read_scenario

SCENE = """
name = "loop"
duration_s = {duration_s}
[devices.headset]
kind = "clocked"
drift_ppm = {drift_ppm}
loop_back = "headset.loop"
period_frames = {period}
buffer_frames = {buffer}
[[guests]]
id = 1
[[guests.streams]]
device = "headset"
plays = "markers"
buffer_frames = 24000
[[guests]]
id = 2
[[guests.streams]]
device = "headset"
records = "take.wav"
rate_hz = {take_hz}
period_frames = 480
buffer_frames = 24000
"""


def play(
    out: Path,
    world: str = "sim",
    take_hz: int = 48_000,
    duration_s: float = 4,
    drift_ppm: int = 40,
    period: int = 480,
    buffer: int = 1920,
) -> Facts:
    """Run the scene into the folder.  Period and buffer are the card's."""
    scene = SCENE.format(take_hz=take_hz, duration_s=duration_s, drift_ppm=drift_ppm, period=period, buffer=buffer)
    (out / "scenario.toml").write_text(scene)
    (block,) = plan_blocks(read_scenario(out / "scenario.toml"), out, out, 1)
    return find_world(world).run(block, lambda passed_s: None)


def measured(out: Path, facts: Facts) -> RoundTrip:
    (trip,) = round_trips(out, facts, load(sorted(out.glob("trace/*.vtrace"))))
    return trip


@pytest.mark.parametrize("drift_ppm", [-200, 0, 40])
def test_both_traces_agree_with_what_is_recorded_within_a_frame(tmp_path: Path, drift_ppm: int) -> None:
    trip = measured(tmp_path, play(tmp_path, drift_ppm=drift_ppm))
    assert (trip.played_by_domid, trip.played_by_stream) == (1, 0)
    assert (trip.recorded_by_domid, trip.recorded_by_stream) == (2, 0)
    assert trip.markers >= 14
    assert (trip.missing, trip.disagreeing, trip.agrees) == (0, 0, True)
    assert trip.delay_ns is not None
    assert trip.delay_ns.min > 100_000_000  # the cable alone


def test_a_recording_at_another_rate_is_off_by_its_resampler(tmp_path: Path) -> None:
    trip = measured(tmp_path, play(tmp_path, take_hz=44_100))
    assert trip.missing == 0
    assert trip.difference_frames is not None
    assert trip.difference_frames.median == pytest.approx(trip.resampling_frames, abs=1)


def test_the_delay_is_from_one_application_to_the_other(tmp_path: Path) -> None:
    """The buffer of 500 ms is full when a marker is handed over, unless it is of the first; the cable is 100 ms."""
    trip = measured(tmp_path, play(tmp_path, duration_s=6))
    assert trip.delay_ns is not None
    assert 580_000_000 < trip.delay_ns.max < 640_000_000


def test_a_recording_of_something_else_misses_all_of_them(tmp_path: Path) -> None:
    facts = play(tmp_path)
    frames = soundfile.info(tmp_path / "take.wav").frames
    soundfile.write(tmp_path / "take.wav", np.zeros((frames, 2)), 48_000, "FLOAT")
    trip = measured(tmp_path, facts)
    assert trip.missing == trip.markers >= 14
    assert (trip.agrees, trip.difference_frames, trip.delay_ns) == (False, None, None)


def test_a_recording_that_is_later_disagrees(tmp_path: Path) -> None:
    facts = play(tmp_path)
    sound, rate_hz = soundfile.read(tmp_path / "take.wav")
    soundfile.write(tmp_path / "take.wav", np.roll(sound, 3, axis=0), rate_hz, "FLOAT")
    trip = measured(tmp_path, facts)
    assert trip.disagreeing == trip.markers
    assert trip.difference_frames is not None
    assert trip.difference_frames.min > 2


def test_without_a_recording_there_is_none(tmp_path: Path) -> None:
    facts = play(tmp_path)
    (tmp_path / "take.wav").unlink()
    assert not list(round_trips(tmp_path, facts, load(sorted(tmp_path.glob("trace/*.vtrace")))))
