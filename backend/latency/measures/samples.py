"""Everything one stream's trace says about delays.

A stream may be opened more than once in a run, and its frames are counted from OPEN: so its records are cut at every
OPENED, each sitting is measured by itself, and the samples are joined.
"""

from dataclasses import dataclass

import numpy as np

from backend.latency.facts import StreamFacts
from backend.latency.measures.lateness import period_lateness
from backend.latency.measures.pairs import partner_ns
from backend.latency.measures.playback import playback_delay
from backend.latency.measures.timeline import CardClock, StreamTimeline, SystemTimeline
from backend.latency.records import NEVER_NS, Records, Series, joined, only
from ringproto.trace import Point


@dataclass(frozen=True, slots=True)
class StreamSamples:
    """Every delay of one stream.  A series is empty where the trace does not carry it; a count is None there."""

    playback_delay: Series
    period_lateness: Series
    request_round_trip: Series
    notification_delay: Series
    handovers_late: int | None
    handovers_dropped: int | None
    periods_untold: int | None


def stream_samples(records: Records, facts: StreamFacts, clock: CardClock | None) -> StreamSamples:
    """Measure one stream from all its records, in order of time; `clock` is None where the card left no boundaries."""
    sittings = _sittings(records)
    placed = [] if clock is None else [(part, _timeline(part, facts, clock)) for part in sittings if _started(part)]
    lateness = [
        period_lateness(
            part,
            SystemTimeline(timeline) if facts.clock == "system" else timeline,
            _opened(part, "frame", facts.rate_hz),
            _opened(part, "value", facts.period_frames),
        )
        for part, timeline in placed
    ]
    delay = [playback_delay(part, timeline) for part, timeline in placed if facts.direction == "playback"]
    return StreamSamples(
        playback_delay=joined([series for series, _, _ in delay]),
        period_lateness=joined([series for series, _ in lateness]),
        request_round_trip=joined([_between(part, Point.PUSHED, Point.COPIED, "frame") for part in sittings]),
        notification_delay=joined([_between(part, Point.EVENT, Point.WOKE_GUEST, "value") for part in sittings]),
        handovers_late=sum(late for _, late, _ in delay) if delay else None,
        handovers_dropped=sum(dropped for _, _, dropped in delay) if delay else None,
        periods_untold=sum(untold for _, untold in lateness) if lateness else None,
    )


def _sittings(records: Records) -> list[Records]:
    """The records from each OPENED to the next; what stands before the first belongs to it."""
    opened = np.flatnonzero(records["point"] == Point.OPENED)
    return np.split(records, opened[1:])


def _started(sitting: Records) -> bool:
    return bool(np.any(sitting["point"] == Point.STARTED))


def _timeline(sitting: Records, facts: StreamFacts, clock: CardClock) -> StreamTimeline:
    return StreamTimeline(sitting, _opened(sitting, "frame", facts.rate_hz), clock)


def _opened(sitting: Records, field: str, otherwise: int) -> int:
    """What OPENED says, else what was configured."""
    opened = only(sitting, Point.OPENED)
    return int(opened[field][0]) or otherwise if len(opened) else otherwise


def _between(sitting: Records, start: Point, end: Point, field: str) -> Series:
    """The time from one point to another, where both are there."""
    starts = only(sitting, start)
    ends_ns = partner_ns(starts, only(sitting, end), field)
    both = ends_ns < NEVER_NS
    at_ns = starts["time_ns"][both]
    return Series(at_ns, ends_ns[both] - at_ns)
