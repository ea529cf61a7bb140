"""Histograms of several samples over each other: which share of each lies where.

Shares, not counts, since samples may be of different size.  Bins grow with the delay, by a constant factor, and are the
same for all curves of a view.  How wide they must be is known only when all samples have been seen, and these are too
large to be kept.  So each is counted in fine bins first, and these are put together as the view needs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.page.axes import FLOOR_MS, milliseconds
from backend.latency.page.curves import Curve
from backend.latency.page.render import Drawn
from backend.latency.records import Int64s

FINE_PER_DECADE = 400
"""Each fine bin is 0.6 % wider than the one before."""
BINS_MAX = 90
"""In a view."""
SHARE_FLOOR = 1e-4
"""In percent: one in a million.  A log scale has no zero, and this is drawn instead."""
MARKERS_MAX = 12


@dataclass(frozen=True, slots=True)
class Counted:
    """A sample in fine bins; the first of them is bin `first`, and holds something, as does the last."""

    first: int
    counts: Int64s

    @property
    def end(self) -> int:
        """The bin after the last."""
        return self.first + len(self.counts)


def counted(delay_ns: Int64s) -> Counted:
    """One sample, which is not empty.  Bin 0 begins at 1 us, or at nothing."""
    bins = np.floor(np.log10(milliseconds(delay_ns) / FLOOR_MS) * FINE_PER_DECADE).astype(np.int64)
    first = int(bins.min())
    return Counted(first, np.bincount(bins - first))


def shares(curves: Sequence[tuple[Curve, Counted]]) -> list[Drawn]:
    """A line of steps for each; of a curve, only how it is drawn is looked at."""
    low, end = min(each.first for _, each in curves), max(each.end for _, each in curves)
    together = math.ceil((end - low) / BINS_MAX)
    return [_trace(curve, each, low - low % together, together) for curve, each in curves]


def edge_ms(fine: int) -> float:
    """Where a fine bin begins."""
    return float(FLOOR_MS * 10 ** (fine / FINE_PER_DECADE))


def _trace(curve: Curve, found: Counted, low: int, together: int) -> Drawn:
    """From the ground up and back to it; each value stands at the left edge of its bin."""
    before = (found.first - low) % together
    after = -(before + len(found.counts)) % together
    counts = np.pad(found.counts, (before, after)).reshape(-1, together).sum(axis=1)
    edges = [edge_ms(found.first - before + k * together) for k in range(len(counts) + 1)]
    percent = [0.0, *(counts / counts.sum() * 100).tolist(), 0.0]
    return curve.legend | {
        "x": [float(f"{edge:.4g}") for edge in [edges[0], *edges]],
        "y": [float(f"{max(share, SHARE_FLOOR):.4g}") for share in percent],
        "text": [f"{share:.3g} %" for share in percent],
        "showlegend": False,
        "mode": "lines+markers",
        "line": {"color": curve.colour, "width": 2, "dash": curve.dash, "shape": "hv"},
        "marker": {"color": curve.colour, "symbol": curve.symbol, "size": 7, "maxdisplayed": MARKERS_MAX},
        "hovertemplate": f"from %{{x:.3~g}} ms: %{{text}} of {int(counts.sum()):,}",
    }
