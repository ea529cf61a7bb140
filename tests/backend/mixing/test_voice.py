import numpy as np
import pytest

from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from ringproto.errors import ProtocolError
from ringproto.formats import Format
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
