"""Finding a sound in a mix."""

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Sound = NDArray[np.float64]


def mono(path: Path, rate_hz: int = 48000) -> Sound:
    """The file at that rate, its channels as one."""
    samples, file_hz = soundfile.read(path, always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), file_hz, rate_hz), np.float64)


def lag_of(sound: Sound, mix: Sound) -> tuple[int, float]:
    """Where `sound` lies in `mix`, and how much the best place stands out over any that is 10 ms away from it.

    The correlation is whitened, so that loud low tones do not smear its peak, where `sound` has anything to say at all.
    """
    size = 1 << (len(sound) + len(mix) - 1).bit_length()
    own, whole = np.fft.rfft(sound, size), np.fft.rfft(mix, size)
    own /= np.maximum(np.abs(own), 0.01 * np.abs(own).max())
    correlation = np.fft.irfft(whole * np.conj(own), size)[: len(mix)]
    best = int(np.argmax(correlation))
    others = np.concatenate([correlation[: max(best - 480, 0)], correlation[best + 480 :]])
    return best, float(correlation[best] / others.max())
