"""Where a delay is spent: the way of a frame, and of the news of it, from one trace point to the next.

Three ways, each complete or left out, so that the hops of one add up to the whole of it:

* playback: queued by the application, pushed, the backend awake with it, copied, rendered to the device, presented;
* capture: sampled by the card, asked for (pushed), the backend awake with it, copied, taken by the application;
* news of a period: its boundary on the card, the event pushed, the guest awake, the application told.

The share of a hop is that of the sums, since medians do not add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.measures.capture import sampled_ns, taken_of
from backend.latency.measures.pairs import partner_ns
from backend.latency.measures.playback import HandOvers
from backend.latency.measures.service import awake_ns
from backend.latency.measures.timeline import StreamTimeline
from backend.latency.records import NEVER_NS, Bools, Int64s, Records, only
from ringproto.trace import Point

PLAYBACK = ("queued_pushed", "pushed_awake", "awake_copied", "copied_rendered", "rendered_presented")
CAPTURE = ("sampled_pushed", "pushed_awake", "awake_copied", "copied_taken")
NEWS = ("boundary_event", "event_awake", "awake_told")


@dataclass(frozen=True, slots=True)
class Way:
    """Many journeys along one way."""

    names: tuple[str, ...]
    """Of the hops."""
    hops_ns: Int64s
    """How long each took: [hop, journey]."""


def playback_way(records: Records, made: HandOvers, since_ns: int = 0) -> Way:
    """Of the hand-overs that were heard in time."""
    at_ns: Int64s = made.queued["time_ns"]
    pushed_ns = partner_ns(made.queued, only(records, Point.PUSHED), "frame")
    awake = awake_ns(records, pushed_ns, made.copied_ns)
    points = (at_ns, pushed_ns, awake, made.copied_ns, made.mixed_ns, made.presented_ns)
    return _way(PLAYBACK, points, made.in_time & (at_ns >= since_ns))


def capture_way(records: Records, timeline: StreamTimeline, since_ns: int = 0) -> Way:
    """Of the first frame of each hand-over, by the READ that asked for it."""
    taken, pushed = taken_of(records, timeline), only(records, Point.PUSHED)
    index = np.searchsorted(pushed["frame"], taken["frame"] - taken["value"], side="right")
    found = index < len(pushed)
    taken, asked = taken[found], pushed[index[found]]
    copied_ns = partner_ns(pushed, only(records, Point.COPIED), "frame")[index[found]]
    awake = awake_ns(records, asked["time_ns"], copied_ns)
    points = (sampled_ns(taken, timeline), asked["time_ns"], awake, copied_ns, taken["time_ns"])
    return _way(CAPTURE, points, taken["time_ns"] >= since_ns)


def news_way(records: Records, timeline: StreamTimeline, since_ns: int = 0) -> Way:
    """Of the events of which the application was told."""
    events = only(records, Point.EVENT)
    segment = timeline.segment_passing(events["frame"])
    boundary_ns = timeline.instants_ns(events["frame"], segment)
    awake = partner_ns(events, only(records, Point.WOKE_GUEST), "value")
    told_ns = partner_ns(events, only(records, Point.TOLD), "value")
    return _way(NEWS, (boundary_ns, events["time_ns"], awake, told_ns), (segment >= 0) & (boundary_ns >= since_ns))


def joined_ways(ways: Sequence[Way]) -> Way | None:
    """All journeys along one way; None without any."""
    journeys = [way.hops_ns for way in ways if way.hops_ns.size]
    return Way(ways[0].names, np.concatenate(journeys, axis=1)) if journeys else None


def _way(names: tuple[str, ...], points_ns: Sequence[Int64s], chosen: Bools) -> Way:
    """Of those chosen that came to all of these points."""
    at_ns = np.stack(points_ns)
    complete = chosen & (at_ns < NEVER_NS).all(axis=0)
    return Way(names, np.diff(at_ns[:, complete], axis=0))
