"""Playback delay: from the hand-over of frames to the ideal instant at which the first of them leaves the card.

Every hand-over is a sample.  Two kinds were never heard, so they are counted and have no delay:

* dropped: a STOP threw them away, or the run ended before they were mixed;
* late: when they came, silence had been mixed in their place, or their instant had passed.
"""

from dataclasses import dataclass

import numpy as np

from backend.latency.measures.pairs import partner_ns
from backend.latency.measures.timeline import StreamTimeline
from backend.latency.records import NEVER_NS, Bools, Int64s, Records, Series, only
from ringproto.trace import Point

FRAMES_MAX = 1 << 44
"""More than any stream plays (11 years at 48 kHz); lets a segment and a frame share one sortable number."""


@dataclass(frozen=True, slots=True)
class HandOvers:
    """What became of each, in order of time."""

    queued: Records
    """Their QUEUED records."""
    copied_ns: Int64s
    """When the backend copied each; NEVER_NS where it did not, or the trace does not say."""
    mixed_ns: Int64s
    """When the backend gave the card the first frame of each, or silence in its place; NEVER_NS as above."""
    presented_ns: Int64s
    """When that frame leaves the card, if it does."""
    heard: Bools
    """Whether it was, or silence in its place."""
    late: Bools
    """Whether it came too late for that."""

    @property
    def in_time(self) -> Bools:
        """Which were heard themselves."""
        return self.heard & ~self.late


def hand_overs(records: Records, timeline: StreamTimeline) -> HandOvers:
    """All of one stream between two OPENs."""
    queued = only(records, Point.QUEUED)
    first = queued["frame"] - queued["value"]
    segment = timeline.segment_beginning(first)
    presented_ns = timeline.instants_ns(first, segment)
    heard = (segment >= 0) & (presented_ns < timeline.stopped_ns[segment]) & ~_handed_over_again(first)
    late = presented_ns < queued["time_ns"]
    copied_ns = partner_ns(queued, only(records, Point.COPIED), "frame")
    mixed_ns = _mixed_ns(records, first, segment)
    if np.any(records["point"] == Point.COPIED) and np.any(records["point"] == Point.RENDERED):
        # Both, or what is there says nothing.
        heard &= mixed_ns < NEVER_NS
        late |= copied_ns > mixed_ns
    return HandOvers(queued, copied_ns, mixed_ns, presented_ns, heard, late)


def delays_of(made: HandOvers, since_ns: int = 0) -> tuple[Series, int, int]:
    """(the delays, how many came late, how many were dropped), of hand-overs at or after `since_ns`."""
    at_ns: Int64s = made.queued["time_ns"]
    measured = at_ns >= since_ns
    chosen = measured & made.in_time
    late, dropped = measured & made.heard & made.late, measured & ~made.heard
    return Series(at_ns[chosen], made.presented_ns[chosen] - at_ns[chosen]), int(late.sum()), int(dropped.sum())


def playback_delay(records: Records, timeline: StreamTimeline) -> tuple[Series, int, int]:
    """(the delays, how many hand-overs came late, how many were dropped), of one stream between two OPENs."""
    return delays_of(hand_overs(records, timeline))


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
    if len(rendered) == 0:
        return np.full(len(first), NEVER_NS, dtype=np.int64)
    starts = np.flatnonzero(records["point"] == Point.STARTED)
    rendered_segment = np.searchsorted(starts, np.flatnonzero(records["point"] == Point.RENDERED)) - 1
    # Frames grow within a segment only: what was mixed ahead of a STOP is counted again after it.
    rendered_keys = rendered_segment * FRAMES_MAX + rendered["frame"]
    index = np.searchsorted(rendered_keys, segment * FRAMES_MAX + first, side="right")
    found = index < np.searchsorted(rendered_segment, segment, side="right")
    return np.where(found, rendered["time_ns"][np.minimum(index, len(rendered) - 1)], NEVER_NS)
