"""Axes of the plots: where their ticks are, what these say, and from where to where they reach.

Plotly's own ticks on a log scale are powers of ten with small digits between them.  A delay is easier read at
1, 2 and 5 of each.
"""

import math

import numpy as np
from numpy.typing import NDArray

from backend.latency.page.render import Drawn
from backend.latency.records import Int64s

Float64s = NDArray[np.float64]

FLOOR_MS = 0.001
"""A log scale has no zero: what is earlier than 1 us is drawn there."""
TENS = range(-3, 7)
DELAYS_MS = tuple(step * 10.0**ten for ten in TENS for step in (1, 2, 5))
ONE_IN = (2, *(10**ten for ten in TENS if ten > 0))
COUNT_FLOOR = 0.4
"""Where nothing is drawn on a log scale of counts: below where the axis begins."""
COUNTS_BEGIN = 0.7
FEW_TIMES = 3
"""Delays that differ by less are on a linear scale, since a log scale would show a flat line."""


def milliseconds(ns: Int64s) -> Float64s:
    """For a log scale."""
    return np.maximum(ns / 1e6, FLOOR_MS)


def delay_axis(low_ms: float, high_ms: float) -> Drawn:
    """Logarithmic, from the tick at or below all values to the one above them: so there are always two to read from.

    Linear where the values differ but little.
    """
    if high_ms < FEW_TIMES * low_ms:
        return linear_axis(" ms")
    low = max((tick for tick in DELAYS_MS if tick <= low_ms), default=DELAYS_MS[0])
    high = min((tick for tick in DELAYS_MS if tick > high_ms), default=DELAYS_MS[-1])
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": list(DELAYS_MS),
        "ticktext": [f"{tick:g} ms" for tick in DELAYS_MS],
    }


def one_in_axis() -> Drawn:
    """Logarithmic: one in so many."""
    return {
        "type": "log",
        "ticklabelstandoff": 8,
        "tickvals": list(ONE_IN),
        "ticktext": [f"1 in {count:,}" for count in ONE_IN],
    }


def count_axis(most: int) -> Drawn:
    """Logarithmic: so many of a histogram."""
    ticks = [10**ten for ten in TENS if ten >= 0]
    return {
        "type": "log",
        "range": [math.log10(COUNTS_BEGIN), math.log10(max(most, 1) * 1.5)],
        "tickvals": ticks,
        "ticktext": [f"{count:,}" for count in ticks],
        "title": {"text": "samples"},
    }


def linear_axis(suffix: str, title: str = "") -> Drawn:
    """As Plotly has it; `suffix` is the unit."""
    return {"ticksuffix": suffix, "title": {"text": title}}
