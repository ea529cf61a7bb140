import numpy as np
import pytest

from backend.mixing.convert import FloatArray
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from ringproto.errors import ProtocolError
from ringproto.formats import Format
from ringproto.volume import gain_of
from tests.backend.mixing.samples import error_db, floats, pack, put, queue_for, sine

STEREO = SampleSpec(Format.S16_LE, 2, 48000)


def voice_of(guest: SampleSpec, device: SampleSpec = STEREO, block_frames: int = 480) -> Voice:
    return Voice(guest, device, queue_for(guest, 48000), block_frames)


def test_frames_that_are_missing_are_silence() -> None:
    voice = voice_of(STEREO)
    put(voice.queue, pack(Format.S16_LE, [16384, -16384] * 3))
    out = floats(480, 2)
    assert voice.render(480, out) == 3
    assert out[:3].tolist() == [[0.5, -0.5]] * 3
    assert not out[3:].any()
    assert voice.render(480, out) == 0
    assert not out.any()


def test_only_the_frames_asked_for_are_touched() -> None:
    voice = voice_of(STEREO)
    put(voice.queue, bytes(400))
    out = floats(480, 2)
    assert voice.render(10, out) == 10
    assert np.isnan(out[10:]).all()
    assert voice.queue.fill_octets == 400 - 40


def test_mono_is_heard_on_both_sides() -> None:
    voice = voice_of(SampleSpec(Format.U8, 1, 48000))
    put(voice.queue, bytes([0, 128, 192]))
    out = floats(480, 2)
    assert voice.render(480, out) == 3
    assert out[:3].tolist() == [[-1.0, -1.0], [0.0, 0.0], [0.5, 0.5]]


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100, 96000])
def test_any_rate_and_channels_become_a_clean_sine_at_the_devices(rate_hz: int, channels: int) -> None:
    guest = SampleSpec(Format.FLOAT_LE, channels, rate_hz)
    voice = Voice(guest, STEREO, queue_for(guest, rate_hz), 480)
    put(voice.queue, np.repeat(sine(1000, rate_hz, rate_hz), channels).astype("<f4").tobytes())
    blocks = []
    for _ in range(90):
        out = floats(480, 2)
        assert voice.render(480, out) == 480
        blocks.append(out)
    heard = np.concatenate(blocks)[4800:]
    assert np.allclose(heard[:, 0], heard[:, 1], atol=1e-6)
    assert error_db(heard[:, 0], 1000, 48000) < -90


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000, 96000])
def test_latency_is_what_must_be_queued_beyond_the_block(rate_hz: int) -> None:
    guest = SampleSpec(Format.S16_LE, 2, rate_hz)
    voice = voice_of(guest)
    block = 480 * rate_hz // 48000
    assert (voice.latency_frames > 0) == (rate_hz != 48000)
    put(voice.queue, bytes((block + voice.latency_frames) * 4))
    for _ in range(20):
        assert voice.render(480, floats(480, 2)) == 480
        put(voice.queue, bytes(block * 4))


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000])
def test_reset_forgets_what_is_queued_and_withheld(rate_hz: int) -> None:
    voice = voice_of(SampleSpec(Format.FLOAT_LE, 2, rate_hz))
    put(voice.queue, np.ones(4000, "<f4").tobytes())
    voice.render(10, floats(480, 2))
    voice.reset()
    out = floats(480, 2)
    assert voice.render(480, out) == 0
    put(voice.queue, np.zeros(4000, "<f4").tobytes())
    voice.render(480, out)
    assert not out.any()


def test_gains_are_the_guests_channels_own() -> None:
    voice = voice_of(STEREO)
    voice.set_gains([0.5, 0.0])
    put(voice.queue, pack(Format.S16_LE, [16384, 16384]))
    out = floats(480, 2)
    voice.render(1, out)
    assert out[0].tolist() == [0.25, 0.0]


def heard_of(voice: Voice, blocks: int) -> FloatArray:
    """That many blocks of 480 frames, one after another."""
    out = floats(480 * blocks, 2)
    for k in range(blocks):
        voice.render(480, out[480 * k : 480 * (k + 1)])
    return out


