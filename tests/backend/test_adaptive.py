"""Adaptive pacing as guests hear it: far ahead, and yet at once."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile

from backend.pacing.choose import Pacing
from ringproto.card import Direction
from tests.backend.room import MS, RATE_HZ, SECOND_NS, Room, tone

SECOND = RATE_HZ
SAFEGUARD = 6 * RATE_HZ // 1000
"""4 ms of ours and one burst of the card's, in frames."""


def test_two_seconds_ahead_it_wakes_once_a_second(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive")
    room.enter(SECOND, 2 * SECOND).play(tone(60 * SECOND))
    room.pass_ns(10 * SECOND_NS)
    before = room.port().looks
    room.pass_ns(20 * SECOND_NS)
    assert room.port().looks - before <= 20
    assert room.port().device.underruns == 0


@pytest.mark.parametrize("drift_ppm", [-500, 500])
def test_a_sound_arrives_whole_whatever_the_cards_clock_does(tmp_path: Path, drift_ppm: int) -> None:
    room = Room(tmp_path, "adaptive", drift_ppm=drift_ppm)
    sound = np.random.default_rng(1).integers(-9000, 9000, (20 * SECOND, 2), dtype=np.int16)
    guest = room.enter(4800, 19200)
    guest.play(sound)
    room.pass_ns(21 * SECOND_NS)
    assert guest.played.done
    assert guest.pcm.underruns == 0
    heard = room.heard()
    assert np.array_equal(heard[: len(sound)], sound)


def test_a_change_of_volume_is_heard_at_once_though_seconds_are_mixed(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive")
    guest = room.enter(SECOND, 2 * SECOND)
    guest.play(tone(20 * SECOND))
    room.pass_ns(3 * SECOND_NS + 300 * MS)
    asked_at = room.port().device.position(room.now_ns)
    guest.turn(-20_000)
    room.pass_ns(3 * SECOND_NS)
    level = room.heard()[:, 0].astype(int)
    changed_at = int(np.flatnonzero(level < 1000)[0])
    assert asked_at < changed_at <= asked_at + SAFEGUARD
    assert (np.abs(np.diff(level[: changed_at + 2 * SECOND])) <= 3).all(), "a click"
    assert (level[changed_at + RATE_HZ // 100 : changed_at + 2 * SECOND] == 100).all()


def test_who_asks_for_10_ms_gets_it_and_who_asked_for_2_s_hears_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive")
    sound = np.random.default_rng(2).integers(-9000, 9000, (10 * SECOND, 2), dtype=np.int16)
    room.enter(SECOND, 2 * SECOND).play(sound)
    room.pass_ns(3 * SECOND_NS + 300 * MS)
    quick = room.enter(120, 480)
    quick.play(tone(5 * SECOND, 0))
    room.pass_ns(2 * SECOND_NS)
    device = room.port().device
    ahead = [device.written_frames - device.position(room.now_ns)]
    for _ in range(100):
        room.pass_ns(3 * MS + 7)
        ahead.append(device.written_frames - device.position(room.now_ns))
    assert max(ahead) <= 480 + 120
    assert quick.pcm.underruns == 0
    assert room.port().device.underruns == 0
    room.pass_ns(6 * SECOND_NS)
    heard = room.heard()
    assert np.array_equal(heard[: len(sound)], sound)


def test_who_stops_is_silent_at_once_and_the_others_are_not_touched(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive")
    stays, leaves = room.enter(SECOND, 2 * SECOND), room.enter(SECOND, 2 * SECOND)
    stays.play(tone(20 * SECOND, 300))
    leaves.play(tone(20 * SECOND, 1000))
    room.pass_ns(3 * SECOND_NS + 300 * MS)
    asked_at = room.port().device.position(room.now_ns)
    leaves.stop()
    room.pass_ns(2 * SECOND_NS)
    level = room.heard()[:, 0].astype(int)
    silent_at = int(np.flatnonzero(level[asked_at:] < 1300)[0]) + asked_at
    assert asked_at < silent_at <= asked_at + SAFEGUARD
    assert (level[silent_at : asked_at + SECOND] == 300).all()


@pytest.mark.parametrize("drift_ppm", [-500, 500])
def test_a_recording_is_whole_and_told_of_in_time(tmp_path: Path, drift_ppm: int) -> None:
    sound = np.random.default_rng(3).integers(-9000, 9000, (4 * SECOND, 2), dtype=np.int16)
    source = tmp_path / "source.wav"
    soundfile.write(source, sound, RATE_HZ, subtype="PCM_16")
    room = Room(tmp_path, "adaptive", drift_ppm=drift_ppm, record_from=str(source))
    pcm, took = room.record(4 * SECOND, 4800, 48000)
    room.pass_ns(5 * SECOND_NS)
    assert pcm.overruns == 0
    taken = np.frombuffer(b"".join(took), np.int16).reshape(-1, 2)
    assert len(taken) == 4 * SECOND
    assert np.array_equal(taken, sound)
    assert room.port(Direction.CAPTURE).looks < 100


def test_who_joins_is_told_of_the_first_period_though_nobody_was_to_look_for_a_second(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive")
    room.record(10 * SECOND, SECOND, 2 * SECOND)
    room.pass_ns(1100 * MS)
    _, took = room.record(SECOND, 480, 1920)
    room.pass_ns(35 * MS)
    assert len(took) == 3


@pytest.mark.parametrize("seed", range(20))
def test_whoever_comes_and_goes_a_sound_of_two_seconds_ahead_is_not_touched(tmp_path: Path, seed: int) -> None:
    room, random = Room(tmp_path, "adaptive"), Random(seed)
    sound = np.random.default_rng(seed).integers(-9000, 9000, (20 * SECOND, 2), dtype=np.int16)
    listener = room.enter(SECOND // 2, 2 * SECOND)
    others = [
        room.enter(rate_hz // 100, rate_hz // random.choice((25, 10, 1)), rate_hz)
        for rate_hz in (48000, 44100, 8000, 96000)
    ]
    listener.play(sound)
    while not listener.played.done:
        room.pass_ns(random.randrange(500) * MS + random.randrange(MS))
        other = random.choice(others)
        what = random.choice(("stop", "play", "turn"))
        if what == "stop":
            other.stop()
        elif what == "play":
            other.play(tone(2 * SECOND, 0))
        else:
            other.turn(random.randrange(-30000, 0))
    assert room.port().device.underruns == 0
    assert np.array_equal(room.heard()[: len(sound)], sound)


def test_one_stall_costs_one_underrun_and_then_none(tmp_path: Path) -> None:
    room = Room(tmp_path, "adaptive", latency_ms=25)
    guest = room.enter(240, 4800)
    guest.play(tone(SECOND), 700 * SECOND)
    room.pass_ns(5 * SECOND_NS)
    for _ in range(1):
        room.stall(30 * MS)
        room.pass_ns(SECOND_NS)
    after = room.port().device.underruns
    assert after <= 1
    for _ in range(60):
        room.pass_ns(9 * SECOND_NS + 7 * MS)
        room.stall(30 * MS)
    assert room.port().device.underruns == after


@pytest.mark.parametrize("pacing", ["irq", "timer", "adaptive"])
def test_after_the_card_ran_dry_a_sound_goes_on_where_it_would_be(tmp_path: Path, pacing: Pacing) -> None:
    room = Room(tmp_path, pacing, buffer_frames=1920)
    sound = np.random.default_rng(4).integers(1, 9000, (2 * SECOND, 2), dtype=np.int16)
    guest = room.enter(2400, 9600)
    guest.play(sound)
    room.pass_ns(500 * MS)
    room.stall(100 * MS)
    room.pass_ns(2 * SECOND_NS)
    assert room.port().device.underruns == 1
    heard = room.heard()[: len(sound)]
    is_there = heard[:, 0] != 0
    assert np.array_equal(heard[is_there], sound[is_there])
    assert 2000 < np.count_nonzero(~is_there) < 4800
    assert is_there[SECOND:].all(), "nothing is late any more"
