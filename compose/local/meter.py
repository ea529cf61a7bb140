"""A level meter: how loud each channel of the input has been since it was last looked at."""

import math

import numpy as np

from frontend.local import FloatArray

FLOOR_DB = -60.0
BAR_LETTERS = 40


class Meter:
    """Keeps the peaks; the thread that records writes them, another one reads."""

    def __init__(self, channels: int) -> None:
        self._peaks = np.zeros(channels, np.float32)

    def process(self, input: FloatArray, _output: FloatArray, _frames: int) -> None:  # noqa: A002  # as its callers do
        """Take the peaks of these frames."""
        np.maximum(self._peaks, np.abs(input).max(axis=0), out=self._peaks)

    def line(self) -> str:
        """A bar for each channel, as of now; from here on it begins anew."""
        peaks: list[float] = self._peaks.tolist()
        self._peaks[:] = 0.0
        return "   ".join(bar(peak) for peak in peaks)


def bar(peak: float) -> str:
    """A peak of 0 to 1 as a bar, and in decibels of full scale."""
    level_db = max(20 * math.log10(peak), FLOOR_DB) if peak > 0 else FLOOR_DB
    letters = round((1 - level_db / FLOOR_DB) * BAR_LETTERS)
    return f"{'#' * letters:<{BAR_LETTERS}} {level_db:6.1f} dB"
