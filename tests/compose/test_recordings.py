"""The recordings that vsnd ships are fit for the demo: found in a mix by correlation, and quiet enough to be mixed."""

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from compose.scenario import RECORDINGS

OURS = {"announcement": (16000, 1), "melody": (44100, 2), "navigation": (48000, 2)}
PEAK = 10 ** (-12 / 20)


def load(name: str) -> tuple[NDArray[np.float64], int]:
    samples, rate_hz = soundfile.read(RECORDINGS / f"{name}.flac", always_2d=True)
    return np.asarray(samples, np.float64), rate_hz


def correlation_with_itself(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of one channel: by lag in frames, 1.0 at lag 0."""
    spectrum = np.fft.rfft(sound, 2 * len(sound))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: len(sound)]
    return np.asarray(correlation / correlation[0], np.float64)


def test_recordings_are_few_and_small() -> None:
    files = sorted(RECORDINGS.glob("*.flac"))
    assert [file.stem for file in files] == sorted([*OURS, "numbers"])
    assert sum(file.stat().st_size for file in files) < 800_000


def test_the_numbered_frames_are_numbered_from_1() -> None:
    frames, rate_hz = soundfile.read(RECORDINGS / "numbers.flac", dtype="int16", always_2d=True)
    numbers = (frames[:, 0].astype(np.int64) & 0xFFFF) | frames[:, 1].astype(np.int64) << 16
    assert rate_hz == 48000
    assert np.array_equal(numbers, np.arange(1, 480_001))


@pytest.mark.parametrize("name", OURS)
def test_recording_is_short_and_has_its_own_format(name: str) -> None:
    sound, rate_hz = load(name)
    assert (rate_hz, sound.shape[1]) == OURS[name]
    assert 4 * rate_hz <= len(sound) <= 6 * rate_hz


@pytest.mark.parametrize("name", OURS)
def test_three_at_once_do_not_clip(name: str) -> None:
    sound, _ = load(name)
    assert np.abs(sound).max() == pytest.approx(PEAK, rel=0.01)


@pytest.mark.parametrize("name", OURS)
def test_recording_is_found_at_one_lag_only(name: str) -> None:
    sound, rate_hz = load(name)
    correlation = correlation_with_itself(sound.mean(axis=1))
    assert np.abs(correlation[rate_hz // 50 :]).max() < 0.6, "20 ms away or more, it must not look like itself"


@pytest.mark.parametrize("name", OURS)
def test_recording_sounds_throughout(name: str) -> None:
    sound, rate_hz = load(name)
    whole_seconds = sound[: len(sound) // rate_hz * rate_hz].reshape(-1, rate_hz * sound.shape[1])
    assert whole_seconds.std(axis=1).min() > 0.01
