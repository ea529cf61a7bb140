"""Playback delay: from the hand-over of frames to the ideal instant at which the first of them leaves the card.

Every hand-over is a sample.  Two kinds were never heard, so they are counted and have no delay:

* dropped: a STOP threw them away, or the run ended before they were mixed;
* late: when they came, silence had been mixed in their place, or their instant had passed.
"""

import numpy as np

from backend.latency.measures.pairs import partner_ns
from backend.latency.measures.timeline import StreamTimeline
from backend.latency.records import NEVER_NS, Bools, Int64s, Records, Series, only
from ringproto.trace import Point

FRAMES_MAX = 1 << 44
"""More than any stream plays (11 years at 48 kHz); lets a segment and a frame share one sortable number."""


def playback_delay(records: Records, timeline: StreamTimeline) -> tuple[Series, int, int]:
    """(the delays, how many hand-overs came late, how many were dropped), of one stream between two OPENs."""
    queued = only(records, Point.QUEUED)
    first = queued["frame"] - queued["value"]
    segment = timeline.segment_beginning(first)
    instants_ns = timeline.instants_ns(first, segment)
    heard = (segment >= 0) & (instants_ns < timeline.stopped_ns[segment]) & ~_handed_over_again(first)
    late = instants_ns < queued["time_ns"]
    copied = only(records, Point.COPIED)
    if len(copied) and np.any(records["point"] == Point.RENDERED):  # both, or what is there says nothing
        mixed_ns = _mixed_ns(records, first, segment)
        heard &= mixed_ns < NEVER_NS
        late |= partner_ns(queued, copied, "frame") > mixed_ns
    in_time = heard & ~late
    at_ns = queued["time_ns"][in_time]
    return Series(at_ns, instants_ns[in_time] - at_ns), int((heard & late).sum()), int((~heard).sum())


def _handed_over_again(first: Int64s) -> Bools:
    """Whose place a later hand-over took: after a STOP frames are counted on from before the last it dropped."""
    again = np.zeros(len(first), dtype=np.bool_)
    if len(first) > 1:
        lowest_from_here = np.minimum.accumulate(first[::-1])[::-1]
        again[:-1] = first[:-1] >= lowest_from_here[1:]
    return again


def _mixed_ns(records: Records, first: Int64s, segment: Int64s) -> Int64s:
    """When the backend gave the card each of these frames, or silence in its place; NEVER_NS if it did not."""
    rendered = only(records, Point.RENDERED)
    starts = np.flatnonzero(records["point"] == Point.STARTED)
    rendered_segment = np.searchsorted(starts, np.flatnonzero(records["point"] == Point.RENDERED)) - 1
    # Frames grow within a segment only: what was mixed ahead of a STOP is counted again after it.
    rendered_keys = rendered_segment * FRAMES_MAX + rendered["frame"]
    index = np.searchsorted(rendered_keys, segment * FRAMES_MAX + first, side="right")
    found = index < np.searchsorted(rendered_segment, segment, side="right")
    return np.where(found, rendered["time_ns"][np.minimum(index, len(rendered) - 1)], NEVER_NS)
