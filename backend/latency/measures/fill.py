"""Fill: how many frames a guest is ahead of the card, which is how long it may sleep before it is heard.

A playback guest is ahead by what it handed over and the card has not presented to the end.  A capture guest is ahead
by the room in its buffer: what the card can still sample before frames are lost.  Either is least just before a
hand-over, and most just after it; below 0 the card has passed the guest.

Only hand-overs while the stream ran count: before its start nobody is ahead of anybody.
"""

import numpy as np

from backend.latency.measures.timeline import StreamTimeline
from backend.latency.records import Int64s, Levels, Records, only
from ringproto.trace import Point


def fill(records: Records, timeline: StreamTimeline, room_frames: int | None = None) -> Levels:
    """Just before and just after each hand-over of one stream between two OPENs.

    `room_frames`: the whole buffer, of a capture stream; None for playback.
    """
    handed = only(records, Point.QUEUED if room_frames is None else Point.TAKEN)
    card_frames, ran = timeline.presented(handed["time_ns"])
    before = handed["frame"] - handed["value"] - card_frames + (room_frames or 0)
    return Levels(
        at_ns=np.repeat(handed["time_ns"][ran], 2),
        frames=_in_turn(before[ran], (before + handed["value"])[ran]),
    )


def _in_turn(first: Int64s, second: Int64s) -> Int64s:
    """One of these, one of those, and so on."""
    return np.stack([first, second], axis=1).reshape(-1)
