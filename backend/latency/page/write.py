"""The report: one HTML file that opens anywhere, offline, and is read in a minute.

The page is a template (`report.html.j2`); this file prepares what it shows.  Names of scenarios, guests and recordings
come from elsewhere: the template escapes everything, and the page forbids itself the network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2
from plotly.offline import get_plotlyjs  # only its JavaScript

from backend.latency.files import replace_file
from backend.latency.measures.samples import StreamSamples
from backend.latency.page.curves import Curve, traces
from backend.latency.records import Series
from backend.latency.result import Result, Stream, Summary
from backend.latency.table import NOT_SAID, milliseconds

METRICS = (
    ("playback_delay_ns", "Playback delay"),
    ("capture_delay_ns", "Capture delay"),
    ("period_lateness_ns", "Period lateness"),
    ("request_round_trip_ns", "Request round trip"),
    ("notification_delay_ns", "Notification delay"),
)
PLOTTED: tuple[tuple[str, Callable[[StreamSamples], Series]], ...] = (
    ("Period lateness", lambda samples: samples.period_lateness),
    ("Playback delay", lambda samples: samples.playback_delay),
)
QUANTILES = (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("p999", "p99.9"), ("max", "max"))


def write_report(result: Result, samples: Mapping[tuple[int, int], StreamSamples], path: Path) -> None:
    """Write `report.html`; `samples` by (domid, stream) are what the plot draws.  Raises OSError."""
    replace_file(path, render(result, samples).encode())


def render(result: Result, samples: Mapping[tuple[int, int], StreamSamples]) -> str:
    """The page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("backend.latency.page", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["ms"] = milliseconds
    return environment.get_template("report.html.j2").render(
        result=result,
        headline=headline(result),
        metrics=METRICS,
        quantiles=QUANTILES,
        not_said=NOT_SAID,
        views=_views(result, samples),
        plotly_js=get_plotlyjs(),
    )


def headline(result: Result) -> str:
    """The run in one sentence."""
    streams = [stream for guest in result.guests for stream in guest.streams]
    underruns = sum(stream.underruns for stream in streams)
    delays = [d.p50 for d in _present(streams, lambda s: s.playback_delay_ns) if d.p50 is not None]
    lateness = [summary.max for summary in _present(streams, lambda s: s.period_lateness_ns)]
    who = f"{_counted(len(result.guests), 'guest')} with {_counted(len(streams), 'stream')}"
    how = _counted(underruns, "underrun") if underruns else "no underruns"
    parts = [f"{who} ran for {result.run.duration_s:.1f} s with {how}"]
    if delays:
        parts.append(f"the median playback delay was {_range_ms(delays)}")
    if lateness:
        parts.append(f"no guest was told of a period more than {milliseconds(max(lateness))} ms late")
    return "; ".join(parts) + "."


def _present(streams: list[Stream], pick: Callable[[Stream], Summary | None]) -> list[Summary]:
    return [summary for stream in streams if (summary := pick(stream)) is not None]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _range_ms(values_ns: list[int]) -> str:
    """One value, or from the fastest stream's to the slowest's."""
    low, high = milliseconds(min(values_ns)), milliseconds(max(values_ns))
    return f"{low} ms" if low == high else f"{low} to {high} ms, by stream"


def _views(result: Result, samples: Mapping[tuple[int, int], StreamSamples]) -> list[dict[str, object]]:
    """What the plot can show, the first one at first; only what was measured."""
    views: list[dict[str, object]] = []
    for label, pick in PLOTTED:
        curves = [
            Curve(f"{guest.name}: {stream.recording}", pick(samples[guest.domid, stream.stream]).delay_ns)
            for guest in result.guests
            for stream in guest.streams
        ]
        if drawn := traces(curves, visible=not views):
            views.append({"label": label, "traces": drawn})
    return views
