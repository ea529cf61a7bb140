"""Differences as a forest plot: for each guest a mark where the change is, and a line as far as its interval reaches.

A line that keeps clear of zero is a difference; one that stays inside the band, the margin stated beforehand, is none
that would matter.  All that this file knows is where things stand, in percent of a width that only the browser knows:
so the plot is as wide as its column, and no letter in it is stretched.  A scale holds zero, the margin and every
interval: it is linear and nothing is cut off.  Each quantile has its own, for a tail differs by more than a median.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.latency.comparison.result import Difference, Metric, Quantile, Said

MINUS = "\N{MINUS SIGN}"
NS_PER_MS = 1_000_000
WORDS: dict[Said, str] = {
    "better": "earlier",
    "worse": "later",
    "same": "no difference",
    "undecided": "no verdict",
    "none": "too little data",
}
METRICS: dict[Metric, str] = {
    "period_lateness": "Period lateness",
    "playback_delay": "Playback delay",
    "capture_delay": "Capture delay",
    "notification_delay": "Notification delay",
}
QUANTILES: dict[Quantile, str] = {"p50": "p50", "p99": "p99", "p999": "p99.9"}
TICKS = 6
"""About so many steps between the ends of a scale."""
AIR = 0.04
"""So much of the width is left free at either end."""
DIGITS_MAX = 3
"""After the point of a millisecond."""


@dataclass(frozen=True, slots=True)
class Span:
    """From here to there, in percent of the width."""

    left: float
    right: float

    @property
    def width(self) -> float:
        """In percent as well."""
        return round(self.right - self.left, 3)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the scale that has a number."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One guest's stream, or all together."""

    guest: str
    is_pooled: bool
    said: Said
    word: str
    at: float | None
    """Where the mark stands, in percent; None, like all that follows, where there is too little data."""
    interval: Span | None
    change: str | None
    """In ms, with its sign."""
    reach: str | None
    """The interval in ms, and its level."""
    cliffs_delta: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """One quantile, on a scale of its own."""

    quantile: str
    margin: Span
    zero: float
    ticks: list[Tick]
    rows: list[Row]
    """All guests together first."""

    @property
    def is_empty(self) -> bool:
        """Whether no row has anything to show."""
        return all(row.at is None for row in self.rows)


@dataclass(frozen=True, slots=True)
class Forest:
    """One metric of one pair of conditions."""

    first: str
    second: str
    metric: str
    bands: list[Band]
    sentences: list[str]
    """The same in words, whole sentences."""


class Scale:
    """Where a change stands in the width: its ends are just beyond what is to be shown."""

    def __init__(self, shown_ns: Sequence[int]) -> None:
        """The values that must be on it; two of them differ."""
        low, high = min(shown_ns), max(shown_ns)
        self.low_ns = low - (high - low) * AIR
        self.high_ns = high + (high - low) * AIR

    def at(self, ns: float) -> float:
        """In percent from the left."""
        return round((ns - self.low_ns) / (self.high_ns - self.low_ns) * 100, 3)

    def ticks(self) -> list[Tick]:
        """Round numbers, zero among them."""
        step_ns = _round_up((self.high_ns - self.low_ns) / TICKS)
        digits = max(-math.floor(math.log10(step_ns / NS_PER_MS)), 0)
        steps = range(math.ceil(self.low_ns / step_ns), math.floor(self.high_ns / step_ns) + 1)
        return [Tick(self.at(k * step_ns), signed_ms(k * step_ns, digits)) for k in steps]


def forests(differences: Sequence[Difference], margin_ns: int) -> list[Forest]:
    """All that were asked for, in their order: by pair, then by metric."""
    found: dict[tuple[str, str, Metric], list[Difference]] = {}
    for difference in differences:
        found.setdefault((difference.first, difference.second, difference.metric), []).append(difference)
    return [
        Forest(first, second, METRICS[metric], list(_bands(asked, margin_ns)), [_whole(d.sentence) for d in asked])
        for (first, second, metric), asked in found.items()
    ]


def signed_ms(ns: float, digits: int) -> str:
    """With its sign, and so many digits after the point; zero has no sign."""
    shown = f"{abs(ns) / NS_PER_MS:.{digits}f}"
    if not float(shown):
        return shown
    return f"{MINUS if ns < 0 else '+'}{shown}"


def _bands(asked: Sequence[Difference], margin_ns: int) -> Iterator[Band]:
    for quantile, label in QUANTILES.items():
        if rows := [difference for difference in asked if difference.quantile == quantile]:
            yield _band(label, rows, margin_ns)


def _band(label: str, asked: Sequence[Difference], margin_ns: int) -> Band:
    ends = [end for difference in asked for end in _ends(difference)]
    scale = Scale([-max(margin_ns, 1), max(margin_ns, 1), *ends])
    rows = [_row(difference, scale) for difference in asked]
    return Band(
        quantile=label,
        margin=Span(scale.at(-margin_ns), scale.at(margin_ns)),
        zero=scale.at(0),
        ticks=scale.ticks(),
        rows=sorted(rows, key=lambda row: not row.is_pooled),
    )


def _row(difference: Difference, scale: Scale) -> Row:
    pooled = difference.domid is None
    word, delta = WORDS[difference.said], difference.cliffs_delta
    change, low, high, level = difference.change_ns, difference.low_ns, difference.high_ns, difference.level
    if change is None or low is None or high is None or level is None:
        return Row(difference.guest, pooled, difference.said, word, None, None, None, None, delta)
    digits = _digits(high - low)
    return Row(
        guest=difference.guest,
        is_pooled=pooled,
        said=difference.said,
        word=word,
        at=scale.at(change),
        interval=Span(scale.at(low), scale.at(high)),
        change=f"{signed_ms(change, digits)} ms",
        reach=f"{signed_ms(low, digits)} to {signed_ms(high, digits)}, {level * 100:.3g} % CI",
        cliffs_delta=delta,
    )


def _ends(difference: Difference) -> list[int]:
    return [end for end in (difference.change_ns, difference.low_ns, difference.high_ns) if end is not None]


def _digits(width_ns: int) -> int:
    """So many that the last one is at most a quarter of the interval."""
    return min(max(math.ceil(-math.log10(max(width_ns, 1) / 4 / NS_PER_MS)), 0), DIGITS_MAX)


def _round_up(ns: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    ten = 10.0 ** math.floor(math.log10(ns))
    return next(step * ten for step in (1, 2, 5, 10) if step * ten >= ns)


def _whole(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}."
