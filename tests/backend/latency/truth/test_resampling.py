"""backend.latency.truth.resampling: the constant part of a frame that a resampler adds."""

import pytest

from backend.latency.truth.resampling import resampling_frames


def test_without_a_resampler_there_is_none() -> None:
    assert resampling_frames(48000, 48000) == 0.0


@pytest.mark.parametrize("guest_hz", [8000, 16000, 44100])
def test_raising_the_rate_shifts_by_half_a_frame_at_most(guest_hz: int) -> None:
    assert -0.51 < resampling_frames(guest_hz, 48000) < 0


@pytest.mark.parametrize("device_hz", [8000, 16000, 44100])
def test_lowering_it_shifts_by_about_two(device_hz: int) -> None:
    assert 1.5 < resampling_frames(48000, device_hz) < 2.2
