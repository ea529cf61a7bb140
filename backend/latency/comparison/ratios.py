"""How many times as many underruns, looks, and CPU time the second of a pair has: what its delays cost.

Underruns are counts, see `statistics.rates`.  Of looks and CPU time each run has a rate; the ratio is that of their
geometric means, and its interval Welch's t over the logarithms of runs, so that a half is as far from 1 as a double.
Runs of one round are not taken as pairs: as with delays, that may make an interval wider than it need be.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Literal

from backend.latency.comparison.conditions import Pair
from backend.latency.comparison.result import Ratio
from backend.latency.statistics.estimate import LEVEL, TooLittle
from backend.latency.statistics.paced import RUNS_MIN
from backend.latency.statistics.rates import RatioInterval, rate_ratio, runs_ratio, total
from backend.latency.statistics.sentence import underruns_sentence
from backend.latency.statistics.special import t_quantile

CI = f"{LEVEL * 100:.3g} % CI"
EQUAL = (0.95, 1.05)
"""A ratio that is surely within these is that of equals."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a ratio is of."""

    on: str
    verb: str
    compared: str


LOOKS = Words("wake-ups", "wakes the backend", "as often")
CPU = Words("CPU time", "takes", "as much CPU time in the backend")


def ratios(pair: Pair) -> list[Ratio]:
    """Of underruns, looks, and CPU time."""
    first, second = pair.first.runs, pair.second.runs
    looks = log_ratio([run.looks_per_s for run in first], [run.looks_per_s for run in second])
    cpu = log_ratio([run.cpu_per_s for run in first], [run.cpu_per_s for run in second])
    return [_underruns(pair), _ratio(pair, "looks", looks, LOOKS), _ratio(pair, "cpu", cpu, CPU)]


def log_ratio(first: Sequence[float | None], second: Sequence[float | None]) -> RatioInterval | TooLittle:
    """The second over the first, a value for each run: of geometric means, with Welch's t interval over logarithms."""
    if min(len(first), len(second)) < RUNS_MIN:
        return TooLittle(f"there are fewer than {RUNS_MIN} runs of each")
    logs = [[math.log(value) for value in side if value] for side in (first, second)]
    if [len(side) for side in logs] != [len(first), len(second)]:
        return TooLittle("a run has none, or does not say")
    change = fmean(logs[1]) - fmean(logs[0])
    errors = [variance(side) / len(side) for side in logs]
    parts = sum(error**2 / (len(side) - 1) for error, side in zip(errors, logs, strict=True))
    reach = t_quantile(LEVEL, sum(errors) ** 2 / parts) * math.sqrt(sum(errors)) if parts else 0.0
    return RatioInterval(math.exp(change), math.exp(change - reach), math.exp(change + reach))


def is_equal(low: float, high: float) -> bool:
    """Whether a ratio with this interval is that of equals."""
    return EQUAL[0] <= low and high <= EQUAL[1]


def plain(ratio: float) -> str:
    """To three digits."""
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.3g}"


def _ratio(pair: Pair, what: Literal["looks", "cpu"], found: RatioInterval | TooLittle, words: Words) -> Ratio:
    names = pair.names("")
    first, second = names.first, names.second
    if isinstance(found, TooLittle):
        ratio = low = high = None
        said = f"no verdict on {words.on}: {found.reason}"
    else:
        ratio, low, high = found.value, found.low, found.high
        said = f"{second} {words.verb} {_times(found, words.compared)} as {first} ({CI} {plain(low)} to {plain(high)})"
        if low <= 1 <= high and not is_equal(low, high):
            said = f"no verdict on {words.on}: {said}"
    return Ratio(
        what=what,
        first=pair.first.name,
        second=pair.second.name,
        ratio=ratio,
        low=low,
        high=high,
        sentence=pair.when + said,
    )


def _times(found: RatioInterval, compared: str) -> str:
    if found.value is None or is_equal(found.low, found.high):
        return compared
    return f"{plain(found.value)} times {compared}"


def _underruns(pair: Pair) -> Ratio:
    first, second = ([run.underruns for run in group.runs] for group in (pair.first, pair.second))
    ratio = rate_ratio(total(first), total(second)).value
    interval = runs_ratio(first, second) if min(len(first), len(second)) >= RUNS_MIN else None
    return Ratio(
        what="underruns",
        first=pair.first.name,
        second=pair.second.name,
        ratio=_finite(ratio),
        low=interval.low if interval else None,
        high=_finite(interval.high) if interval else None,
        sentence=pair.when + underruns_sentence(pair.names(""), first, second),
    )


def _finite(value: float | None) -> float | None:
    """JSON has no infinity."""
    return None if value is None or math.isinf(value) else value
