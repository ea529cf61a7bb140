import math

import numpy as np
import pytest

from backend.mixing.convert import supported_formats
from backend.mixing.mixer import Mixer
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from ringproto.formats import Format
from tests.backend.mixing.samples import integer_range, pack, put, queue_for, unpack

STEREO = SampleSpec(Format.S16_LE, 2, 48000)


def voice_of(guest: SampleSpec, device: SampleSpec = STEREO) -> Voice:
    return Voice(guest, device, queue_for(guest, 48000), 480)


def mixed(mixer: Mixer, voices: list[Voice], frames: int, device: SampleSpec = STEREO) -> tuple[bytes, list[int]]:
    out = bytearray(b"\xa5" * (frames * device.frame_octets))
    real = mixer.mix(voices, frames, memoryview(out))
    return bytes(out), real


def noise(octets: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).bytes(octets)


@pytest.mark.parametrize("format_", supported_formats(), ids=lambda f: f.xen_name)
def test_no_voice_and_an_empty_voice_are_silence(format_: Format) -> None:
    device = SampleSpec(format_, 2, 48000)
    low, high = (0, 0) if format_.is_float else integer_range(format_)
    mixer = Mixer(device, 480)
    silence = [(low + high + 1) // 2] * 20
    for voices in ([], [voice_of(device, device)], [voice_of(device, device), voice_of(device, device)]):
        octets, real = mixed(mixer, voices, 10, device)
        assert unpack(format_, octets) == silence
        assert real == [0] * len(voices)


@pytest.mark.parametrize("format_", [f for f in supported_formats() if not f.is_float], ids=lambda f: f.xen_name)
def test_a_voice_alone_passes_octet_by_octet(format_: Format) -> None:
    device = SampleSpec(format_, 2, 48000)
    voice = voice_of(device, device)
    octets = noise(480 * device.frame_octets)
    put(voice.queue, octets)
    assert mixed(Mixer(device, 480), [voice], 480, device) == (octets, [480])


def test_a_voice_alone_that_runs_dry_is_followed_by_silence() -> None:
    device = SampleSpec(Format.U8, 2, 48000)
    voice = voice_of(device, device)
    put(voice.queue, b"abcdef")
    assert mixed(Mixer(device, 480), [voice], 5, device) == (b"abcdef" + b"\x80" * 4, [3])


def test_voices_are_added() -> None:
    first, second, mono = voice_of(STEREO), voice_of(STEREO), voice_of(SampleSpec(Format.S16_BE, 1, 48000))
    put(first.queue, pack(Format.S16_LE, [1000, -1000, 2000, -2000]))
    put(second.queue, pack(Format.S16_LE, [30, 40]))
    put(mono.queue, pack(Format.S16_BE, [5, 6, 7]))
    octets, real = mixed(Mixer(STEREO, 480), [first, second, mono], 4)
    assert unpack(Format.S16_LE, octets) == [1035, -955, 2006, -1994, 7, 7, 0, 0]
    assert real == [2, 1, 3]


@pytest.mark.parametrize("format_", supported_formats(), ids=lambda f: f.xen_name)
def test_sums_saturate_at_both_ends_and_are_counted(format_: Format) -> None:
    device = SampleSpec(format_, 1, 48000)
    low, high = (-1.0, 1.0) if format_.is_float else integer_range(format_)
    voices = [voice_of(device, device) for _ in range(3)]
    for voice in voices:
        put(voice.queue, pack(format_, [low, high]))
    mixer = Mixer(device, 480)
    octets, _ = mixed(mixer, voices, 2, device)
    assert unpack(format_, octets) == [low, high]
    assert mixer.clipped == 2


def test_alone_or_among_silent_others_sounds_the_same_from_one_block_to_the_next() -> None:
    voice, silent = voice_of(STEREO), voice_of(SampleSpec(Format.S16_LE, 2, 44100))
    octets = noise(480 * 8 * 4)
    put(voice.queue, octets)
    mixer = Mixer(STEREO, 480)
    heard = [mixed(mixer, [voice, silent] if k % 3 else [voice], 480)[0] for k in range(8)]
    assert b"".join(heard) == octets
    assert mixer.clipped == 0


def test_blocks_of_any_size_up_to_the_largest_join_seamlessly() -> None:
    voices = [voice_of(STEREO), voice_of(SampleSpec(Format.S16_LE, 2, 44100))]
    octets = noise(1000 * 4)
    put(voices[0].queue, octets)
    mixer = Mixer(STEREO, 480)
    heard = [mixed(mixer, voices, frames)[0] for frames in (1, 480, 17, 2, 500 - 20)]
    assert b"".join(heard) == octets[: 980 * 4]


def test_turned_down_and_up_again_it_is_copied_again_to_the_octet() -> None:
    voice, mixer = voice_of(STEREO), Mixer(STEREO, 480)
    octets = noise(480 * 8 * 4)
    put(voice.queue, octets)
    heard: list[bytes] = []
    for gain in (1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0):
        voice.set_gains([gain, gain], ramped=True)
        heard.append(mixed(mixer, [voice], 480)[0])
    assert heard[0] == octets[:1920]
    assert heard[2] != octets[2 * 1920 : 3 * 1920]
    assert b"".join(heard[4:]) == octets[4 * 1920 :]


def test_a_guest_does_not_hear_how_another_turns_its_volume() -> None:
    voice, fiddler, mixer = voice_of(STEREO), voice_of(STEREO), Mixer(STEREO, 480)
    octets = noise(480 * 8 * 4)
    put(voice.queue, octets)
    put(fiddler.queue, bytes(480 * 8 * 4))
    heard: list[bytes] = []
    for k in range(8):
        fiddler.set_gains([10.0 * (k % 2), 0.3], ramped=True)
        heard.append(mixed(mixer, [fiddler, voice], 480)[0])
    assert b"".join(heard) == octets


def test_one_guests_nan_and_infinity_do_not_reach_the_others_even_while_it_turns_its_volume() -> None:
    poison, voice = voice_of(SampleSpec(Format.FLOAT_LE, 2, 48000)), voice_of(STEREO)
    put(poison.queue, pack(Format.FLOAT_LE, [math.nan, -math.nan] * 3))
    put(voice.queue, pack(Format.S16_LE, [100, 200, -100, 100, 7, 8]))
    poison.set_gains([10.0, 0.0], ramped=True)
    octets, _ = mixed(Mixer(STEREO, 480), [poison, voice], 3)
    assert unpack(Format.S16_LE, octets) == [100, 200, -100, 100, 7, 8]


def test_one_guests_nan_and_infinity_do_not_reach_the_others() -> None:
    poison, voice = voice_of(SampleSpec(Format.FLOAT_LE, 2, 48000)), voice_of(STEREO)
    resampled = voice_of(SampleSpec(Format.FLOAT64_LE, 1, 44100))
    put(poison.queue, pack(Format.FLOAT_LE, [math.nan, math.nan, math.inf, -math.inf]))
    put(resampled.queue, pack(Format.FLOAT64_LE, [math.nan] * 400))
    put(voice.queue, pack(Format.S16_LE, [100, 200, -100, 100, 7, 8]))
    octets, _ = mixed(Mixer(STEREO, 480), [poison, voice, resampled], 3)
    assert unpack(Format.S16_LE, octets) == [100, 200, 32668, -32668, 7, 8]


def test_a_float_guest_alone_is_made_safe_too() -> None:
    device = SampleSpec(Format.FLOAT_LE, 1, 48000)
    voice = voice_of(device, device)
    put(voice.queue, pack(Format.FLOAT_LE, [math.nan, 9.0, -0.125]))
    octets, _ = mixed(Mixer(device, 480), [voice], 3, device)
    assert unpack(Format.FLOAT_LE, octets) == [0.0, 1.0, -0.125]


def test_more_voices_than_ever_before_find_room() -> None:
    mixer = Mixer(STEREO, 480)
    for count in (1, 2, 5, 40, 3):
        voices = [voice_of(STEREO) for _ in range(count)]
        for k, voice in enumerate(voices):
            put(voice.queue, pack(Format.S16_LE, [k, -k]))
        octets, real = mixed(mixer, voices, 1)
        total = count * (count - 1) // 2
        assert unpack(Format.S16_LE, octets) == [total, -total]
        assert real == [1] * count
