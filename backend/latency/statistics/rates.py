"""How often something happens, and how much more often than elsewhere, from counts alone: exact intervals.

A count of independent events is Poisson.  Its interval is Garwood's (1936), from the gamma distribution.  With no event
at all there is no lower end, and the whole error goes to the upper: at 95 %, 3.0 / T, the rule of three.

Given how many events there were in both together, the share of the second is binomial, and its probability is the
second's share of expected events.  So Clopper and Pearson's interval (1934), from the beta distribution, gives that of
the ratio (Przyborowski and Wilenski 1940).

That is exact for independent events, and underruns are not: one stall makes several, and a bad run more than others.
Such counts vary from run to run by more than Poisson's do, phi times as much (Pearson's chi-square over its degrees
of freedom), and then they are worth only as many independent events as their number over phi; over phi * (t / z)**2,
since few runs tell phi but roughly.  Counts that vary no more than they should keep their exact interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.latency.statistics.estimate import LEVEL, NORMAL_ARM
from backend.latency.statistics.special import beta_below, gamma_below, t_quantile, where


@dataclass(frozen=True, slots=True)
class Count:
    """Events, and the time they were looked for in; seconds > 0.  Events worth fewer may be no whole number."""

    events: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RateInterval:
    """Events per second."""

    value_hz: float
    low_hz: float
    high_hz: float


@dataclass(frozen=True, slots=True)
class RatioInterval:
    """The second rate over the first; infinity where the first may be zero, and `value` None where both are."""

    value: float | None
    low: float
    high: float


def rate(count: Count, level: float = LEVEL) -> RateInterval:
    """The rate and its exact interval."""
    k, tail = count.events, (1 - level) / 2
    low = _poisson_mean(k, tail) if k else 0.0
    high = _poisson_mean(k + 1, 1 - tail) if k else -math.log(1 - level)
    return RateInterval(k / count.seconds, low / count.seconds, high / count.seconds)


def rate_ratio(first: Count, second: Count, level: float = LEVEL) -> RatioInterval:
    """How many times as often the second happens as the first, and the exact interval."""
    events = first.events + second.events
    low, high = share(second.events, events, level) if events else (0.0, 1.0)
    scale = first.seconds / second.seconds

    def ratio(part: float) -> float:
        return math.inf if part >= 1 else part / (1 - part) * scale

    return RatioInterval(ratio(second.events / events) if events else None, ratio(low), ratio(high))


def runs_ratio(first: Sequence[Count], second: Sequence[Count]) -> RatioInterval:
    """How many times as often the second happens, at LEVEL, from a count for each run; two runs or more of each."""
    freedom = len(first) + len(second) - 2
    phi = (_chi_square(first) + _chi_square(second)) / freedom
    worth = phi * (t_quantile(LEVEL, freedom) / NORMAL_ARM) ** 2 if phi > 1 else 1.0
    all_first, all_second = total(first), total(second)
    return rate_ratio(
        Count(all_first.events / worth, all_first.seconds), Count(all_second.events / worth, all_second.seconds)
    )


def total(counts: Sequence[Count]) -> Count:
    """All runs as one."""
    return Count(sum(count.events for count in counts), sum(count.seconds for count in counts))


def share(k: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Clopper and Pearson's interval of a probability, of which k of n > 0 came true."""
    tail = (1 - level) / 2
    low = where(lambda p: beta_below(k, n - k + 1, p), tail, 0.0, 1.0) if k else 0.0
    high = where(lambda p: beta_below(k + 1, n - k, p), 1 - tail, 0.0, 1.0) if k < n else 1.0
    return low, high


def _chi_square(counts: Sequence[Count]) -> float:
    """How far the runs are from having the same rate."""
    together = total(counts)
    expected = [together.events * count.seconds / together.seconds for count in counts]
    return sum((count.events - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True) if mean)


def _poisson_mean(k: float, probability: float) -> float:
    """The mean with which k events or more have this probability; k > 0."""
    return where(lambda mean: gamma_below(k, mean), probability, 0.0, 2.0 * k + 100)
