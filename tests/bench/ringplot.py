"""The picture of `ringsize`: missed blocks and delay against the size of the ring, idle and loaded, as an SVG.

    python -m tests.bench.ringplot docs/ring-size.svg < figures.json

Missed blocks stand on a logarithmic scale, and none at all at its foot: a hollow mark, with a line up to what is still
likely.  Delays stand on a linear one, the mark at the median, the line from the first to the last percent.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

Figures = Mapping[str, Mapping[str, Mapping[str, float]]]

WIDTH, HEIGHT, TOP, BOTTOM = 760, 330, 62, 276
COLOURS = {"idle": "#2b6ca3", "loaded": "#c2571a"}
NAMES = {"idle": "without load", "loaded": "with busy processes"}
APART = {"idle": -4.0, "loaded": 4.0}
"""Marks of the same size stand next to each other."""
SIZE_MAX = 8.6
PER_MIN_MIN, PER_MIN_MAX = 0.1, 12_000.0
"""A block each 5 ms is 12 000 a minute: nothing was heard at all."""
NONE_AT = 16
"""So far below the logarithmic scale's end none at all stands."""
DELAY_MAX_MS = 50.0

STYLE = """
  text { font: 13px sans-serif; fill: #1c2a38 } text.small { font-size: 12px; fill: #44607c }
  .grid { stroke: #dde5ec } .axis { stroke: #44607c }
"""


class Panel(NamedTuple):
    """One plot of the two."""

    title: str
    left: int
    right: int
    ticks: tuple[tuple[float, str], ...]
    y: Callable[[float], float]
    fields: tuple[str, str, str]
    """Low, middle, high."""

    def x(self, size: float) -> float:
        """Where a ring of that size stands."""
        return self.left + size / SIZE_MAX * (self.right - self.left)


def _log_y(per_min: float) -> float:
    if per_min < PER_MIN_MIN:
        return float(BOTTOM)
    share = math.log(per_min / PER_MIN_MIN) / math.log(PER_MIN_MAX / PER_MIN_MIN)
    return BOTTOM - NONE_AT - share * (BOTTOM - NONE_AT - TOP)


def _delay_y(delay_ms: float) -> float:
    return BOTTOM - delay_ms / DELAY_MAX_MS * (BOTTOM - TOP)


PANELS = (
    Panel(
        "missed blocks per minute, of 12 000", 62, 370,
        ((0.0, "none"), (0.1, "0.1"), (1, "1"), (10, "10"), (100, "100"), (1000, "1000"), (10_000, "10 000")), _log_y,
        ("missed_per_min_low", "missed_per_min", "missed_per_min_high"),
    ),
    Panel(
        "from writing to hearing, ms", 432, 740, tuple((ms, str(ms)) for ms in range(0, 51, 10)), _delay_y,
        ("delay_p1_ms", "delay_p50_ms", "delay_p99_ms"),
    ),
)  # fmt: skip


def draw(figures: Figures) -> str:
    """The whole picture, from what `tests.bench.ringsize` measured."""
    parts = [part for panel in PANELS for part in (*_frame(panel), *_marks(panel, figures))]
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_legend(figures),
        *parts,
        "</svg>\n",
    ))  # fmt: skip


def _legend(figures: Figures) -> Iterator[str]:
    for number, (name, colour) in enumerate(COLOURS.items()):
        x = 62 + 340 * number
        text = f"{NAMES[name]}: processors {figures[name]['machine']['working']:.0%} in use"
        yield f'<circle cx="{x + 5}" cy="16" r="4" fill="{colour}"/><text x="{x + 16}" y="20">{text}</text>'


def _frame(panel: Panel) -> Iterator[str]:
    yield f'<text x="{panel.left}" y="{TOP - 16}">{panel.title}</text>'
    for value, text in panel.ticks:
        y = panel.y(value)
        yield f'<line class="grid" x1="{panel.left}" x2="{panel.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="small" x="{panel.left - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
    yield f'<line class="axis" x1="{panel.left}" x2="{panel.right}" y1="{BOTTOM}" y2="{BOTTOM}"/>'
    for size in range(1, 9):
        yield f'<text class="small" x="{panel.x(size):.1f}" y="{BOTTOM + 18}" text-anchor="middle">{size}</text>'
    middle = (panel.left + panel.right) / 2
    yield f'<text x="{middle}" y="{BOTTOM + 40}" text-anchor="middle">size of the ring, periods of 5 ms</text>'


def _marks(panel: Panel, figures: Figures) -> Iterator[str]:
    for name, colour in COLOURS.items():
        for size, found in figures[name].items():
            if size != "machine":
                x = panel.x(int(size)) + APART[name]
                low, middle, high = (panel.y(found[field]) for field in panel.fields)
                fill = colour if found[panel.fields[1]] else "#ffffff"
                yield f'<path d="M{x:.1f},{low:.1f} V{high:.1f}" stroke="{colour}" stroke-width="2"/>'
                yield f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="3.5" fill="{fill}" stroke="{colour}"/>'


def main() -> None:
    """Draw what was measured before."""
    Path(sys.argv[1]).write_text(draw(json.load(sys.stdin)))


if __name__ == "__main__":
    main()
