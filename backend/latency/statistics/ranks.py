"""The interval of a quantile of independent values, from their ranks alone: exact, whatever the distribution.

Of n independent values, the number below the quantile p is binomial; so the quantile lies between the two ranks that
cut off 2.5 % of that binomial at either end (David and Nagaraja, "Order statistics", 7.1).

Delays of one run are *not* independent, and for them this interval is too narrow, often by far: `bootstrap` is for
them.  This one is for one value per run or per event, and as the limit that the other must not fall short of.
"""

from backend.latency.records import Int64s
from backend.latency.statistics.estimate import LEVEL, Interval, TooLittle
from backend.latency.statistics.special import beta_below


def quantile_interval(ordered_ns: Int64s, per_mille: int, level: float = LEVEL) -> Interval | TooLittle:
    """The interval of the quantile `per_mille` / 1000, 0 < per_mille < 1000, of sorted independent values."""
    n, p, tail = len(ordered_ns), per_mille / 1000, (1 - level) / 2
    low, high = _lower_rank(n, p, tail), n + 1 - _lower_rank(n, 1 - p, tail)
    if low < 1 or high > n:
        return TooLittle(f"{n} values do not carry p{per_mille / 10:g}")
    return Interval(int(ordered_ns[low - 1]), int(ordered_ns[high - 1]), level)


def _lower_rank(n: int, p: float, tail: float) -> int:
    """The highest rank whose value lies above the quantile with a chance of `tail` at most; 0 if none does."""
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        # P(fewer than `middle` of n are below the quantile)
        if beta_below(n - middle + 1, middle, 1 - p) <= tail:
            low = middle
        else:
            high = middle - 1
    return low
