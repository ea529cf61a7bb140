from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.mixing.capture import CaptureVoice
from backend.mixing.convert import FloatArray
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.steered import STEER_MAX, SteeredResampler
from backend.mixing.voice import Voice
from ringproto.formats import Format
from tests.backend.mixing.samples import floats, put, queue_for, sine, take
from tests.backend.sines import residual_db

RATES = [
    (48000, 48000), (44100, 48000), (48000, 44100), (8000, 48000), (96000, 48000), (192000, 48000), (48000, 96000),
    (48000, 47990), (47990, 48000), (96100, 48000), (95900, 48000), (24010, 48000),
]  # fmt: skip
STEREO = SampleSpec(Format.S16_LE, 2, 48000)


def converted(resampler: SteeredResampler, samples: FloatArray, block: int = 480) -> FloatArray:
    frames = samples[:, np.newaxis]
    parts = [resampler.push(frames[k : k + block]).copy() for k in range(0, len(frames), block)]
    return np.concatenate(parts)[:, 0]


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
@pytest.mark.parametrize("factor", [1 - STEER_MAX, 0.9995, 1.0, 1.0005, 1 + STEER_MAX])
def test_a_sine_stays_a_sine_of_just_the_pitch_that_was_asked_for(in_hz: int, out_hz: int, factor: float) -> None:
    resampler = SteeredResampler(in_hz, out_hz, 1)
    resampler.steer(factor)
    turns_per_frame = 0.1 * min(1, out_hz / in_hz)
    made = converted(resampler, sine(turns_per_frame * in_hz, in_hz, in_hz))[out_hz // 5 :].astype(np.float64)
    assert residual_db(made, turns_per_frame * in_hz / out_hz * factor) < -100
    heard_frames = in_hz - resampler.withheld_frames
    assert len(made) == pytest.approx(heard_frames / resampler.ratio - out_hz // 5, abs=2)


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
def test_what_it_withholds_is_known_whatever_it_was_told(in_hz: int, out_hz: int) -> None:
    """The place of the next output: were a step counted wrongly, the sum would run away."""
    random, resampler = Random(1), SteeredResampler(in_hz, out_hz, 1)
    withheld: list[float] = []
    for _ in range(2000):
        resampler.steer(1 + random.uniform(-STEER_MAX, STEER_MAX))
        resampler.push(np.zeros((random.choice((0, 1, 7, 480, 333)), 1), np.float32))
        withheld.append(resampler.withheld_frames)
    settled = withheld[100:]
    assert max(settled) <= resampler.look_ahead_frames
    assert max(settled) - min(settled) <= 2 * max(1, in_hz / out_hz) + 1


@given(st.sampled_from(RATES), st.floats(0.998, 1.002), st.lists(st.integers(1, 700), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_frames_for_are_enough_and_outputs_for_are_made(
    rates: tuple[int, int], factor: float, blocks: list[int]
) -> None:
    resampler = SteeredResampler(*rates, 1)
    resampler.steer(factor)
    for outputs in blocks:
        frames = resampler.frames_for(outputs)
        promised = resampler.outputs_for(frames)
        made = len(resampler.push(np.zeros((frames, 1), np.float32)))
        assert made >= max(outputs, promised)
        assert made <= outputs + 16 * rates[1] / rates[0] + 2, "nor many more than that"


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
def test_flushed_it_is_in_proportion_and_as_new_but_for_the_ratio(in_hz: int, out_hz: int) -> None:
    resampler = SteeredResampler(in_hz, out_hz, 1)
    resampler.steer(1.001)
    noise = np.random.default_rng(1).uniform(-1, 1, 3000).astype(np.float32)
    first = np.concatenate([converted(resampler, noise), resampler.flush()[:, 0]])
    assert len(first) == pytest.approx(3000 / resampler.ratio, abs=1)
    assert (resampler.pushed_frames, resampler.withheld_frames) == (0, 0)
    again = np.concatenate([converted(resampler, noise, 133), resampler.flush()[:, 0]])
    assert np.array_equal(first, again)


def test_changing_the_ratio_makes_no_step_in_the_sound() -> None:
    resampler = SteeredResampler(48000, 48000, 1)
    samples, parts = sine(1000, 48000, 48000)[:, np.newaxis], []
    for k in range(100):
        resampler.steer(1 + (0.0001 if k % 2 else -0.0001))
        parts.append(resampler.push(samples[480 * k : 480 * k + 480]).copy())
    made = np.concatenate(parts)[1000:, 0]
    assert np.abs(np.diff(made, 2)).max() < 1.001 * np.abs(np.diff(samples[:, 0], 2)).max()


# -- voices -----------------------------------------------------------------------------------------------------------


def steered_voice(guest: SampleSpec = STEREO, device: SampleSpec = STEREO, frames: int = 96000) -> Voice:
    return Voice(guest, device, queue_for(guest, frames), 480, steered=True)


def test_one_that_is_steered_is_never_exact_and_cannot_go_back() -> None:
    voice = Voice(STEREO, STEREO, FrameQueue(4 * 48000, 4, 4 * 48000), 480, steered=True)
    put(voice.queue, bytes(4 * 4800))
    assert not voice.exact
    assert voice.render(480, floats(480, 2)) == 480
    assert voice.history_frames == 0
    voice.rewind(0)


@given(st.sampled_from(RATES), st.lists(st.tuples(st.floats(-0.002, 0.002), st.integers(1, 480)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_the_place_of_the_sound_is_what_was_taken_less_what_is_withheld(
    rates: tuple[int, int], blocks: list[tuple[float, int]]
) -> None:
    guest, device = (SampleSpec(Format.S16_LE, 1, rate_hz) for rate_hz in rates)
    voice = steered_voice(guest, device)
    put(voice.queue, bytes(2 * 96000))
    place = 0.0
    for off, frames in blocks:
        voice.steer(1 + off)
        assert voice.render(frames, floats(frames, 1)) == frames
        place += frames * rates[0] / rates[1] * (1 + off)
        taken = 96000 - voice.queue.fill_octets // 2
        assert taken - voice.withheld_frames == pytest.approx(place, abs=0.4), "some are made ahead"


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_remixed_and_steered_it_sounds_as_remixed_alone(channels: int) -> None:
    guest = SampleSpec(Format.FLOAT_LE, channels, 48000)
    plain, steered = Voice(guest, STEREO, queue_for(guest, 9600), 480), steered_voice(guest)
    wave = np.repeat(sine(500, 48000, 9600)[:, np.newaxis], channels, axis=1)
    for voice in (plain, steered):
        put(voice.queue, wave.astype("<f4").tobytes())
    expected, made = floats(4800, 2), floats(4800, 2)
    for k in range(0, 4800, 480):
        plain.render(480, expected[k : k + 480])
        steered.render(480, made[k : k + 480])
    rest = made[1000:] - expected[1000:]
    assert np.abs(rest).max() < 0.07 * np.abs(expected).max(), "but for a part of a frame's shift"


def test_run_dry_it_plays_out_what_it_withheld_and_goes_on_with_what_comes() -> None:
    voice = steered_voice()
    put(voice.queue, b"\1\2" * 2 * 1000)
    assert voice.ready_frames in range(740, 770)
    assert [voice.render(480, floats(480, 2)) for _ in range(3)] == [480, 480, 40]
    assert voice.withheld_frames == 0
    assert voice.render(480, floats(480, 2)) == 0
    put(voice.queue, b"\1\2" * 2 * 1000)
    assert voice.render(480, floats(480, 2)) == 480


def test_it_waits_in_silence_and_then_goes_on_where_it_was() -> None:
    voice = steered_voice()
    put(voice.queue, b"\1\2" * 2 * 9600)
    out = floats(480, 2)
    assert voice.render(480, out) == 480
    place = -voice.withheld_frames
    voice.wait(500)
    assert -voice.withheld_frames == pytest.approx(place - 500)
    assert voice.ready_frames > 500
    assert voice.render(480, out) == 480
    assert not out.any()
    assert voice.render(480, out) == 480
    assert not out[:20].any()
    assert out[20:].all()


def test_reset_forgets_it_all() -> None:
    voice = steered_voice()
    put(voice.queue, bytes(4 * 9600))
    voice.render(480, floats(480, 2))
    voice.wait(100)
    voice.reset()
    assert (voice.queue.fill_octets, voice.withheld_frames, voice.ready_frames) == (0, 0, 0)


# -- recording --------------------------------------------------------------------------------------------------------


def recording(guest_hz: int = 48000) -> CaptureVoice:
    guest = SampleSpec(Format.S16_LE, 1, guest_hz)
    return CaptureVoice(SampleSpec(Format.S16_LE, 1, 48000), guest, queue_for(guest, 96000), 480, steered=True)


def feed(voice: CaptureVoice, blocks: int, level: float = 0.5) -> int:
    frames = np.full((480, 1), level, np.float32)
    return sum(voice.feed(memoryview(bytes(960)), frames) for _ in range(blocks))


@pytest.mark.parametrize("guest_hz", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("factor", [0.998, 1.0, 1.002])
def test_recorded_frames_are_in_proportion_whatever_the_speed(guest_hz: int, factor: float) -> None:
    voice = recording(guest_hz)
    voice.steer(factor)
    made = feed(voice, 100)
    assert made == pytest.approx((48000 - voice.withheld_frames) * guest_hz / 48000 / factor, abs=1)
    assert not voice.exact
    assert (voice.lost_frames, voice.queue.fill_octets) == (0, 2 * made)


def test_a_leap_is_silence_before_what_comes_next_or_that_much_left_out() -> None:
    voice = recording()
    made = feed(voice, 10)
    voice.leap(700)
    assert voice.withheld_frames == pytest.approx(240 + 700, abs=2)
    assert feed(voice, 2) == 2 * 480 + 700
    voice.leap(-700)
    assert feed(voice, 3) == 3 * 480 - 700
    assert voice.withheld_frames == pytest.approx(240, abs=2)
    recorded = np.frombuffer(take(voice.queue), np.int16)
    silent = np.flatnonzero(np.abs(recorded[300:]) < 2000) + 300
    assert len(silent) == pytest.approx(700, abs=2)
    assert silent[0] == pytest.approx(made + 240, abs=3)


def test_reset_forgets_a_leap() -> None:
    voice = recording()
    voice.leap(1000)
    voice.reset()
    assert feed(voice, 1) == pytest.approx(240, abs=2)
