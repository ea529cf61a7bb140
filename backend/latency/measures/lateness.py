"""Period lateness: from the card's period boundary to the moment the application was told of it.

Every boundary that the card passed is a sample, measured against its ideal instant, not against when somebody happened
to look.  A boundary of which only a later telling spoke is late by that much.  If only the boundaries told were asked,
a stall of ten periods would look like one late period (coordinated omission).

Where a stream begins to count (its first boundary) is read from the first telling of each segment: after a STOP, frames
count on from a multiple of the buffer, which need not be one of the period.
"""

import numpy as np

from backend.latency.measures.timeline import NS_PER_S, StreamTimeline
from backend.latency.records import Int64s, Records, Series, joined, only
from ringproto.trace import Point


def period_lateness(
    records: Records, timeline: StreamTimeline, rate_hz: int, period_frames: int, since_ns: int = 0
) -> tuple[Series, int]:
    """(the lateness of each boundary told, how many were never told), of one stream between two OPENs.

    Only of boundaries at or after `since_ns`.
    """
    told = only(records, Point.TOLD)
    of_segment = timeline.segment_passing(told["frame"])
    parts: list[Series] = []
    untold = 0
    end_ns = int(records["time_ns"].max())
    for index, segment in enumerate(timeline.segments):
        told_here = told[of_segment == index]
        phase = int(told_here["frame"][0] if len(told_here) else segment.g0) % period_frames
        first = segment.g0 + (phase - segment.g0 - 1) % period_frames + 1
        stop_ns = min(segment.stopped_ns, end_ns)
        began_ns = int(timeline.instants_ns(np.array([segment.g0]), index)[0])
        frames_max = max(stop_ns - began_ns, 0) * rate_hz // NS_PER_S + period_frames
        last_told = int(told_here["frame"].max(initial=first - period_frames))
        boundaries = np.arange(first, max(segment.g0 + frames_max, last_told) + 1, period_frames)
        ideal_ns = timeline.instants_ns(boundaries, index)
        were_told = boundaries <= last_told
        parts.append(_told(told_here, boundaries[were_told], ideal_ns[were_told]))
        untold += int((~were_told & (ideal_ns < stop_ns) & (ideal_ns >= since_ns)).sum())
    return joined(parts).since(since_ns), untold


def _told(told: Records, boundaries: Int64s, ideal_ns: Int64s) -> Series:
    """Each boundary's lateness: the first telling of it, or of a later one, counts."""
    told_ns = told["time_ns"][np.searchsorted(told["frame"], boundaries)]
    return Series(ideal_ns, told_ns - ideal_ns)
