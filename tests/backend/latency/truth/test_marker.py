"""backend.latency.truth.marker: noise that is a formula of time."""

from itertools import combinations

import numpy as np
import pytest
import soxr

from backend.latency.truth.marker import (
    COUNT,
    HIGHEST_HZ,
    LOWEST_HZ,
    RMS,
    Marker,
    loop_frames,
    markers_of,
    recording,
)

RATES_HZ = (4000, 8000, 11025, 44100, 48000, 192000)
MARKER = Marker(7, 1, 3, 48000)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_recording_holds_each_marker_whole_where_it_says(rate_hz: int) -> None:
    sound = recording(7, 1, rate_hz)
    assert len(sound) == loop_frames(rate_hz)
    end = 0
    for marker in markers_of(7, 1, rate_hz):
        assert end <= marker.begin_frame
        assert not sound[end : marker.begin_frame].any()
        end = marker.begin_frame + marker.frames
        assert np.array_equal(sound[marker.begin_frame : end], marker.render(rate_hz)[: marker.frames])
    assert end <= len(sound)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_three_guests_at_once_do_not_clip(rate_hz: int) -> None:
    sound = recording(1, 0, rate_hz)
    assert np.abs(sound).max() < 1 / 3
    heard = sound[sound != 0]
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(RMS, rel=0.1)


def test_it_is_the_same_sound_at_any_rate_and_moved_by_any_part_of_a_frame() -> None:
    once = MARKER.render(48000)
    twice = MARKER.render(96000)
    assert np.allclose(twice[: 2 * len(once) : 2][: len(once) - 1], once[:-1], atol=1e-9)
    assert np.allclose(MARKER.render(48000, 3.0)[3:], once, atol=1e-9)
    assert np.allclose(MARKER.render(48000, 0.5)[1 : len(once)], twice[1 : 2 * len(once) - 1 : 2], atol=1e-9)


def test_a_resampler_finds_nothing_to_take_away() -> None:
    quiet = np.zeros(4800)
    sound = np.concatenate([quiet, MARKER.render(48000), quiet])
    there = soxr.resample(sound, 48000, 24000, "VHQ")
    back = soxr.resample(there, 24000, 48000, "VHQ")[: len(sound)]
    assert np.abs(back - sound[: len(back)]).max() < 0.002 * RMS


def test_it_keeps_to_its_band() -> None:
    power = np.abs(np.fft.rfft(MARKER.render(48000), 48000)) ** 2
    assert power[LOWEST_HZ - 50 : HIGHEST_HZ + 50].sum() > 0.9999 * power.sum()
    assert power[: LOWEST_HZ - 150].sum() < 1e-6 * power.sum()


def test_no_two_are_alike() -> None:
    several = [m for domid, stream in ((1, 0), (1, 1), (2, 0)) for m in markers_of(domid, stream, 48000)]
    sounds = [marker.render(48000) / np.linalg.norm(marker.render(48000)) for marker in several]
    assert len(sounds) == 3 * COUNT
    assert max(abs(float(one @ other)) for one, other in combinations(sounds, 2)) < 0.15


def test_the_draws_are_those_of_every_version() -> None:
    """A run that is kept must be readable later: these numbers may not change."""
    assert [marker.begin_frame for marker in markers_of(1, 0, 48000)[:4]] == [6464, 16337, 28871, 41322]
    assert MARKER.render(48000)[2400] == pytest.approx(0.12807680552850187)
