"""The plot of one stream over time: its delays, and how far it was ahead of the card, one above the other.

Where frames were missing, a bar goes through all three.  Long series are thinned, see `thinning`.  The times of all
streams are counted from one origin, so that they can be laid side by side.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.facts import FaultFacts
from backend.latency.measures.samples import StreamSamples
from backend.latency.page.axes import Float64s, delay_axis, linear_axis, milliseconds
from backend.latency.page.render import Drawn, View
from backend.latency.page.thinning import breaks, ribbon, thinned
from backend.latency.records import Int64s, Levels, Series
from backend.latency.result import Gap, Stream

PANELS = {1: [(0.0, 1.0)], 2: [(0.55, 1.0), (0.0, 0.45)], 3: [(0.72, 1.0), (0.37, 0.65), (0.0, 0.3)]}
"""From where to where each reaches, from above."""
NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the plots above each other: what is drawn in it, and along which axis."""

    traces: list[Drawn]
    axis: Drawn


def origin_ns(samples: Sequence[StreamSamples]) -> int:
    """The first instant of all that is drawn; 0 where nothing is."""
    drawn = [s for each in samples for s in (each.playback_delay, each.capture_delay, each.period_lateness, each.fill)]
    return min((int(series.at_ns.min()) for series in drawn if len(series.at_ns)), default=0)


def over_time(
    label: str, stream: Stream, samples: StreamSamples, since_ns: int, faults: Sequence[FaultFacts] = ()
) -> list[View]:
    """One view, or none where there is nothing to be seen."""
    delay = samples.playback_delay if stream.direction == "playback" else samples.capture_delay
    panels = [
        *_delays(f"{stream.direction.capitalize()} delay", "--c0", delay, since_ns),
        *_delays("Period lateness", "--c1", samples.period_lateness, since_ns),
        *_fill(samples.fill, stream.rate_hz, since_ns),
    ]
    if not panels:
        return []
    marked = [*_broken(faults, since_ns), *_bars(stream.gaps, since_ns)]
    layout: Drawn = {"xaxis": linear_axis(" s") | {"anchor": f"y{len(panels)}"}, "shapes": marked}
    traces: list[Drawn] = []
    for number, (panel, domain) in enumerate(zip(panels, PANELS[len(panels)], strict=True), start=1):
        layout[f"yaxis{number}"] = panel.axis | {"domain": list(domain)}
        traces += [trace | {"yaxis": f"y{number}"} for trace in panel.traces]
    if stream.gaps:
        layout["yaxis9"] = {"overlaying": "y", "range": [0, 1], "visible": False}
        traces += _gaps(stream.gaps, since_ns)
    return [View(label=label, traces=traces, layout=layout)]


def _delays(title: str, colour: str, series: Series, since_ns: int) -> list[Panel]:
    """Each delay at its instant, and a cross at the longest."""
    if not len(series.at_ns):
        return []
    drawn = thinned(series.at_ns, series.delay_ns)
    delay_ms = milliseconds(series.delay_ns)
    longest = np.array([np.argmax(series.delay_ns)])
    line = _line(series.at_ns[drawn], delay_ms[drawn], since_ns) | {
        "line": {"color": colour, "width": 1.2},
        "hovertemplate": "%{x:.4f} s: %{y:.3~f} ms",
    }
    cross = _line(series.at_ns[longest], delay_ms[longest], since_ns) | {
        "mode": "markers",
        "marker": {"color": "--ink", "symbol": "x-thin", "size": 9, "line": {"color": "--ink", "width": 2}},
        "hovertemplate": "%{x:.4f} s: %{y:.3~f} ms, the longest",
    }
    return [Panel([line, cross], delay_axis(float(delay_ms.min()), float(delay_ms.max())) | _titled(title))]


def _fill(fill: Levels, rate_hz: int, since_ns: int) -> list[Panel]:
    """A ribbon from just before each hand-over to just after it."""
    if not len(fill.at_ns):
        return []
    at_ns, low, high = ribbon(fill)
    edge = {"line": {"color": "--c2", "width": 1}, "hovertemplate": "%{x:.4f} s: %{y:.3~f} ms ahead"}
    lower = _line(at_ns, _ms(low, rate_hz), since_ns) | edge
    upper = _line(at_ns, _ms(high, rate_hz), since_ns) | edge | {"fill": "tonexty", "fillcolor": "--c2-thin"}
    axis = (
        linear_axis(" ms")
        | _titled("Ahead of the card")
        | {"rangemode": "tozero", "zeroline": True, "zerolinecolor": "--bad"}
    )
    return [Panel([lower, upper], axis)]


def _ms(frames: Int64s, rate_hz: int) -> Float64s:
    return frames.astype(np.float64) * (1e3 / rate_hz)


def _line(at_ns: Int64s, y: Float64s, since_ns: int) -> Drawn:
    """Values at their instants, with a break where nothing came for long."""
    broken = breaks(at_ns)
    x_s = np.insert((at_ns - since_ns) / NS_PER_S, broken, np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "showlegend": False,
        "x": _numbers(x_s, 6),
        "y": _numbers(np.insert(y, broken, np.nan), 4),
    }


def _numbers(values: Float64s, digits: int) -> list[float | None]:
    return [None if value != value else value for value in values.round(digits).tolist()]  # noqa: PLR0124  # only NaN is not itself


def _titled(title: str) -> Drawn:
    return {"title": {"text": title, "font": {"size": 12}}}


def _broken(faults: Sequence[FaultFacts], since_ns: int) -> list[Drawn]:
    """A band for each fault, from its breaking to its mending, behind all panels; with its name."""
    look = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}, "layer": "below", "opacity": 0.18}
    return [
        {
            **look,
            "fillcolor": "--c4",
            "x0": round((fault.at_ns - since_ns) / NS_PER_S, 6),
            "x1": round((fault.until_ns - since_ns) / NS_PER_S, 6),
            "label": {"text": html.escape(fault.what), "textposition": "top left", "font": {"size": 11}},
        }
        for fault in faults
    ]


def _bars(gaps: Sequence[Gap], since_ns: int) -> list[Drawn]:
    """One shape for all: a bar per gap, as wide as it is long, through all panels."""
    if not gaps:
        return []
    ends_s = [((gap.at_ns - since_ns) / NS_PER_S, gap.length_ns / NS_PER_S) for gap in gaps]
    path = "".join(f"M{begin:.6f},0V1H{begin + length:.6f}V0Z" for begin, length in ends_s)
    line = {"color": "--bad", "width": 1}
    return [
        {
            "type": "path",
            "path": path,
            "yref": "paper",
            "line": line,
            "fillcolor": "--bad",
            "opacity": 0.4,
            "layer": "below",
        }
    ]


def _gaps(gaps: Sequence[Gap], since_ns: int) -> list[Drawn]:
    """A triangle above each bar, that says what it was; along an axis of its own."""
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "showlegend": False,
            "cliponaxis": False,
            "x": [round((gap.at_ns - since_ns) / NS_PER_S, 6) for gap in gaps],
            "y": [1.0] * len(gaps),
            "yaxis": "y9",
            "marker": {"color": "--bad", "symbol": "triangle-down", "size": 9},
            "text": [f"{gap.length_ns / 1e6:.2f} ms without its frames; cause: {gap.cause}" for gap in gaps],
            "hovertemplate": "%{x:.4f} s: %{text}",
        }
    ]
