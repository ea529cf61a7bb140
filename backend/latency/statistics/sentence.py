"""The verdict in a sentence, as one would say it to a colleague; without its full stop.

A number has as many digits as its interval makes worth reading: the last one is at most a quarter of its width.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.latency.statistics.estimate import LEVEL, Interval, TooLittle
from backend.latency.statistics.paced import RUNS_MIN
from backend.latency.statistics.rates import Count, RatioInterval, rate, runs_ratio, total
from backend.latency.statistics.verdict import Judgement, Verdict

UNITS = ((1_000_000, "ms"), (1_000, "\N{MICRO SIGN}s"), (1, "ns"))
DIGITS_MAX = 3
UNDERRUNS = "underruns (gaps that were heard)"
"""What is counted here: not what guests count, who do not know what the card did with what was missing."""


@dataclass(frozen=True, slots=True)
class Names:
    """What is compared: the second with the first, at a quantile; "interrupt pacing", "the idle machine"."""

    first: str
    second: str
    at: str


def sentence(names: Names, judgement: Judgement | TooLittle, margin_ns: int, wakes_ratio: float | None = None) -> str:
    """The verdict; and, if it is given, how many times as often the second wakes the backend."""
    if isinstance(judgement, TooLittle):
        return f"no verdict at {names.at}: {judgement.reason}"
    wakes = "" if wakes_ratio is None else f"; it wakes the backend {times_as_often(wakes_ratio)}"
    return _of_delay(names, judgement, margin_ns) + wakes


def underruns_sentence(names: Names, first: Sequence[Count], second: Sequence[Count]) -> str:
    """Which of them has underruns more often, from a count of gaps for each run; `at` is not looked at."""
    counted = f"{_counted(names.first, total(first))}; {_counted(names.second, total(second))}"
    if min(len(first), len(second)) < RUNS_MIN:
        return f"no verdict on {UNDERRUNS}, with fewer than {RUNS_MIN} runs of each: {counted}"
    ratio = runs_ratio(first, second)
    if ratio.low <= 1 <= ratio.high:
        return f"no verdict on {UNDERRUNS}: {counted}"
    return f"{names.second} has {UNDERRUNS} {_compared(ratio)}: {counted}"


def times_as_often(ratio: float) -> str:
    """A ratio in words, to two digits."""
    if 0.95 <= ratio <= 1.05:
        return "as often"
    return f"{_two_digits(ratio)} times as often"


def _of_delay(names: Names, judgement: Judgement, margin_ns: int) -> str:
    interval = judgement.interval
    ci = f"{interval.level * 100:.3g} % CI"
    scale, unit = _unit(interval, judgement.value_ns)
    digits = _digits(interval, scale)

    def number(ns: int) -> str:
        return f"{abs(ns) / scale:.{digits}f}"

    if judgement.verdict in {Verdict.BETTER, Verdict.WORSE}:
        near, far = sorted((interval.low_ns, interval.high_ns), key=abs)
        way = "earlier" if judgement.verdict is Verdict.BETTER else "later"
        value = f"{number(judgement.value_ns)} {unit} ({ci} {number(near)} to {number(far)})"
        return f"{names.second} is {value} {way} at {names.at}"

    def sided(ns: int) -> str:
        return f"{number(ns)} {unit} {'earlier' if ns < 0 else 'later'}"

    found = f"{sided(interval.low_ns)} to {sided(interval.high_ns)} than {names.first} ({ci})"
    if judgement.verdict is Verdict.SAME:
        return f"no difference beyond {_plain(margin_ns)} at {names.at}: {names.second} is {found}"
    return f"no verdict at {names.at}: {names.second} is anything from {found}"


def _unit(interval: Interval, value_ns: int) -> tuple[int, str]:
    largest = max(abs(interval.low_ns), abs(interval.high_ns), abs(value_ns))
    return next((scale, unit) for scale, unit in UNITS if largest >= scale or scale == 1)


def _digits(interval: Interval, scale: int) -> int:
    """So many after the point that the interval is several units of the last wide, and no end looks like zero."""
    ends = [abs(end) for end in (interval.low_ns, interval.high_ns) if end]
    finest_ns = min([max(interval.high_ns - interval.low_ns, 1) / 4, *ends])
    return 0 if scale == 1 else min(max(-math.floor(math.log10(finest_ns / scale)), 0), DIGITS_MAX)


def _plain(ns: int) -> str:
    scale, unit = next((scale, unit) for scale, unit in UNITS if ns >= scale or scale == 1)
    return f"{ns / scale:g} {unit}"


def _compared(ratio: RatioInterval) -> str:
    value = (
        "where the other has none" if ratio.value == math.inf else f"{_two_digits(ratio.value or 0.0)} times as often"
    )
    high = "" if ratio.high == math.inf else f" to {_two_digits(ratio.high)}"
    at_least = "at least " if ratio.high == math.inf else ""
    return f"{value} ({LEVEL:.0%} CI {at_least}{_two_digits(ratio.low)}{high} times)".replace("%", " %")


def _counted(name: str, count: Count) -> str:
    if not count.events:
        at_most_hz = rate(count).high_hz
        return f"{name} none in {count.seconds:g} s, so fewer than {_two_digits(at_most_hz)} per s"
    return f"{name} {count.events:g} in {count.seconds:g} s"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
