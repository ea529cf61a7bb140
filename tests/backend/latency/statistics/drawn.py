"""Made-up delays whose neighbours are alike, as those of a real run are, and whose truth is known."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from backend.latency.records import Series
from backend.latency.statistics.estimate import Estimate

RATE_HZ = 50
MEMORY_S = 0.2
"""After so long, neighbours are a third as alike."""


def delays_ns(generator: np.random.Generator, runs: int, seconds: int, runs_differ: float = 0.0) -> NDArray[np.int64]:
    """A row for each run: skewed delays of median 1 ms, each near the one before; RATE_HZ of them a second."""
    alike = np.exp(-1 / (MEMORY_S * RATE_HZ))
    news = generator.normal(size=(seconds * RATE_HZ, runs)) * np.sqrt(1 - alike**2)
    state = generator.normal(size=runs)
    for now in news:
        state = alike * state + now
        now[:] = state
    delay_ns: NDArray[np.int64] = (np.exp(0.5 * (news + runs_differ * generator.normal(size=runs))) * 1e6).astype(
        np.int64
    )
    return delay_ns.T


def series(delay_ns: NDArray[np.int64], start_ns: int = 7) -> Series:
    """Delays at RATE_HZ."""
    return Series(start_ns + np.arange(len(delay_ns)) * (10**9 // RATE_HZ), np.asarray(delay_ns, dtype=np.int64))


def normal_estimate(value_ns: float, error_ns: float) -> Estimate:
    """An estimate whose error is normal and well known."""
    levels = (np.arange(2000) + 0.5) / 2000
    spread = np.array([NormalDist().inv_cdf(float(level)) for level in levels]) * error_ns
    return Estimate(value_ns, spread, np.zeros(2000), blocks_freedom=1e6, runs_freedom=4)
