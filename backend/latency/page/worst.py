"""The worst moments: for each longest delay of the tables, what the trace says of the time around it.

Each is a timeline, and the same as a table.  A row of the timeline is a trace point, in the order of the way that
frames and the news of them go; dashed lines are the card's period boundaries; the band is the delay itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.measures.timeline import NS_PER_S
from backend.latency.page.excerpts import Excerpts, Window
from backend.latency.records import Records, Trace
from backend.latency.result import Guest, Result, Stream, Summary
from ringproto.trace import Point

PERIODS_AROUND = 1.5
"""So many on either side."""
MOMENTS_MAX = 200
"""With sixteen guests there are a hundred."""
ROWS_MAX = 60
"""Of a table: those nearest to the delay's beginning and end."""
SUFFIX = "_ns"

CARD, BACKEND, GUEST = "card", "backend", "guest"
POINTS: dict[Point, tuple[str, str]] = {
    Point.STARTED: (BACKEND, "started"),
    Point.QUEUED: (GUEST, "t0 queued"),
    Point.PUSHED: (GUEST, "t1 pushed"),
    Point.WOKE_BACKEND: (BACKEND, "t2 awake"),
    Point.COPIED: (BACKEND, "t3 copied"),
    Point.RENDERED: (BACKEND, "t4 rendered"),
    Point.BOUNDARY: (CARD, "t5 boundary"),
    Point.EVENT: (BACKEND, "t6 event"),
    Point.WOKE_GUEST: (GUEST, "t7 awake"),
    Point.TOLD: (GUEST, "t8 told"),
    Point.TAKEN: (GUEST, "taken"),
    Point.UNDERRUN: (GUEST, "underrun"),
    Point.STOPPED: (BACKEND, "stopped"),
    Point.MISSED: (BACKEND, "silence mixed"),
    Point.DRY: (BACKEND, "found it dry"),
    Point.STARVED: (CARD, "starved"),
    Point.INTERRUPT: (CARD, "late interrupt"),
    Point.WAITED: (GUEST, "waited"),
}
"""Who wrote it, and what it is called, in the order of the way."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A record, relative to the beginning of the delay."""

    ms: float
    who: str
    what: str
    frame: int
    value: int
    ends: bool
    """Whether the delay begins or ends with it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One of them."""

    id: str
    """Of its place in the page."""
    metric: str
    who: str
    """Guest and recording."""
    delay_ns: int
    at_ns: int
    """When the delay began, on the trace's clock."""
    search: str
    """What trace.json calls it."""
    begin_ms: float
    end_ms: float
    """From when to when there are marks, relative to the beginning of the delay."""
    marks: list[Mark]
    left_out: int
    """So many records were further from its beginning and its end than those."""
    is_whole: bool
    """Whether all records of that time could be looked at."""


def id_of(guest: Guest, stream: Stream, field: str) -> str:
    """Where the worst of that field of a stream is in the page."""
    return f"worst-{guest.domid}-{stream.stream}-{field.removesuffix(SUFFIX)}"


def worst_moments(result: Result, trace: Trace, metrics: Sequence[tuple[str, str]]) -> list[Moment]:
    """Those of these (field, label).  Raises OSError."""
    found = [
        (guest, stream, field, label, summary)
        for guest in result.guests
        for stream in guest.streams
        for field, label in metrics
        if isinstance(summary := getattr(stream, field), Summary) and summary.max_at_ns is not None
    ][:MOMENTS_MAX]
    cards = {device.name: device.number for device in result.devices}
    windows = [_window(stream, *_span(field, summary)) for _, stream, field, _, summary in found]
    excerpts = Excerpts(trace, windows)
    moments: list[Moment] = []
    for (guest, stream, field, label, _), window in zip(found, windows, strict=True):
        records = excerpts.of(guest.domid, stream.stream, cards.get(stream.device), window)
        moments.append(_moment(guest, stream, (field, label), records, excerpts.is_whole))
    return moments


def _span(field: str, summary: Summary) -> tuple[int, int]:
    """When the longest began and ended.  A capture delay is suffered when it ends, all others when they begin."""
    assert summary.max_at_ns is not None
    if field == "capture_delay_ns":
        return summary.max_at_ns - summary.max, summary.max_at_ns
    return summary.max_at_ns, summary.max_at_ns + summary.max


def _window(stream: Stream, begin_ns: int, end_ns: int) -> Window:
    around_ns = round(PERIODS_AROUND * stream.period_frames / stream.rate_hz * NS_PER_S)
    return Window(begin_ns - around_ns, end_ns + around_ns)


def _moment(guest: Guest, stream: Stream, metric: tuple[str, str], records: Records, is_whole: bool) -> Moment:
    field, label = metric
    summary: Summary = getattr(stream, field)
    begin_ns, end_ns = _span(field, summary)
    window = _window(stream, begin_ns, end_ns)
    name = f"{guest.name} {stream.recording}"
    known = records[np.isin(records["point"], list(POINTS))]
    away_ns = np.minimum(np.abs(known["time_ns"] - begin_ns), np.abs(known["time_ns"] - end_ns))
    nearest = known[np.sort(np.argsort(away_ns, kind="stable")[:ROWS_MAX])]
    return Moment(
        id=id_of(guest, stream, field),
        metric=label,
        who=f"{guest.title}: {stream.recording}",
        delay_ns=summary.max,
        at_ns=begin_ns,
        search=f"worst {field.removesuffix(SUFFIX).replace('_', ' ')}: {name}",
        begin_ms=(window.begin_ns - begin_ns) / 1e6,
        end_ms=(window.end_ns - begin_ns) / 1e6,
        marks=list(_marks(nearest, begin_ns, end_ns)),
        left_out=len(known) - len(nearest),
        is_whole=is_whole,
    )


def _marks(records: Records, begin_ns: int, end_ns: int) -> Iterator[Mark]:
    for record in records:
        who, what = POINTS[Point(int(record["point"]))]
        time_ns = int(record["time_ns"])
        yield Mark(
            ms=(time_ns - begin_ns) / 1e6,
            who=who,
            what=what,
            frame=int(record["frame"]),
            value=int(record["value"]),
            ends=time_ns in (begin_ns, end_ns),
        )
