"""How large a difference is as a whole, beside any one quantile.

Cliff's delta: how much more often a delay of the second pacing is longer than one of the first, than shorter; from
-1 (always shorter) over 0 to 1 (always longer).  Exact for any size, by sorting.

Hodges and Lehmann's shift: the median of all differences between a delay of the second and one of the first: by how
much everything is later, robustly.  There are n * m differences, so large samples are first thinned to evenly spaced
ranks, which moves the shift by no more than neighbouring ranks are apart (and needs no seed).

Both describe these data.  How sure one may be is for `bootstrap` to say.
"""

import numpy as np

from backend.latency.records import Int64s

VALUES_MAX = 4096
"""Of a thinned sample."""


def cliffs_delta(first_ns: Int64s, second_ns: Int64s) -> float:
    """P(second > first) - P(second < first).  Both sorted, neither empty."""
    shorter = int(np.searchsorted(first_ns, second_ns, side="left").sum())
    not_longer = int(np.searchsorted(first_ns, second_ns, side="right").sum())
    return (shorter + not_longer) / (len(first_ns) * len(second_ns)) - 1


def shift_ns(first_ns: Int64s, second_ns: Int64s) -> int:
    """The (lower) median of all second - first, to the ns.  Both sorted, neither empty."""
    first, second = thinned(first_ns), thinned(second_ns)
    half = (len(first) * len(second) + 1) // 2
    low, high = int(second[0] - first[-1]), int(second[-1] - first[0])
    while low < high:
        middle = (low + high) // 2
        if _differences_within(first, second, middle) >= half:
            high = middle
        else:
            low = middle + 1
    return low


def _differences_within(first: Int64s, second: Int64s, bound_ns: int) -> int:
    """How many second - first are at most the bound."""
    return int(np.searchsorted(second, first + bound_ns, side="right").sum())


def thinned(ordered: Int64s) -> Int64s:
    """At most VALUES_MAX of sorted values: the middle of each of so many equal parts."""
    if len(ordered) <= VALUES_MAX:
        return ordered
    return ordered[(2 * np.arange(VALUES_MAX, dtype=np.int64) + 1) * len(ordered) // (2 * VALUES_MAX)]
