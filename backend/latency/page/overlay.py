"""The delays of all conditions over each other: percentile curves and histograms, for all guests together and for each.

Colour and mark say the pacing (and the set, where there are several; the load, where there is but one pacing), dashes
say the load: no line is known by its colour alone.

Bounded: a curve has at most `curves.POINTS_MAX` points, the worst of all among them, and a histogram `shares.BINS_MAX`.
So the page does not grow with the length of the runs.  In memory are the delays of one condition.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from backend.latency.comparison.result import Condition, Metric
from backend.latency.measures.samples import StreamSamples
from backend.latency.page.axes import delay_axis, one_in_axis
from backend.latency.page.curves import Curve, percentiles
from backend.latency.page.render import Drawn, View, colour_of, symbol_of
from backend.latency.page.shares import SHARE_FLOOR, Counted, counted, edge_ms, shares
from backend.latency.records import Int64s, Series

#: A guest's stream: (domid, stream).
Key = tuple[int, int]
Samples = Mapping[tuple[str, int, int], StreamSamples]

PICK: dict[Metric, Callable[[StreamSamples], Series]] = {
    "period_lateness": lambda samples: samples.period_lateness,
    "playback_delay": lambda samples: samples.playback_delay,
    "capture_delay": lambda samples: samples.capture_delay,
    "notification_delay": lambda samples: samples.notification_delay,
}
DASHES = ("solid", "dash", "dashdot", "longdash")
"""Without dots: those are for tails."""
CURVES_FROM, SHARES_TO = 0.46, 0.3
"""Of the height, from the bottom: curves above, histograms below."""
NONE = np.zeros(0, np.int64)


@dataclass(slots=True)
class Overlay:
    """One plot as it grows: a condition is added, and what is left of its delays is some hundred points."""

    above: list[Drawn] = field(default_factory=list[Drawn])
    below: list[tuple[Curve, Counted]] = field(default_factory=list[tuple[Curve, Counted]])
    median_ns: int | None = None
    """The least of all medians: curves go up from there."""
    max_ns: int = 0

    def add(self, curve: Curve) -> None:
        """Draw one more, if there is anything of it."""
        n = len(curve.delay_ns)
        if n == 0:
            return
        for view in percentiles("", [curve]):
            self.above += view["traces"]
        self.below.append((replace(curve, delay_ns=NONE), counted(curve.delay_ns)))
        median_ns = int(np.partition(curve.delay_ns, n // 2)[n // 2])
        self.median_ns = median_ns if self.median_ns is None else min(self.median_ns, median_ns)
        self.max_ns = max(self.max_ns, int(curve.delay_ns.max()))

    def view(self, label: str) -> View:
        """What has been drawn; at least one condition has been."""
        under = [trace | {"xaxis": "x2", "yaxis": "y2"} for trace in shares(self.below)]
        return View(label=label, traces=self.above + under, layout=self._layout())

    def _layout(self) -> Drawn:
        low_ms, high_ms = (self.median_ns or 0) / 1e6, self.max_ns / 1e6
        first, end = min(each.first for _, each in self.below), max(each.end for _, each in self.below)
        percents = [10.0**ten for ten in range(-4, 3)]
        return {
            "xaxis": one_in_axis(),
            "yaxis": {**delay_axis(low_ms, high_ms), "domain": [CURVES_FROM, 1]},
            "xaxis2": {**delay_axis(edge_ms(first), edge_ms(end)), "anchor": "y2", "ticklabelstandoff": 6},
            "yaxis2": {
                "type": "log",
                "domain": [0, SHARES_TO],
                "range": [math.log10(SHARE_FLOOR), 2],
                "tickvals": percents,
                "ticktext": [f"{percent:g} %" for percent in percents],
                "anchor": "x2",
            },
        }


def overlays(
    conditions: Sequence[Condition], samples: Samples, guests: Mapping[Key, str], together: str
) -> dict[Metric, list[View]]:
    """By metric: a view of all guests `together`, if there are several, then one of each; only what was measured."""
    drawn: dict[tuple[Metric, Key | None], Overlay] = {}
    for condition, blank in zip(conditions, curves(conditions), strict=True):
        for key, metric, delay_ns in _delays(condition.name, samples, list(guests)):
            if len(delay_ns):
                drawn.setdefault((metric, key), Overlay()).add(replace(blank, delay_ns=delay_ns))
    wanted: dict[Key | None, str] = {None: together} if len(guests) > 1 else {}
    wanted.update(guests.items())
    found: dict[Metric, dict[Key | None, Overlay]] = {
        metric: {key: drawn[metric, key] for key in wanted if (metric, key) in drawn} for metric in PICK
    }
    views: dict[Metric, list[View]] = {}
    for metric, plots in found.items():
        if plots:
            views[metric] = [plot.view(wanted[key]) for key, plot in plots.items()]
    return views


def curves(conditions: Sequence[Condition]) -> list[Curve]:
    """How each condition is drawn wherever it is; without delays."""
    pacings = list(dict.fromkeys((condition.of, condition.pacing) for condition in conditions))
    loads = list(dict.fromkeys(condition.load for condition in conditions))
    found: list[Curve] = []
    for condition in conditions:
        pacing, load = pacings.index((condition.of, condition.pacing)), loads.index(condition.load)
        number = pacing if len(pacings) > 1 else load
        style = colour_of(number), symbol_of(number), DASHES[load % len(DASHES)]
        found.append(Curve(condition.name, NONE, *style))
    return found


def _delays(condition: str, samples: Samples, keys: Sequence[Key]) -> Iterator[tuple[Key | None, Metric, Int64s]]:
    """Each stream's, by metric; then those of all together."""
    every: dict[Metric, list[Int64s]] = {metric: [NONE] for metric in PICK}
    for key in keys:
        if (found := samples.get((condition, *key))) is None:
            continue
        for metric, pick in PICK.items():
            delay_ns = pick(found).delay_ns
            every[metric].append(delay_ns)
            yield key, metric, delay_ns
    for metric in PICK:
        yield None, metric, np.concatenate(every.pop(metric))
