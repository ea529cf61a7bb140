"""The report's plot: how late is the worst one in N?

One curve per stream, from the median up.  The value of rank r among n sorted ones is reached or exceeded by n - r + 1
of them, so it stands at "one in n / (n - r + 1)"; on a log scale the tail, which is what is heard, gets as much room as
the bulk.  Where fewer than ten values lie above, a curve is mostly luck and drawn dotted.

The figure is plain data for Plotly's JavaScript; nothing here needs Plotly to be imported.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.measures.summary import VALUES_ABOVE_MIN
from backend.latency.records import Int64s

POINTS_MAX = 240
"""Per curve; more would not show."""
FLOOR_MS = 0.001
"""A log scale has no zero: what is earlier than 1 us is drawn there."""
COLOURS = ("#3f83d6", "#e0793a", "#2f9e80", "#b561c4", "#b9962a", "#d9506c", "#6a9a35", "#7b8794")
"""Told apart on white and on near-black, and by most colour-blind eyes in this order."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One stream's delays under a name that may come from anywhere."""

    name: str
    delay_ns: Int64s


def traces(curves: Sequence[Curve], *, visible: bool) -> list[dict[str, object]]:
    """Plotly traces: for each curve that has values, its body and its dotted tail."""
    drawn: list[dict[str, object]] = []
    for index, curve in enumerate(curves):
        n = len(curve.delay_ns)
        if n == 0:
            continue
        one_in, delay_ms = points(curve.delay_ns)
        body = one_in <= n / VALUES_ABOVE_MIN
        tail = ~body
        tail[max(int(body.sum()) - 1, 0)] = True  # begin where the body ends
        for part, is_tail in ((body, False), (tail, True)):
            drawn.append(
                {
                    "x": one_in[part].round(4).tolist(),
                    "y": delay_ms[part].round(6).tolist(),
                    # Plotly reads names as its own markup: escaped, they are shown as they are.
                    "name": html.escape(curve.name),
                    "legendgroup": str(index),
                    "showlegend": not is_tail,
                    "visible": visible,
                    "type": "scatter",
                    "mode": "lines",
                    "line": {
                        "color": COLOURS[index % len(COLOURS)],
                        "width": 1.5 if is_tail else 2.5,
                        "dash": "dot" if is_tail else "solid",
                        "shape": "vh",
                    },
                    "hovertemplate": "one in %{x:.4~g}: %{y:.3~f} ms or more",
                }
            )
    return drawn


def points(
    delay_ns: Int64s,
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """(one in so many, ms): the sorted values, thinned out evenly on the log scale."""
    n = len(delay_ns)
    half = -(-n // 2)
    above = np.unique(np.geomspace(1, half, min(half, POINTS_MAX)).round().astype(np.int64))[::-1]
    ordered = np.sort(delay_ns)
    return n / above, np.maximum(ordered[n - above] / 1e6, FLOOR_MS)
