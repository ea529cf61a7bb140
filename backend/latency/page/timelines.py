"""A worst moment as a picture: where everything of its timeline stands, for the template to draw as SVG."""

from collections.abc import Iterator
from dataclasses import dataclass

from backend.latency.page.worst import POINTS, Moment

WIDTH, LEFT, RIGHT, TOP, ROW = 900, 150, 16, 26, 22
"""In px; the picture is as wide as its place, and scaled."""
TICKS_MAX = 8
STEPS_MS = tuple(step * 10.0**ten for ten in range(-3, 6) for step in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class Row:
    """All records of one trace point."""

    y: float
    name: str
    xs: list[tuple[float, bool]]
    """Where they are, and whether the delay begins or ends there."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture."""

    width: int
    height: float
    left: int
    band: tuple[float, float]
    """From where to where the delay lasts."""
    rows: list[Row]
    boundaries: list[float]
    ticks: list[tuple[float, str]]


def timeline(moment: Moment) -> Timeline:
    """Lay it out: the time from left to right, a row for each point that there is."""

    def x(ms: float) -> float:
        part = (ms - moment.begin_ms) / (moment.end_ms - moment.begin_ms)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    there = {(mark.who, mark.what) for mark in moment.marks}
    kinds = [kind for kind in POINTS.values() if kind in there]
    rows = [
        Row(
            y=TOP + ROW * (number + 0.5),
            name=f"{who} {what}",
            xs=[(x(mark.ms), mark.ends) for mark in moment.marks if (mark.who, mark.what) == (who, what)],
        )
        for number, (who, what) in enumerate(kinds)
    ]
    return Timeline(
        width=WIDTH,
        height=TOP + ROW * len(rows) + 24,
        left=LEFT,
        band=(x(0), x(moment.delay_ns / 1e6)),
        rows=rows,
        boundaries=[x(mark.ms) for mark in moment.marks if mark.what == "t5 boundary"],
        ticks=[(x(ms), f"{ms:g} ms") for ms in _ticks(moment.begin_ms, moment.end_ms)],
    )


def _ticks(begin_ms: float, end_ms: float) -> Iterator[float]:
    """At 0, and at every so many ms from there."""
    step = next((step for step in STEPS_MS if (end_ms - begin_ms) / step <= TICKS_MAX), STEPS_MS[-1])
    first, last = -int(-begin_ms // step), int(end_ms // step)
    for number in range(first, last + 1):
        yield round(number * step, 3)
