"""A sample in a few numbers, exact, and silent where the sample says nothing.

Theory.  The quantile p of n sorted values is the value of rank ceil(n * p), counted from 1 (the inverse of the
empirical distribution): always one that did happen, never a mixture of two.  Ranks are computed in whole numbers, since
0.999 * 5000 is not 4995 in floating point.

How far up a sample carries: above the quantile p lie about n * (1 - p) values.  With fewer than ten of them the
quantile is mostly luck, and it is not quoted (`audio.md` G.2); nor with fewer than ten below it.  The maximum is always
quoted: it happened.
"""

import numpy as np

from backend.latency.measures.hops import Way
from backend.latency.records import Int64s, Levels, Series
from backend.latency.result import Fill, Hop, Summary

VALUES_ABOVE_MIN = 10
"""A quantile is quoted when the sample is expected to hold so many values above it."""
PER_MILLE = 1_000
PER_MYRIAD = 10_000


def rank(n: int, part: int, whole: int = PER_MILLE) -> int:
    """The rank, from 1 to n, of the quantile `part` / `whole` among n sorted values."""
    return max(-(-n * part // whole), 1)


def is_quotable(n: int, part: int, whole: int = PER_MILLE) -> bool:
    """Whether a sample of n carries this quantile: n >= 10 / (1 - p), and n >= 10 / p."""
    return n * min(part, whole - part) >= VALUES_ABOVE_MIN * whole


def summary_of(series: Series) -> Summary | None:
    """Summarise delays; None for an empty sample."""
    n = len(series.delay_ns)
    if n == 0:
        return None
    ordered = np.sort(series.delay_ns)
    return Summary(
        n=n,
        min=int(ordered[0]),
        p50=_quantile(ordered, 5_000),
        p90=_quantile(ordered, 9_000),
        p95=_quantile(ordered, 9_500),
        p99=_quantile(ordered, 9_900),
        p999=_quantile(ordered, 9_990),
        p9999=_quantile(ordered, 9_999),
        max=int(ordered[-1]),
        max_at_ns=int(series.at_ns[np.argmax(series.delay_ns)]),
        mean=(2 * int(ordered.sum()) + n) // (2 * n),  # rounded half up, in whole numbers
    )


def fill_of(levels: Levels) -> Fill | None:
    """Summarise how far ahead a guest was just before each hand-over; None without any."""
    ordered = np.sort(levels.before)
    if len(ordered) == 0:
        return None
    return Fill(
        n=len(ordered),
        min_frames=int(ordered[0]),
        p001_frames=_quantile(ordered, 10),
        p50_frames=_quantile(ordered, 5_000),
        max_frames=int(ordered[-1]),
    )


def hops_of(way: Way | None) -> list[Hop]:
    """Each hop of the way, and its share of the whole; none without a journey."""
    if way is None:
        return []
    sums_ns = [int(hop.sum()) for hop in way.hops_ns]
    return [_hop(name, np.sort(hop), sum(sums_ns)) for name, hop in zip(way.names, way.hops_ns, strict=True)]


def _hop(name: str, ordered: Int64s, whole_ns: int) -> Hop:
    share = round(int(ordered.sum()) * PER_MILLE / whole_ns) if whole_ns > 0 else None
    return Hop(
        name=name,
        n=len(ordered),
        p50_ns=_quantile(ordered, 5_000),
        p99_ns=_quantile(ordered, 9_900),
        share_per_mille=share,
    )


def _quantile(ordered: Int64s, per_myriad: int) -> int | None:
    """That quantile of sorted values; None where they are too few for it."""
    n = len(ordered)
    return int(ordered[rank(n, per_myriad, PER_MYRIAD) - 1]) if is_quotable(n, per_myriad, PER_MYRIAD) else None
