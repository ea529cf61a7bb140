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


def noise(frames: int) -> FloatArray:
    return np.random.default_rng(4).uniform(-0.5, 0.5, (frames, 1)).astype(np.float32)


def difference_db(ours: FloatArray, reference: FloatArray) -> float:
    """The greatest difference, relative to the RMS of the reference."""
    greatest = np.abs(ours.astype(np.float64) - reference).max()
    return float(20 * np.log10(max(greatest, 1e-12) / reference.std()))


def replay(resampler: Resampler, sound: FloatArray, output: int, portion: int) -> FloatArray:
    """Half a second from `output` on, after going back to it."""
    at, made = resampler.rewind(output)
    until = resampler.frames_until(output)
    for begin in range(at, until, portion):
        made += resampler.replay(sound[begin : min(begin + portion, until)])
    assert made <= output
    return resampler.push(sound[until : until + resampler.in_hz // 2])[output - made :]


STRANGE_RATES = [(192000, 48000), (96000, 44100), (96000, 32000), (47999, 48000), (48001, 48000), (192000, 8000)]


@pytest.mark.parametrize(("in_hz", "out_hz"), [*RATES, *STRANGE_RATES])
def test_what_is_resampled_again_late_in_a_sound_is_the_same_within_110_db(in_hz: int, out_hz: int) -> None:
    resampler, seconds = Resampler(in_hz, out_hz, 1), 20
    sound = noise(seconds * in_hz)
    once = resampler.push(sound).copy()
    for output in (len(once) - 5 * out_hz - 1, len(once) - 3 * out_hz, len(once) - 3 * out_hz + 1):
        for portion in (in_hz // 100, in_hz):
            again = replay(resampler, sound, output, portion)
            limit_db = -110 if in_hz > out_hz else -120
            assert difference_db(again, once[output : output + len(again)]) < limit_db


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
@pytest.mark.parametrize("output", [0, 1, 100, 700])
def test_near_its_beginning_a_sound_is_resampled_again_from_there_to_the_bit(
    in_hz: int, out_hz: int, output: int
) -> None:
    resampler = Resampler(in_hz, out_hz, 1)
    sound = noise(in_hz)
    once = resampler.push(sound).copy()
    again = replay(resampler, sound, output, 100)
    assert np.array_equal(again, once[output : output + len(again)])


@pytest.mark.parametrize(("in_hz", "out_hz"), [(96000, 48000), (192000, 48000)])
def test_where_outputs_lie_on_inputs_it_is_the_same_to_the_last_bit_or_two(in_hz: int, out_hz: int) -> None:
    resampler = Resampler(in_hz, out_hz, 1)
    sound = noise(4 * in_hz)
    once = resampler.push(sound).copy()
    again = replay(resampler, sound, 3 * out_hz, in_hz)
    assert difference_db(again, once[3 * out_hz : 3 * out_hz + len(again)]) < -120


@pytest.mark.parametrize(("in_hz", "out_hz"), [*RATES, *STRANGE_RATES])
def test_it_goes_back_no_further_than_it_said(in_hz: int, out_hz: int) -> None:
    resampler = Resampler(in_hz, out_hz, 1)
    assert resampler.earliest_output(0) == 0
    for input_frame in (1, 2, 3, 147, 40_000, 10**9):
        at, _ = resampler.rewind(resampler.earliest_output(input_frame))
        assert input_frame <= at <= input_frame + 100


def test_after_going_back_and_reset_it_is_as_new() -> None:
    resampler = Resampler(44100, 48000, 1)
    sound = noise(44100)
    first = stream(resampler, sound[:2000, 0], 300)
    resampler.push(sound)
    replay(resampler, sound[:22050], 20_000, 10_000)
    resampler.reset()
    assert np.array_equal(stream(resampler, sound[:2000, 0], 300), first)
    at, _ = resampler.rewind(20_000)
    resampler.replay(sound[at : at + 300])  # not yet in phase when it is reset
    resampler.reset()
    assert np.array_equal(stream(resampler, sound[:2000, 0], 300), first)
