"""backend.latency.truth.find: every marker where it is, to a small part of a frame, and none where none is."""

import numpy as np
import pytest
import soundfile
import soxr

from backend.latency.truth import find as finding
from backend.latency.truth.find import find, least_likeness
from backend.latency.truth.marker import Float64s, Marker, markers_of, recording
from compose.scenario import RECORDINGS

OWN = markers_of(1, 0, 48000)


def noise(frames: int, seed: int = 1) -> Float64s:
    return np.random.default_rng(seed).standard_normal(frames)


def off_frames(sound: Float64s, rate_hz: int, markers: list[Marker]) -> Float64s:
    """How far from where it was put each marker is found, all of which must be, once."""
    places = find(sound, rate_hz, markers)
    assert [place.marker for place in places] == markers
    return np.array([place.frame - place.marker.begin_frame * rate_hz / place.marker.rate_hz for place in places])


@pytest.mark.parametrize("rate_hz", [4000, 8000, 44100, 48000])
def test_a_recording_alone_is_found_exactly(rate_hz: int) -> None:
    off = off_frames(recording(1, 0, rate_hz), rate_hz, markers_of(1, 0, rate_hz))
    assert np.abs(off).max() < 1e-4


@pytest.mark.parametrize("late", [0.0, 0.25, 0.5, 0.9])
def test_parts_of_a_frame_are_told(late: float) -> None:
    sound = np.concatenate([np.zeros(1000), OWN[0].render(48000, late), np.zeros(1000)])
    (place,) = find(sound, 48000, OWN[:1])
    assert place.frame == pytest.approx(1000 + late, abs=1e-3)
    assert place.likeness > 0.94


def test_other_guests_and_music_and_a_gain_do_not_move_it() -> None:
    music = soundfile.read(RECORDINGS / "navigation.flac")[0].mean(axis=1)[: 4 * 48000]
    sound = 0.5 * recording(1, 0, 48000) + music + recording(2, 0, 48000) + recording(3, 0, 48000)
    assert np.abs(off_frames(sound, 48000, OWN)).max() < 0.25


def test_neither_does_resampling() -> None:
    sound = soxr.resample(recording(1, 0, 16000), 16000, 44100, "VHQ")
    assert np.abs(off_frames(sound, 44100, markers_of(1, 0, 16000))).max() < 0.01


def test_channels_are_heard_together() -> None:
    one = recording(1, 0, 48000)
    assert np.abs(off_frames(np.stack([one, np.zeros_like(one)], axis=1), 48000, OWN)).max() < 1e-4


def test_what_is_not_there_is_not_found() -> None:
    sound = recording(1, 0, 48000)
    sound[OWN[5].begin_frame :][: OWN[5].frames] = 0
    assert [place.marker.number for place in find(sound, 48000, OWN)] == [n for n in range(16) if n != 5]


def test_what_is_cut_short_is_found_where_it_was() -> None:
    sound = recording(1, 0, 48000)
    sound[OWN[5].begin_frame :][: OWN[5].frames // 2] = 0
    assert np.abs(off_frames(sound, 48000, OWN)).max() < 0.05


def test_what_comes_twice_is_found_twice() -> None:
    once = OWN[0].render(48000)
    sound = np.concatenate([np.zeros(100), once, np.zeros(500), once, np.zeros(100)])
    frames = [place.frame for place in find(sound, 48000, OWN)]
    assert frames == pytest.approx([100, 600 + len(once)], abs=1e-3)


@pytest.mark.parametrize("rate_hz", [8000, 48000])
def test_no_other_sound_is_taken_for_one(rate_hz: int) -> None:
    markers = markers_of(1, 0, rate_hz)
    music = soundfile.read(RECORDINGS / "navigation.flac")[0].mean(axis=1)
    clicks = np.zeros(48000)
    clicks[::4999] = 0.9
    tone = np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    for other in (music, 0.1 * noise(5 * 48000), clicks, tone, recording(2, 0, 48000), np.zeros(48000)):
        assert find(other, 48000, markers) == []


def test_likeness_to_noise_is_as_rare_as_the_theory_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a chance of 10^-4 a frame, so that there is something to count: many frames, but few are independent."""
    monkeypatch.setattr(finding, "CHANCE", 1e-4)
    seconds = 20
    found = find(noise(seconds * 48000), 48000, OWN[:2])
    assert 0 < len(found) < 2 * seconds * 48000 * 1e-4


def test_the_fewer_numbers_a_marker_has_the_liker_it_must_be() -> None:
    assert least_likeness(OWN[0], 48000) == pytest.approx(0.2, abs=0.01)
    assert least_likeness(Marker(1, 0, 0, 8000), 48000) == pytest.approx(0.33, abs=0.01)
    assert least_likeness(Marker(1, 0, 0, 48000), 8000) == pytest.approx(0.33, abs=0.01)


def test_a_sound_in_several_pieces_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PIECE_FRAMES", 1)  # the least there may be
    assert np.abs(off_frames(recording(1, 0, 48000), 48000, OWN)).max() < 1e-4


def test_the_ends_of_a_sound_are_searched_too() -> None:
    once = OWN[0].render(48000)
    for sound, frame in ((once, 0), (np.concatenate([np.zeros(700), once]), 700)):
        assert [place.frame for place in find(sound, 48000, OWN)] == pytest.approx([frame], abs=1e-3)


def test_no_sound_holds_nothing() -> None:
    assert find(np.zeros(0), 48000, OWN) == []
    assert find(np.zeros((0, 2)), 48000, OWN) == []
    assert find(recording(1, 0, 48000), 48000, []) == []
