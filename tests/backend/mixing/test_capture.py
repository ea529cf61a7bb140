import numpy as np
import pytest

from backend.mixing.capture import CaptureVoice, Splitter
from backend.mixing.spec import SampleSpec
from ringproto.errors import ProtocolError
from ringproto.formats import Format
from tests.backend.mixing.samples import error_db, pack, queue_for, sine, take, unpack

STEREO = SampleSpec(Format.S16_LE, 2, 48000)


def voice_of(guest: SampleSpec, frames: int = 48000, device: SampleSpec = STEREO) -> CaptureVoice:
    return CaptureVoice(device, guest, queue_for(guest, frames), 480)


def split(voices: list[CaptureVoice], octets: bytes, device: SampleSpec = STEREO) -> list[int]:
    return Splitter(device, 480).split(memoryview(octets), voices)


def test_a_guest_with_the_devices_samples_gets_the_octets_untouched() -> None:
    voice = voice_of(STEREO)
    octets = np.random.default_rng(1).bytes(480 * 4)
    assert voice.exact
    assert split([voice], octets) == [480]
    assert take(voice.queue) == octets


def test_every_guest_hears_the_same_in_its_own_way() -> None:
    same = voice_of(STEREO)
    mono = voice_of(SampleSpec(Format.U8, 1, 48000))
    wide = voice_of(SampleSpec(Format.S24_BE, 4, 48000))
    octets = pack(Format.S16_LE, [16384, 0, -16384, -16384])
    assert split([same, mono, wide], octets) == [2, 2, 2]
    assert take(same.queue) == octets
    assert take(mono.queue) == bytes([128 + 32, 128 - 64])
    half = 1 << 22
    assert unpack(Format.S24_BE, take(wide.queue)) == [half, 0, 0, 0, -half, -half, 0, 0]


@pytest.mark.parametrize("guest", [STEREO, SampleSpec(Format.S16_BE, 2, 48000)], ids=["octets", "converted"])
def test_frames_come_in_order_across_the_wrap(guest: SampleSpec) -> None:
    voice = voice_of(guest, frames=5)
    for k in range(20):
        values = list(range(6 * k, 6 * k + 6))
        assert split([voice], pack(Format.S16_LE, values)) == [3]
        assert unpack(guest.format, take(voice.queue)) == values


@pytest.mark.parametrize("guest", [STEREO, SampleSpec(Format.S16_BE, 2, 48000)], ids=["octets", "converted"])
def test_a_guest_that_does_not_read_loses_the_newest_frames_alone(guest: SampleSpec) -> None:
    slow, quick = voice_of(guest, frames=3), voice_of(STEREO)
    octets = pack(Format.S16_LE, range(10))
    assert split([slow, quick], octets) == [3, 5]
    assert (slow.lost_frames, quick.lost_frames) == (2, 0)
    assert unpack(guest.format, take(slow.queue)) == list(range(6))
    assert take(quick.queue) == octets


@pytest.mark.parametrize(("channels", "device_channels"), [(1, 2), (2, 2), (6, 2), (2, 1)])
@pytest.mark.parametrize("rate_hz", [8000, 44100, 96000])
def test_any_rate_and_channels_are_recorded_as_a_clean_sine(rate_hz: int, channels: int, device_channels: int) -> None:
    device = SampleSpec(Format.FLOAT_LE, device_channels, 48000)
    voice = voice_of(SampleSpec(Format.FLOAT_LE, channels, rate_hz), 96000, device)
    recorded = np.repeat(sine(1000, 48000, 48000), device_channels).astype("<f4").tobytes()
    block = 480 * device.frame_octets
    queued = sum(split([voice], recorded[k : k + block], device)[0] for k in range(0, len(recorded), block))
    assert rate_hz - voice.latency_frames * rate_hz / 48000 - 1 <= queued <= rate_hz
    heard = np.frombuffer(take(voice.queue), "<f4").reshape(-1, channels)
    assert error_db(heard[rate_hz // 10 :, 0], 1000, rate_hz) < -90


def test_reset_forgets_what_is_queued_and_withheld() -> None:
    voice = voice_of(SampleSpec(Format.S16_LE, 2, 44100))
    for _ in range(2):
        split([voice], np.full(960, 32767, "<i2").tobytes())
    voice.reset()
    assert voice.queue.fill_octets == 0
    for _ in range(2):
        split([voice], bytes(480 * 4))
    recorded = take(voice.queue)
    assert recorded == bytes(len(recorded)) != b""


def test_gains_are_the_guests_channels_own() -> None:
    voice = voice_of(STEREO)
    voice.set_gains([0.5, 3.0])
    assert not voice.exact
    split([voice], pack(Format.S16_LE, [1000, 1000, 1000, 20000]))
    assert unpack(Format.S16_LE, take(voice.queue)) == [500, 3000, 500, 32767]
    assert voice.clipped == 1


@pytest.mark.parametrize("rate_hz", [48000, 44100])
def test_a_recording_is_turned_down_and_up_again_without_a_step(rate_hz: int) -> None:
    guest = SampleSpec(Format.S16_LE, 2, rate_hz)
    voice, left_alone = voice_of(guest), voice_of(guest)
    sound = pack(Format.S16_LE, [16000, -16000] * 480)
    for gains in ([1.0, 1.0], [0.0, 1.0], [0.5, 1.0], [1.0, 1.0]):
        voice.set_gains(gains, ramped=True)
        for _ in range(2):
            split([voice, left_alone], sound)
    turned, same = (np.frombuffer(take(of.queue), "<i2").astype(float).reshape(-1, 2) for of in (voice, left_alone))
    assert np.abs(np.diff(turned[600:, 0])).max() <= 16000 / (rate_hz / 100) + 2
    assert turned[600:, 0].min() == 0
    assert np.array_equal(turned[:, 1], same[:, 1])
    assert np.array_equal(turned[-100:], same[-100:])


def test_a_recording_at_unity_again_is_every_octet_of_the_devices() -> None:
    voice = voice_of(STEREO)
    octets = np.random.default_rng(1).bytes(480 * 4)
    for gain in (0.25, 1.0):
        voice.set_gains([gain, gain], ramped=True)
        split([voice], octets)
    take(voice.queue)
    split([voice], octets)
    assert take(voice.queue) == octets


def test_another_recording_begins_at_the_volume_that_was_asked_for() -> None:
    voice = voice_of(STEREO)
    voice.set_gains([0.0, 0.0], ramped=True)
    split([voice], pack(Format.S16_LE, [1000] * 20))
    voice.reset()
    split([voice], pack(Format.S16_LE, [1000] * 20))
    assert not any(take(voice.queue))


def test_octets_left_over_by_the_reader_do_not_tear_frames() -> None:
    voice = voice_of(STEREO, frames=4)
    split([voice], bytes(range(16)))
    voice.queue.drop(3)
    assert split([voice], bytes(16)) == [0]
    voice.queue.drop(1)
    assert split([voice], b"wxyz") == [1]
    assert take(voice.queue) == bytes(range(4, 16)) + b"wxyz"


def test_what_cannot_be_recorded_is_refused() -> None:
    with pytest.raises(ProtocolError, match="a_law"):
        voice_of(SampleSpec(Format.A_LAW, 2, 48000))
    with pytest.raises(ProtocolError, match="channels"):
        voice_of(SampleSpec(Format.S16_LE, 12, 48000))
