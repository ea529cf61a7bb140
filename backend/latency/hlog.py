"""`latency.hlog`: every delay of a run as HdrHistogram's tools read it (HistogramLogProcessor, hdrh, plotters).

One histogram for each guest, stream and metric, tagged `domid.stream.metric`: ns, to three digits.  `result.json` keeps
its own exact quantiles: a run's samples fit in memory, so there is no reason to have them rounded to 0.1 %.  What is
here is for those who compare, add up, or plot histograms by tools of their own.

HdrHistogram knows no negative values: a delay below 0 is recorded as 0, and a comment says how many were.

Theory.  Values that share their first 11 bits share a cell of a histogram to three digits (2048 of them tell apart what
differs by 0.1 %).  So values are cut to these bits first, all at once; what is left to be counted are a few thousand
different ones, however long the run was.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from hdrh.histogram import HdrHistogram

from backend.latency.facts import Run
from backend.latency.files import replace_file
from backend.latency.measures.samples import StreamSamples
from backend.latency.records import Int64s, Key, Series

DIGITS = 3
CELL_BITS = 11
NS_PER_MS = 1e6
METRICS = (
    "playback_delay",
    "capture_delay",
    "period_lateness",
    "request_round_trip",
    "notification_delay",
    "service_time",
)


def write_hlog(run: Run, samples: Mapping[Key, StreamSamples], path: Path) -> None:
    """Write the log; `samples` by (domid, stream).  Raises OSError."""
    replace_file(path, "".join(f"{line}\n" for line in _lines(run, samples)).encode())


def _lines(run: Run, samples: Mapping[Key, StreamSamples]) -> Iterator[str]:
    started_at = datetime.fromisoformat(run.started_at)
    yield "#[Delays in ns by vsnd; the maximum of each interval in ms]"
    yield "#[Histogram log format version 1.3]"
    yield f"#[StartTime: {started_at.timestamp():.3f} (seconds since epoch), {started_at.isoformat(' ')}]"
    yield '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
    for (domid, stream), measured in samples.items():
        for metric in METRICS:
            series: Series = getattr(measured, metric)
            yield from _histogram(f"{domid}.{stream}.{metric}", series.delay_ns, run.duration_s)


def _histogram(tag: str, delay_ns: Int64s, duration_s: float) -> Iterator[str]:
    if len(delay_ns) == 0:
        return
    if negative := int((delay_ns < 0).sum()):
        yield f"#[{tag}: {negative} delays below 0 are recorded as 0]"
    highest_ns = max(int(delay_ns.max()), 2)  # the least that a histogram can be made for
    histogram = HdrHistogram(1, highest_ns, DIGITS)
    values, counts = np.unique(_cells(np.maximum(delay_ns, 0)), return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    yield f"Tag={tag},0.000,{duration_s:.3f},{highest_ns / NS_PER_MS:.3f},{histogram.encode().decode()}"


def _cells(values: Int64s) -> Int64s:
    """The first 11 bits of each value, and zeros after them."""
    _, bits = np.frexp(values.astype(np.float64))
    rest = np.maximum(bits - CELL_BITS, 0)
    cells: Int64s = values >> rest << rest
    return cells
