"""Capture delay: from the ideal instant at which the card samples a frame to its hand-over to the application.

Every hand-over is a sample, by the first of its frames, which waited longest.  Most of the delay is no fault of
anybody's: a frame waits for the period that it belongs to, and that may be a good deal of it.
"""

import numpy as np

from backend.latency.measures.timeline import StreamTimeline
from backend.latency.records import Int64s, Records, Series, only
from ringproto.trace import Point


def sampled_ns(taken: Records, timeline: StreamTimeline) -> Int64s:
    """When the card sampled the first frame of each of these hand-overs, all of frames since the stream started."""
    first = taken["frame"] - taken["value"]
    return timeline.instants_ns(first, timeline.segment_beginning(first))


def taken_of(records: Records, timeline: StreamTimeline) -> Records:
    """The hand-overs whose frames the trace can place."""
    taken = only(records, Point.TAKEN)
    return taken[timeline.segment_beginning(taken["frame"] - taken["value"]) >= 0]


def capture_delay(records: Records, timeline: StreamTimeline) -> Series:
    """The delays of one stream between two OPENs, each at its hand-over."""
    taken = taken_of(records, timeline)
    return Series(taken["time_ns"].astype(np.int64), taken["time_ns"] - sampled_ns(taken, timeline))
