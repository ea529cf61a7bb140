"""The least-squares slope of frames over time: an equal of the delay-locked loop, and here its judge."""

from collections.abc import Sequence

import numpy as np


def slope(times_ns: Sequence[int], frames: Sequence[int], rate_hz: int) -> float:
    """The rate of a straight line through all of them, over `rate_hz`."""
    seconds = np.array([time_ns - times_ns[0] for time_ns in times_ns]) / 1e9
    counted = np.array([frame - frames[0] for frame in frames], dtype=float)
    seconds -= seconds.mean()
    return float(seconds @ (counted - counted.mean()) / (seconds @ seconds) / rate_hz)