@pytest.mark.parametrize(("rate_hz", "channels"), [(48000, 2), (44100, 2), (44100, 6), (96000, 1)])
def test_no_change_of_volume_makes_a_step_in_a_sine(rate_hz: int, channels: int) -> None:
    guest = SampleSpec(Format.FLOAT_LE, channels, rate_hz)
    voice = Voice(guest, STEREO, queue_for(guest, rate_hz), 480)
    put(voice.queue, np.repeat(sine(100, rate_hz, rate_hz, level=1.0), channels).astype("<f4").tobytes())
    parts = [heard_of(voice, 4)]
    for gain in (0.0, 1.0, 0.1, 1.0, 0.5, 0.0, 1.0):
        voice.set_gains([gain] * channels, ramped=True)
        out = floats(311, 2)
        voice.render(311, out)  # less than a ramp: it turns back on its way
        parts.append(out)
    parts.append(heard_of(voice, 4))
    steps = np.abs(np.diff(np.concatenate(parts)[480:], axis=0))
    sine_alone, ramp_alone = 2 * np.pi * 100 / 48000, 1 / 480
    assert steps.max() < 1.05 * (sine_alone + ramp_alone)


@pytest.mark.parametrize("level_mdb", [-1, 1, -6_021, -60_000, -119_999])
def test_after_the_ramp_the_volume_is_right_to_a_thousandth_of_a_decibel(level_mdb: int) -> None:
    voice = voice_of(SampleSpec(Format.FLOAT_LE, 2, 48000))
    put(voice.queue, np.full(2 * 2000, 0.5, "<f4").tobytes())
    voice.set_gains([gain_of(level_mdb), 1.0], ramped=True)
    left, right = heard_of(voice, 2)[480:].T
    assert 20_000 * np.log10(left / 0.5) == pytest.approx(level_mdb, abs=0.01)
    assert (right == 0.5).all()


def test_muted_and_unmuted_it_is_exact_again() -> None:
    voice = voice_of(STEREO)
    put(voice.queue, bytes(4 * 4000))
    voice.set_gains([0.0, 0.0], ramped=True)
    heard_of(voice, 2)
    voice.set_gains([1.0, 1.0], ramped=True)
    assert not voice.exact
    heard_of(voice, 1)
    assert voice.exact


@pytest.mark.parametrize(("channels", "apart"), [(2, 0.0), (6, 1e-5)])
def test_turning_the_volume_does_not_disturb_the_resampler(channels: int, apart: float) -> None:
    guest = SampleSpec(Format.FLOAT_LE, channels, 44100)
    left_alone, turned = (Voice(guest, STEREO, queue_for(guest, 44100), 480) for _ in range(2))
    noise = np.random.default_rng(1).uniform(-1, 1, 44100 * channels).astype("<f4").tobytes()
    for voice in (left_alone, turned):
        put(voice.queue, noise)
    for gain in (0.5, 0.0, 0.7, 1.0):
        turned.set_gains([gain] * channels, ramped=True)
        for voice in (left_alone, turned):
            heard_of(voice, 2)
        assert turned.queue.fill_octets == left_alone.queue.fill_octets
    assert np.abs(heard_of(turned, 20) - heard_of(left_alone, 20)).max() <= apart


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_another_sound_begins_at_the_volume_that_was_asked_for(rate_hz: int) -> None:
    voice = voice_of(SampleSpec(Format.FLOAT_LE, 2, rate_hz))
    put(voice.queue, np.ones(2 * 200, "<f4").tobytes())
    heard_of(voice, 1)
    voice.set_gains([0.0, 0.0], ramped=True)
    voice.reset()
    put(voice.queue, np.ones(2 * 1000, "<f4").tobytes())
    assert not heard_of(voice, 1).any()


def test_only_the_devices_own_integers_at_unity_are_exact() -> None:
    assert voice_of(STEREO).exact
    for other in (
        SampleSpec(Format.S16_BE, 2, 48000),
        SampleSpec(Format.S16_LE, 1, 48000),
        SampleSpec(Format.S16_LE, 2, 44100),
    ):
        assert not voice_of(other).exact
    float_stereo = SampleSpec(Format.FLOAT_LE, 2, 48000)
    assert not voice_of(float_stereo, float_stereo).exact
    turned_down = voice_of(STEREO)
    turned_down.set_gains([1.0, 0.9])
    assert not turned_down.exact


def test_copy_moves_octets_across_the_wrap_untouched() -> None:
    voice = Voice(STEREO, STEREO, queue_for(STEREO, 5), 480)
    for k in range(20):
        octets = bytes(range(12 * k % 200, 12 * k % 200 + 12))
        put(voice.queue, octets)
        out = bytearray(20)
        assert voice.copy(5, memoryview(out)) == 3
        assert bytes(out) == octets + bytes(8)


def test_what_cannot_be_mixed_is_refused() -> None:
    with pytest.raises(ProtocolError, match="mu_law"):
        voice_of(SampleSpec(Format.MU_LAW, 2, 48000))
    with pytest.raises(ProtocolError, match="channels"):
        voice_of(SampleSpec(Format.S16_LE, 12, 48000))
