import numpy as np
import pytest
import soxr

from backend.mixing.convert import FloatArray
from backend.mixing.resample import Resampler
from tests.backend.mixing.samples import error_db, sine

RATES = [(44100, 48000), (22050, 48000), (8000, 48000), (48000, 44100), (96000, 48000), (48000, 8000)]


def stream(resampler: Resampler, samples: FloatArray, block: int) -> FloatArray:
    frames = samples[:, np.newaxis]
    parts = [resampler.push(frames[k : k + block]).copy() for k in range(0, len(frames), block)]
    return np.concatenate([*parts, resampler.flush()])[:, 0]


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
@pytest.mark.parametrize("part_of_nyquist", [0.05, 0.4, 0.8])
def test_a_sine_stays_a_sine_within_90_db(in_hz: int, out_hz: int, part_of_nyquist: float) -> None:
    hz = part_of_nyquist * min(in_hz, out_hz) / 2
    resampled = stream(Resampler(in_hz, out_hz, 1), sine(hz, in_hz, in_hz), 441)
    middle = slice(out_hz // 5, out_hz * 4 // 5)
    assert error_db(resampled[middle], hz, out_hz) < -90
    offline = soxr.resample(sine(hz, in_hz, in_hz), in_hz, out_hz, quality="VHQ")
    assert resampled[middle].std() == pytest.approx(offline[middle].std(), rel=1e-3)


def aligned(samples: FloatArray, hz: float, rate_hz: int) -> tuple[float, float]:
    """Level and phase of the sine of `hz` in `samples`."""
    turn = np.exp(-2j * np.pi * hz / rate_hz * np.arange(len(samples)))
    return float(2 * np.abs(np.mean(samples * turn))), float(np.angle(np.mean(samples * turn)))


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
def test_it_is_shifted_by_no_more_than_two_frames_against_offline_conversion(in_hz: int, out_hz: int) -> None:
    hz = min(in_hz, out_hz) / 50
    source = sine(hz, in_hz, in_hz)
    middle = slice(out_hz // 5, out_hz // 5 + out_hz // 2)
    offline = soxr.resample(source, in_hz, out_hz, quality="VHQ")[middle]
    streamed = stream(Resampler(in_hz, out_hz, 1), source, 480)[middle]
    (level, phase), (level_offline, phase_offline) = aligned(streamed, hz, out_hz), aligned(offline, hz, out_hz)
    assert level == pytest.approx(level_offline, rel=1e-3)
    assert abs(phase - phase_offline) / (2 * np.pi * hz) * out_hz <= 2


@pytest.mark.parametrize(("in_hz", "out_hz"), [*RATES, (192000, 48000), (11025, 192000)])
@pytest.mark.parametrize("block", [1, 7, 480])
def test_it_never_withholds_more_than_it_says(in_hz: int, out_hz: int, block: int) -> None:
    resampler = Resampler(in_hz, out_hz, 2)
    pushed = produced = 0
    for _ in range(4000 // block + 3):
        produced += len(resampler.push(np.zeros((block, 2), np.float32)))
        pushed += block
        assert pushed - produced * in_hz / out_hz <= resampler.look_ahead_frames


def test_it_withholds_little_more_than_5_ms_at_48_khz() -> None:
    assert Resampler(48000, 44100, 2).look_ahead_frames <= 250
    assert Resampler(44100, 48000, 2).look_ahead_frames <= 250


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
@pytest.mark.parametrize("frames", [1, 100, 241, 5000])
def test_flushed_frames_are_in_proportion_to_those_pushed(in_hz: int, out_hz: int, frames: int) -> None:
    resampled = stream(Resampler(in_hz, out_hz, 1), np.ones(frames, np.float32), 100)
    assert abs(len(resampled) - frames * out_hz / in_hz) <= 1


def test_after_reset_and_after_flush_it_is_as_new() -> None:
    resampler = Resampler(44100, 48000, 1)
    noise = np.random.default_rng(1).uniform(-1, 1, 2000).astype(np.float32)
    first = stream(resampler, noise, 300)
    assert np.array_equal(stream(resampler, noise, 300), first)
    resampler.push(noise[:, np.newaxis])
    resampler.reset()
    assert np.array_equal(stream(resampler, noise, 300), first)


def test_what_comes_out_does_not_depend_on_the_portions() -> None:
    noise = np.random.default_rng(2).uniform(-1, 1, 3000).astype(np.float32)
    whole = stream(Resampler(48000, 44100, 1), noise, 3000)
    assert np.array_equal(stream(Resampler(48000, 44100, 1), noise, 37), whole)
