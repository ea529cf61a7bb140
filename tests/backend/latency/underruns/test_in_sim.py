"""What went wrong on purpose in a simulated run is what the blame table names, and its silence is what was heard."""

from pathlib import Path

import pytest

import compose.guest
import compose.worlds.sim
from backend.latency.result import Cause, Gap
from hosts.sim.delays import Delays
from tests.backend.latency.underruns.scenes import MS, PAUSE, RATE_HZ, Scene, SlowPlayer, Stall, play, record

PACINGS = ["irq", "timer", "timer-naive", "adaptive"]
PAUSES = PAUSE.format(at_s=1.0, for_s=0.1) + PAUSE.format(at_s=2.0, for_s=0.035)
STALLS = [Stall(1000 * MS, 60 * MS), Stall(2000 * MS, 200 * MS)]
TIGHT = "buffer_frames = 1440"
"""A guest with such a buffer has one period of the card's for its answer."""


def check(scene: Scene, cause: Cause, least: int = 1) -> list[Gap]:
    """All is blamed on one, and heard."""
    gaps = scene.stream.gaps
    assert scene.told() == scene.heard(), "to the frame"
    assert len(gaps) >= least
    assert list(scene.stream.blame) == [cause]
    blame = scene.stream.blame[cause]
    assert blame.gaps == len(gaps)
    assert blame.frames == sum(gap.frames for gap in gaps)
    assert blame.length_ns == sum(gap.length_ns for gap in gaps)
    for gap in gaps:
        assert gap.length_ns == pytest.approx(gap.frames * 1e9 / RATE_HZ, rel=1e-4)
    return gaps


@pytest.mark.parametrize("pacing", PACINGS)
def test_a_guest_that_stands_still(tmp_path: Path, pacing: str) -> None:
    long, short = check(play(tmp_path, pacing=pacing, more=PAUSES), "guest", 2)
    assert long.frames > 60 * 48 > short.frames


@pytest.mark.parametrize("pacing", PACINGS)
def test_a_backend_that_stands_still(tmp_path: Path, pacing: str) -> None:
    """By so much more than the card was filled ahead."""
    scene = play(tmp_path, pacing=pacing, stalls=STALLS)
    short, long = check(scene, "backend", 2)
    assert 20 * 48 <= short.frames < 200 * 48 - 40 * 48 <= long.frames
    assert scene.result.devices[0].underruns == 2


def test_notifications_that_come_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delays = compose.worlds.sim.DELAYS
    rarely = Delays(delays.wake_ns, lambda random: 30 * MS if random.random() < 0.01 else 5000, delays.watch_ns)
    monkeypatch.setattr(compose.worlds.sim, "DELAYS", rarely)
    scene = play(tmp_path)
    gaps = check(scene, "notification")
    assert scene.stream.underruns == 0
    assert sum(gap.frames for gap in gaps) == scene.stream.starved_frames, "all of it came, and too late"


@pytest.mark.parametrize(("takes_ms", "cause"), [(6, None), (11, "guest")])
def test_an_application_has_the_time_that_its_buffer_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes_ms: int, cause: Cause | None
) -> None:
    monkeypatch.setattr(SlowPlayer, "takes_ns", takes_ms * MS)
    monkeypatch.setattr(compose.guest, "Player", SlowPlayer)
    scene = play(tmp_path, seconds=1, stream=TIGHT)
    assert list(scene.stream.blame) == ([cause] if cause else [])


@pytest.mark.parametrize("fault", ["lost_interrupts_ppm = 50_000", "interrupt_jitter_ns = 6_000_000"])
def test_a_card_that_does_not_interrupt_takes_its_time_from_an_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(compose.guest, "Player", SlowPlayer)
    scene = play(tmp_path, stream=TIGHT, card=fault)
    gaps = check(scene, "device", 5)
    assert sum(gap.frames for gap in gaps) == scene.stream.starved_frames


def test_two_causes_are_told_apart(tmp_path: Path) -> None:
    scene = play(tmp_path, more=PAUSE.format(at_s=1.0, for_s=0.1), stalls=STALLS[1:])
    assert scene.told() == scene.heard()
    assert [gap.cause for gap in scene.stream.gaps] == ["guest", "backend"]


def test_a_run_in_which_all_goes_well_has_no_gap(tmp_path: Path) -> None:
    scene = play(tmp_path, seconds=1)
    assert scene.stream.gaps == []
    assert scene.heard() == []
    assert scene.stream.blame == {}


def test_silence_of_a_resampled_guest_is_that_of_its_card(tmp_path: Path) -> None:
    stream = "rate_hz = 44100\nperiod_frames = 441\nbuffer_frames = 1764"
    scene = play(tmp_path, more=PAUSES, stream=stream)
    gaps = scene.stream.gaps
    assert [frames * 147 for _, frames in scene.heard()] == [gap.frames * 160 for gap in gaps]
    assert {gap.cause for gap in gaps} == {"guest"}


def test_a_guest_that_goes_by_the_systems_clock_hears_silence_too(tmp_path: Path) -> None:
    """Matching to the card stretches what the frames are, so they agree within a few."""
    scene = play(tmp_path, more=PAUSES, stream='clock = "system"')
    for heard, told in zip(scene.heard(), scene.told(), strict=True):
        assert heard == pytest.approx(told, abs=3)
    assert {gap.cause for gap in scene.stream.gaps} == {"guest"}


@pytest.mark.parametrize("pacing", PACINGS)
@pytest.mark.parametrize("stream", ["", "buffer_frames = 9600"])
def test_what_a_recorder_lost_by_standing_still(tmp_path: Path, pacing: str, stream: str) -> None:
    scene = record(tmp_path, pacing=pacing, stream=stream, more=PAUSE.format(at_s=1.0, for_s=0.3))
    assert scene.told() == scene.lost()
    (gap,) = scene.stream.gaps
    assert gap.cause == "guest"
    assert scene.stream.underruns == 1


@pytest.mark.parametrize("pacing", PACINGS)
def test_what_a_backend_lost_of_a_recording_by_standing_still(tmp_path: Path, pacing: str) -> None:
    """With a large buffer what the card lost is silence in the recording, with a small one it is left out."""
    scene = record(tmp_path, pacing=pacing, stalls=STALLS, stream="buffer_frames = 48000")
    assert scene.told() == scene.lost()
    assert [gap.cause for gap in scene.stream.gaps] == ["backend", "backend"]
    assert scene.stream.underruns == 0


def test_between_two_backends_there_is_no_stream_and_no_gap(tmp_path: Path) -> None:
    fault = "[[faults]]\nat_s = 1.0\nwhat = 'backend'\nfor_s = 0.1\n"
    assert play(tmp_path, more=fault).stream.gaps == []
