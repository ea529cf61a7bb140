"""Better, worse, no difference that matters, or undecided: per guest, with all guests together rarely wrong.

The margin says beforehand which difference would not matter to anybody.  The interval of the change then decides:

* all of it within the margin: no difference within the margin (even if it is surely not zero);
* all of it below zero: the second pacing is better, delays being better when shorter; all above: worse;
* else it holds both zero and what would matter: undecided.

A verdict can be wrong only where the interval misses the truth: with probability 1 - level.  Of sixteen intervals of
95 %, one misses more often than not.  Holm (1979) keeps the chance of any wrong verdict at 5 %, and
demands less than Bonferroni: of m guests, those that are decided at level 1 - 0.05 / m are so; that leaves k, for whom
it is 1 - 0.05 / k, and so on until nobody more is decided.  It is commonly put in p-values, sorted.  Going by intervals
comes to the same guests, works for "no difference" as it does for "better", and leaves for each guest the interval that
its verdict was read from, instead of a number that says nothing of size.

What Holm proves is that no guest *without* a difference is said to have one; that also the sign is right is proven for
independent guests (Shaffer 1980).  Guests that could not be measured count in m, since to leave them out would be to
choose by looking.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from backend.latency.statistics.estimate import LEVEL, Estimate, Interval, TooLittle

Key = TypeVar("Key", bound=Hashable)


class Verdict(StrEnum):
    """Of the second pacing, measured by the first."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no difference within the margin"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and the change and the interval that it was read from."""

    verdict: Verdict
    value_ns: int
    interval: Interval


def decide(interval: Interval, margin_ns: int) -> Verdict:
    """What this interval of a change says; margin_ns >= 0."""
    if -margin_ns <= interval.low_ns and interval.high_ns <= margin_ns:
        return Verdict.SAME
    if interval.high_ns < 0:
        return Verdict.BETTER
    return Verdict.WORSE if interval.low_ns > 0 else Verdict.UNDECIDED


def judge(
    changes: Mapping[Key, Estimate | TooLittle], margin_ns: int, level: float = LEVEL
) -> dict[Key, Judgement | TooLittle]:
    """A verdict for each guest, all of them right with probability `level`; in the order they came in."""
    judged: dict[Key, Judgement] = {}
    undecided = {key: change for key, change in changes.items() if isinstance(change, Estimate)}
    remaining = len(changes)
    while undecided:
        each = 1 - (1 - level) / remaining
        seen = {key: _judgement(change, each, margin_ns) for key, change in undecided.items()}
        judged |= seen
        undecided = {key: undecided[key] for key in seen if seen[key].verdict is Verdict.UNDECIDED}
        if len(undecided) == len(seen):
            break
        remaining -= len(seen) - len(undecided)
    return {key: change if isinstance(change, TooLittle) else judged[key] for key, change in changes.items()}


def _judgement(change: Estimate, level: float, margin_ns: int) -> Judgement:
    interval = change.interval(level)
    return Judgement(decide(interval, margin_ns), round(change.value_ns), interval)
