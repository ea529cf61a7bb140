"""The plot of percentiles: how late is the worst one in N?

One curve per stream, from the median up.  The value of rank r among n sorted ones is reached or exceeded by n - r + 1
of them, so it stands at "one in n / (n - r + 1)"; on a log scale the tail, which is what is heard, gets as much room as
the bulk.  Where fewer than ten values lie above, a curve is mostly luck and drawn dotted.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.measures.summary import VALUES_ABOVE_MIN
from backend.latency.page.axes import Float64s, delay_axis, milliseconds, one_in_axis
from backend.latency.page.render import Drawn, View, colour_of, symbol_of
from backend.latency.records import Int64s

POINTS_MAX = 240
"""Per curve; more would not show."""
MARKERS_MAX = 7


@dataclass(frozen=True, slots=True)
class Curve:
    """One stream's delays under a name that may come from anywhere, and how they are drawn."""

    name: str
    delay_ns: Int64s
    colour: str
    symbol: str
    dash: str = "solid"

    @property
    def legend(self) -> Drawn:
        """What all traces of this curve have in common.  Plotly reads names as its own markup: escaped, they are shown
        as they are.
        """
        return {"name": html.escape(self.name), "legendgroup": html.escape(self.name), "type": "scatter"}


def curve(index: int, name: str, delay_ns: Int64s) -> Curve:
    """The one with this number, where colours and symbols go by the number."""
    return Curve(name, delay_ns, colour_of(index), symbol_of(index))


def percentiles(label: str, curves: Sequence[Curve]) -> list[View]:
    """One view, or none where there are no values."""
    filled = [each for each in curves if len(each.delay_ns)]
    if not filled:
        return []
    drawn = [points(each.delay_ns) for each in filled]
    low, high = min(float(y[0]) for _, y in drawn), max(float(y[-1]) for _, y in drawn)
    traces = [trace for each in filled for trace in _traces(each)]
    layout: Drawn = {"xaxis": one_in_axis(), "yaxis": delay_axis(low, high)}
    return [View(label=label, traces=traces, layout=layout)]


def points(delay_ns: Int64s) -> tuple[Float64s, Float64s]:
    """(one in so many, ms): the sorted values, thinned out evenly on the log scale."""
    n = len(delay_ns)
    half = -(-n // 2)
    above = np.unique(np.geomspace(1, half, min(half, POINTS_MAX)).round().astype(np.int64))[::-1]
    ordered = np.sort(delay_ns)
    return n / above, milliseconds(ordered[n - above])


def _traces(curve: Curve) -> list[Drawn]:
    """Its body, with markers, and its dotted tail."""
    one_in, delay_ms = points(curve.delay_ns)
    body = one_in <= len(curve.delay_ns) / VALUES_ABOVE_MIN
    tail = ~body
    tail[max(int(body.sum()) - 1, 0)] = True  # begin where the body ends
    return [_trace(curve, one_in[part], delay_ms[part], is_tail) for part, is_tail in ((body, False), (tail, True))]


def _trace(curve: Curve, one_in: Float64s, delay_ms: Float64s, is_tail: bool) -> Drawn:
    return curve.legend | {
        "x": one_in.round(4).tolist(),
        "y": delay_ms.round(6).tolist(),
        "showlegend": not is_tail,
        "mode": "lines" if is_tail else "lines+markers",
        "line": {
            "color": curve.colour,
            "width": 1.5 if is_tail else 2.5,
            "dash": "dot" if is_tail else curve.dash,
            "shape": "vh",
        },
        "marker": {"color": curve.colour, "symbol": curve.symbol, "size": 8, "maxdisplayed": MARKERS_MAX},
        "hovertemplate": "one in %{x:.4~g}: %{y:.3~f} ms or more",
    }
