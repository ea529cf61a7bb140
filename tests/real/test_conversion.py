"""Five guests of the oddest formats at once, each as good as an offline conversion of what it played.

The conversion is soxr's variable-rate engine, the one that the mixer feeds piece by piece (see
`backend.mixing.resample` for why), here given the whole sound in one go.  Against soxr's best fixed-rate engine that
one's ripple of a thousandth of a decibel shows as -79 dB, and where it halves rates it turns phases besides.
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from compose.facts import Block
from compose.scenario import GuestSpec, Scenario, StreamSpec
from compose.worlds.sim import SimWorld
from tests.real.likeness import Sound, difference_db

RATE_HZ = 48000
SECONDS = 3
BAND = 0.8
"""Of what the slower of two rates can carry."""
DIFFERENCE_DB_MAX = -90.0

GUESTS = {
    "u8_8000_mono": ("u8", "PCM_U8", 8000, 1),
    "s16_44100": ("s16_le", "PCM_16", 44100, 2),
    "s24_48000": ("s24_le", "PCM_24", 48000, 2),
    "float_96000": ("float_le", "FLOAT", 96000, 2),
    "s32_192000_six": ("s32_le", "PCM_32", 192000, 6),
}


def noise(rate_hz: int, channels: int, seed: int) -> Sound:
    """As loud as it may be, of all frequencies of the band alike."""
    frames = rate_hz * SECONDS
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((frames, channels)), axis=0)
    spectrum[int(BAND * min(rate_hz, RATE_HZ) * SECONDS / 2) :] = 0
    sound = np.fft.irfft(spectrum, frames, axis=0)
    loud: Sound = sound * (0.5 / np.abs(sound).max())
    return loud


def offline(sound: Sound, rate_hz: int) -> Sound:
    """The whole sound, converted in one go."""
    stream = soxr.ResampleStream(rate_hz, RATE_HZ, sound.shape[1], dtype="float64", quality="HQ", vr=True)
    converted: Sound = np.concatenate((stream.resample_chunk(sound), stream.resample_chunk(sound[:0], last=True)))
    return converted


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All five play at the same time, each on a card of its own, in the folder returned."""
    folder = tmp_path_factory.mktemp("conversion")
    devices, guests = {}, []
    for number, (name, (sample_format, subtype, rate_hz, channels)) in enumerate(GUESTS.items(), start=1):
        soundfile.write(folder / f"{name}.wav", noise(rate_hz, channels, number), rate_hz, subtype)
        devices[name] = {
            "kind": "clocked", "rate_hz": RATE_HZ, "channels": max(2, channels), "format": "float_le",
            "play_to": f"{name}-heard.wav",
        }  # fmt: skip
        stream = StreamSpec(
            name, plays=f"{name}.wav", format=sample_format, rate_hz=rate_hz, channels=channels,
            period_frames=rate_hz // 100, buffer_frames=rate_hz // 10,
        )  # fmt: skip
        guests.append(GuestSpec(number, [stream]))
    scenario = Scenario("conversion", devices, guests, duration_s=SECONDS)
    (folder / "trace").mkdir()
    SimWorld().run(Block(scenario, folder, "irq", 1, folder, datetime.now(UTC)), lambda passed_s: None)
    return folder


@pytest.mark.parametrize("name", GUESTS)
def test_a_guest_is_heard_as_an_offline_conversion_would_have_it(played: Path, name: str) -> None:
    given, rate_hz = soundfile.read(played / f"{name}.wav", always_2d=True)
    wanted = given if rate_hz == RATE_HZ else offline(given, rate_hz)
    heard, _ = soundfile.read(played / f"{name}-heard.wav", always_2d=True)
    if given.shape[1] == 1:
        wanted = np.repeat(wanted, 2, axis=1)
    difference = difference_db(heard, wanted, edge=RATE_HZ // 10)
    print(f"{name}: {difference:.1f} dB")
    assert difference < DIFFERENCE_DB_MAX
