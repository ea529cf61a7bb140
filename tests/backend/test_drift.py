"""A card's clock is not ours: what that does to guests, by pacing, in simulated time."""

from pathlib import Path

import numpy as np
import pytest

from backend.pacing.choose import Pacing
from tests.backend.room import MS, RATE_HZ, SECOND_NS, Listener, Room, tone

HOUR_S = 3600
PERIOD = 512
PERIOD_MS = 1000 * PERIOD / RATE_HZ


def late_frames(room: Room) -> int:
    return sum(stream.late_frames for session in room.backend.sessions.values() for stream in session.streams)


@pytest.mark.parametrize("drift_ppm", [-500, 500])
@pytest.mark.parametrize("pacing", ["irq", "adaptive"])
def test_an_hour_passes_without_an_underrun(tmp_path: Path, pacing: Pacing, drift_ppm: int) -> None:
    room = Room(tmp_path, pacing, wake_ns_max=MS, drift_ppm=drift_ppm, period_frames=2400, play_to=None)
    guest = room.enter(9600, 3 * 9600)
    guest.play(tone(RATE_HZ), (HOUR_S + 10) * RATE_HZ)
    room.pass_ns(HOUR_S * SECOND_NS)
    assert (guest.pcm.underruns, room.port().device.underruns, late_frames(room)) == (0, 0, 0)
    assert guest.lateness_ms(drift_ppm).max() < 3.5, "two wake-ups of up to 1 ms, and what the clock is off"
    if pacing == "adaptive":
        assert room.port().pacing.statistics()["clock_ppm"] == pytest.approx(drift_ppm, abs=1)


def five_minutes(tmp_path: Path, pacing: Pacing) -> tuple[Room, Listener]:
    """Of the tightest buffer that a guest is offered, on a card that is 500 ppm fast."""
    room = Room(tmp_path, pacing, wake_ns_max=300_000, drift_ppm=500, period_frames=PERIOD, play_to=None)
    guest = room.enter(PERIOD, 3 * PERIOD)
    guest.play(tone(RATE_HZ), 310 * RATE_HZ)
    room.pass_ns(300 * SECOND_NS)
    return room, guest


@pytest.mark.parametrize("pacing", ["irq", "adaptive"])
def test_who_follows_the_card_serves_the_tightest_buffer(tmp_path: Path, pacing: Pacing) -> None:
    room, guest = five_minutes(tmp_path, pacing)
    assert (guest.pcm.underruns, late_frames(room)) == (0, 0)
    assert guest.lateness_ms(500).max() < 1


@pytest.mark.parametrize("pacing", ["timer", "timer-naive"])
def test_who_does_not_tells_of_periods_up_to_one_too_late_and_loses_frames(tmp_path: Path, pacing: Pacing) -> None:
    room, guest = five_minutes(tmp_path, pacing)
    late_ms = guest.lateness_ms(500)
    assert np.percentile(late_ms, 99) > 0.9 * PERIOD_MS
    assert late_frames(room) > 60 * RATE_HZ


@pytest.mark.parametrize("grain_frames", [16, 128, 480])
def test_positions_in_steps_do_not_make_it_hunt(tmp_path: Path, grain_frames: int) -> None:
    options = {"position_granularity_frames": grain_frames, "period_frames": PERIOD, "play_to": None}
    room = Room(tmp_path, "adaptive", wake_ns_max=100_000, drift_ppm=-300, **options)
    guest = room.enter(PERIOD, 8 * PERIOD)
    guest.play(tone(RATE_HZ), 310 * RATE_HZ)
    room.pass_ns(60 * SECOND_NS)
    seen = room.port().looks
    ppm: list[float] = []
    for _ in range(240):
        room.pass_ns(SECOND_NS)
        ppm.append(float(room.port().pacing.statistics()["clock_ppm"]))
    assert (guest.pcm.underruns, room.port().device.underruns) == (0, 0)
    assert max(ppm) - min(ppm) < 100
    assert ppm[-1] == pytest.approx(-300, abs=50)
    periods = 240 * RATE_HZ / PERIOD
    assert room.port().looks - seen < 1.3 * periods, "hardly a look more than there are periods"
    grain_ms = 1000 * grain_frames / RATE_HZ
    assert guest.lateness_ms(-300).max() < 2 * grain_ms + 1
