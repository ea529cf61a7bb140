"""Voices that go back: what is rendered again is what was rendered, but for the gains."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.mixing.convert import FloatArray, supported_formats
from backend.mixing.mixer import Mixer
from backend.mixing.spec import SampleSpec
from ringproto.formats import Format
from tests.backend.mixing.rewound import BLOCK, STEREO, heard, noise, voice_of
from tests.backend.mixing.samples import floats, put

RATES = [(44100, 48000), (48000, 44100), (8000, 48000), (96000, 48000), (192000, 48000)]


def difference_db(ours: FloatArray, reference: FloatArray) -> float:
    """The greatest difference, relative to the RMS of the reference."""
    return float(20 * np.log10(max(np.abs(ours - reference).max(), 1e-12) / reference.std()))


steps = st.lists(st.tuples(st.integers(1, BLOCK), st.floats(0, 1), st.booleans()), max_size=12)


@pytest.mark.parametrize("format_", supported_formats(), ids=lambda f: f.xen_name)
@pytest.mark.parametrize("channels", [1, 2, 6])
@settings(max_examples=8, deadline=None)
@given(steps=steps, gain=st.sampled_from([1.0, 0.5]))
def test_at_the_devices_rate_all_comes_again_to_the_bit(
    format_: Format, channels: int, steps: list[tuple[int, float, bool]], gain: float
) -> None:
    tolerance = 2**-22 if channels == 6 else 0  # numpy adds up many channels in another order for a lone frame
    guest = SampleSpec(format_, channels, 48000)
    octets = noise(guest, 12 * BLOCK)
    going_back, straight_on = (voice_of(guest, seconds=0.2, history_s=0.1) for _ in range(2))
    for voice in (going_back, straight_on):
        put(voice.queue, octets)
        voice.set_gains([gain] * channels, ramped=gain != 1.0)  # so the ramp is gone back into
    reference = floats(12 * BLOCK, 2)
    for k in range(12):
        straight_on.render(BLOCK, reference[k * BLOCK : (k + 1) * BLOCK])
    at = 0
    for frames, share, back in steps:
        if back:
            back_frames = round(share * going_back.history_frames)
            going_back.rewind(back_frames)
            at -= back_frames
        else:
            assert np.allclose(heard(going_back, frames), reference[at : at + frames], rtol=0, atol=tolerance)
            at += frames


@pytest.mark.parametrize("format_", [f for f in supported_formats() if not f.is_float], ids=lambda f: f.xen_name)
def test_octets_that_were_copied_are_copied_again(format_: Format) -> None:
    device = SampleSpec(format_, 2, 48000)
    voice, mixer = voice_of(device, device, seconds=0.1, history_s=0.05), Mixer(device, BLOCK)
    octets, size = noise(device, 4800), device.frame_octets
    put(voice.queue, octets)
    at = 0
    for back in (0, 300, 700, 0, 1500, 1):
        voice.rewind(back)
        at -= back
        out = bytearray(BLOCK * size)
        for _ in range(2):
            mixer.mix([voice], BLOCK, memoryview(out))
            assert out == octets[at * size : (at + BLOCK) * size]
            at += BLOCK


@pytest.mark.parametrize(("guest_hz", "device_hz"), RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_resampled_it_comes_again_within_110_db_however_often(guest_hz: int, device_hz: int, channels: int) -> None:
    guest, device = SampleSpec(Format.FLOAT_LE, channels, guest_hz), SampleSpec(Format.S16_LE, 2, device_hz)
    going_back, straight_on = (voice_of(guest, device) for _ in range(2))
    for voice in (going_back, straight_on):
        put(voice.queue, noise(guest, 4 * guest_hz))
    reference = heard(straight_on, 3 * device_hz)
    at = 0
    for onward, back in (
        (2.0, 1.6),
        (0.001, 0.2),
        (1.0, 0.5),
        (0.3, 0.3),
        (0.0, 0.1),
        (1.2, 0.01),
        (0.02, 1.8),
        (1.0, 0.0),
    ):
        frames = round(onward * device_hz)
        if frames:
            assert difference_db(heard(going_back, frames), reference[at : at + frames]) < -110
        back_frames = round(back * device_hz)
        going_back.rewind(back_frames)
        at += frames - back_frames


def test_how_far_back_one_can_go() -> None:
    same, resampled = voice_of(STEREO), voice_of(SampleSpec(Format.S16_LE, 2, 44100))
    for voice in (same, resampled):
        assert voice.history_frames == 0
        put(voice.queue, bytes(44100 * 4 * 4))
        heard(voice, 48000)
        assert voice.history_frames == 48000, "to where it began"
        voice.rewind(1000)
        assert voice.history_frames == 47000
        heard(voice, 2 * 48000)
    assert same.history_frames == round(2.5 * 48000)
    assert 2.4 * 48000 < resampled.history_frames < 2.5 * 48000
    for voice in (same, resampled):
        voice.rewind(voice.history_frames)
        heard(voice, 100)
        with pytest.raises(AssertionError):
            voice.rewind(101)
        voice.reset()
        assert voice.history_frames == 0


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000, 96000, 192000])
def test_as_many_frames_as_are_said_to_be_ready_are_rendered_without_a_gap(rate_hz: int) -> None:
    guest = SampleSpec(Format.S16_LE, 2, rate_hz)
    voice = voice_of(guest)
    assert voice.ready_frames == 0
    put(voice.queue, bytes(rate_hz * 4))
    for onward, back in ((3000, 1000), (0, 0), (1, 1), (700, 650), (20000, 15000), (10, 0)):
        heard(voice, onward)
        voice.rewind(back)
        withheld = 0 if rate_hz == 48000 else -(-voice.latency_frames * 48000 // rate_hz)
        rest = 48000 - voice.history_frames  # this goes back to its beginning
        assert rest - withheld - 30 <= voice.ready_frames <= rest
    heard(voice, voice.ready_frames)


def test_nobody_goes_back_across_a_gap_nor_to_before_all_was_to_be_forgotten() -> None:
    mixer = Mixer(STEREO, BLOCK)
    for guest in (STEREO, SampleSpec(Format.S16_LE, 1, 48000), SampleSpec(Format.S16_LE, 2, 44100)):
        voice = voice_of(guest)
        for frames in (1000, 5000):
            put(voice.queue, bytes(frames * guest.frame_octets))
            for _ in range(12):
                mixer.mix([voice], BLOCK, memoryview(bytearray(BLOCK * 4)))
            assert voice.history_frames == 0
        put(voice.queue, bytes(3 * guest.rate_hz * guest.frame_octets))
        for _ in range(20):
            mixer.mix([voice], BLOCK, memoryview(bytearray(BLOCK * 4)))
        assert voice.history_frames == 20 * BLOCK
        voice.forget()
        assert voice.history_frames == 0
        heard(voice, 24000)
        assert 22000 < voice.history_frames <= 24000


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_without_a_history_nobody_goes_back(rate_hz: int) -> None:
    voice = voice_of(SampleSpec(Format.S16_LE, 2, rate_hz), history_s=0)
    put(voice.queue, bytes(40000))
    heard(voice, 1000)
    assert voice.history_frames == 0


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_what_a_guest_takes_back_after_that_is_not_heard_and_what_it_writes_instead_is(rate_hz: int) -> None:
    guest = SampleSpec(Format.FLOAT_LE, 1, rate_hz)
    voice = voice_of(guest)
    put(voice.queue, np.full(2 * rate_hz, 0.5, "<f4").tobytes())
    heard(voice, 48000)
    voice.rewind(24000)
    assert abs(voice.queue.fill_octets // 4 - round(1.5 * rate_hz)) <= 5
    voice.queue.take_back(voice.queue.fill_octets)
    put(voice.queue, np.full(rate_hz, -0.25, "<f4").tobytes())
    out = heard(voice, 4800)
    assert (out[480:] < -0.24).all()
    assert rate_hz == 44100 or (out == -0.25).all()
