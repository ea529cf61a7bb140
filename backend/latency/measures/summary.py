"""A sample of delays in a few numbers, exact, and silent where the sample says nothing.

Theory.  The quantile p of n sorted values is the value of rank ceil(n * p), counted from 1 (the inverse of the
empirical distribution): always a delay that did happen, never a mixture of two.  Ranks are computed in whole numbers,
since 0.999 * 5000 is not 4995 in floating point.

How far up a sample carries: above the quantile p lie about n * (1 - p) values.  With fewer than ten of them the
quantile is mostly luck, and it is not quoted (`audio.md` G.2).  The maximum is always quoted: it happened.
"""

import numpy as np
from numpy.typing import NDArray

from backend.latency.result import Summary

VALUES_ABOVE_MIN = 10
"""A quantile is quoted when the sample is expected to hold so many values above it."""


def rank(n: int, per_mille: int) -> int:
    """The rank, from 1 to n, of the quantile `per_mille` / 1000 among n sorted values."""
    return max(-(-n * per_mille // 1000), 1)


def is_quotable(n: int, per_mille: int) -> bool:
    """Whether a sample of n carries this quantile: n >= 10 / (1 - p)."""
    return n * (1000 - per_mille) >= VALUES_ABOVE_MIN * 1000


def summary_of(values_ns: NDArray[np.int64]) -> Summary | None:
    """Summarise delays in ns, in any order; None for an empty sample."""
    n = len(values_ns)
    if n == 0:
        return None
    ordered = np.sort(values_ns)

    def quantile(per_mille: int) -> int | None:
        return int(ordered[rank(n, per_mille) - 1]) if is_quotable(n, per_mille) else None

    return Summary(
        n=n,
        min=int(ordered[0]),
        p50=quantile(500),
        p90=quantile(900),
        p95=quantile(950),
        p99=quantile(990),
        p999=quantile(999),
        max=int(ordered[-1]),
        mean=(2 * int(ordered.sum()) + n) // (2 * n),  # rounded half up, in whole numbers
    )
