"""The plot of histograms: how often is a delay so long?

All curves of a view have the same bins.  Counts are on a log scale, so that one in ten thousand is seen beside the
others.  Two kinds of bins:

* `by_size`: bins grow with the delay, by a constant factor: for lateness, which goes from microseconds to whatever;
* `by_deviation`: even bins round each stream's own median: for delays that are a buffer, filled on purpose, and a
  little more or less.  What lies far out is counted in the outermost bins.
"""

from collections.abc import Sequence

import numpy as np

from backend.latency.page.axes import COUNT_FLOOR, Float64s, count_axis, delay_axis, linear_axis, milliseconds
from backend.latency.page.curves import Curve
from backend.latency.page.render import Drawn, View
from backend.latency.records import Int64s

BINS = 60
CENTRE = (0.5, 99.5)
"""Percentiles: even bins cover what is between them, and as much again on either side."""
NARROWEST_MS = 0.001
"""A bin has some width, though all values were one."""


def by_size(label: str, curves: Sequence[Curve]) -> list[View]:
    """One view with bins of a constant factor, or none where there are no values."""
    filled = [each for each in curves if len(each.delay_ns)]
    if not filled:
        return []
    values = [milliseconds(each.delay_ns) for each in filled]
    low, high = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    edges = np.geomspace(low, high * 1.001, BINS + 1)
    return [_view(label, filled, values, edges, delay_axis(low, high), "%{x:.3~f} ms")]


def by_deviation(label: str, curves: Sequence[Curve]) -> list[View]:
    """One view with even bins round the median of each curve, or none where there are no values."""
    filled = [each for each in curves if len(each.delay_ns)]
    if not filled:
        return []
    values = [_deviations_ms(each.delay_ns) for each in filled]
    everything: Float64s = np.concatenate(values)
    low, high = (float(np.percentile(everything, part)) for part in CENTRE)
    width = max(high - low, NARROWEST_MS)
    first = max(low - width, float(everything.min()))
    last = max(min(high + width, float(everything.max())), first + NARROWEST_MS)
    edges: Float64s = np.linspace(first, last, BINS + 1)
    axis = linear_axis(" ms", "from the stream\N{RIGHT SINGLE QUOTATION MARK}s own median")
    clipped: list[Float64s] = [np.clip(each, first, last) for each in values]
    return [_view(label, filled, clipped, edges, axis, "%{x:+.3~f} ms from the median")]


def _deviations_ms(delay_ns: Int64s) -> Float64s:
    return ((delay_ns - np.median(delay_ns)) / 1e6).astype(np.float64)


def _view(
    label: str, curves: Sequence[Curve], values: Sequence[Float64s], edges: Float64s, axis: Drawn, hover: str
) -> View:
    counts = [np.histogram(each, edges)[0] for each in values]
    traces = [_trace(each, count, edges, hover) for each, count in zip(curves, counts, strict=True)]
    layout: Drawn = {"xaxis": axis, "yaxis": count_axis(max(int(count.max()) for count in counts))}
    return View(label=label, traces=traces, layout=layout)


def _trace(curve: Curve, count: Int64s, edges: Float64s, hover: str) -> Drawn:
    """Steps, each from the left edge of its bin; down to the floor where nothing is."""
    steps = np.append(count, 0)
    return curve.legend | {
        "x": edges.round(6).tolist(),
        "y": np.where(steps == 0, COUNT_FLOOR, steps).tolist(),
        "text": [f"{number:,}" for number in steps.tolist()],
        "mode": "lines+markers",
        "line": {"color": curve.colour, "width": 2, "dash": curve.dash, "shape": "hv"},
        "marker": {"color": curve.colour, "symbol": curve.symbol, "size": 7, "maxdisplayed": 12},
        "hovertemplate": f"from {hover}: %{{text}} samples",
    }
