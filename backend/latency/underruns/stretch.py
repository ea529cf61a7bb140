"""Stretches: a sitting cut at every STOP.  Within one, frames and time only grow.

What is handed over before START belongs to the stretch that it begins.  A stream that goes by the system's clock says
anew every second where it lies (STARTED); that cuts nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.latency.measures.timeline import StreamTimeline
from backend.latency.records import NEVER_NS, Int64s, Records
from ringproto.trace import Point


class Found:
    """Some of a stretch's records, in order of time, made quick to look up: a stretch may have many gaps."""

    def __init__(self, indices: NDArray[np.intp], records: Records) -> None:
        self.indices = indices
        """Which of the stretch's they are."""
        self.records = records
        self.times_ns: Int64s = np.ascontiguousarray(records["time_ns"])
        self._highest: dict[str, Int64s] = {}

    def first(self, field: str, least: int) -> int | None:
        """Which is the first whose `field` is at least so much; None without any.

        Frames go back where a guest rewinds, so it is the highest so far that is looked at.
        """
        highest = self._highest.get(field)
        if highest is None:
            highest = self._highest[field] = np.maximum.accumulate(self.records[field])
        found = int(np.searchsorted(highest, least))
        return found if found < len(highest) else None

    def first_ns(self, field: str, least: int) -> int:
        """When that was; NEVER_NS without any."""
        found = self.first(field, least)
        return NEVER_NS if found is None else int(self.times_ns[found])

    def until(self, time_ns: int) -> int:
        """How many there are until then, that instant included."""
        return int(np.searchsorted(self.times_ns, time_ns, side="right"))


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stream from a START to its STOP."""

    records: Records
    """From the STOP before it, or OPEN, to its own, or to the end."""
    timeline: StreamTimeline
    """What is heard, or recorded, when."""
    told: StreamTimeline
    """What the guest is to be told of when: the same, unless it goes by the system's clock."""
    first_segment: int
    """Of the timeline; of the one told by there is but one for each stretch."""
    last_segment: int
    number: int
    """Among the stretches of its sitting."""
    started_ns: int
    """When it was started, which is before its first frame is heard."""
    _found: dict[tuple[Point, ...], Found] = field(default_factory=dict[tuple[Point, ...], Found])

    @property
    def g0(self) -> int:
        """The guest's frame that it began with."""
        return self.timeline.segments[self.first_segment].g0

    @property
    def d0(self) -> int:
        """The card's."""
        return self.timeline.segments[self.first_segment].d0

    @property
    def stopped_ns(self) -> int:
        """When it was stopped; NEVER_NS when it was not."""
        return self.timeline.segments[self.last_segment].stopped_ns

    @property
    def last_ns(self) -> int:
        """When the last of its records was made."""
        return int(self.records["time_ns"][-1])

    def found(self, *points: Point) -> Found:
        """The records of these points; looked for once."""
        found = self._found.get(points)
        if found is None:
            of_all = self.records["point"]
            indices = np.flatnonzero(of_all == points[0] if len(points) == 1 else np.isin(of_all, points))
            found = self._found[points] = Found(indices, self.records[indices])
        return found

    def only(self, *points: Point) -> Records:
        """The same by themselves."""
        return self.found(*points).records

    def instant_ns(self, frame: int) -> int:
        """When this guest frame begins to be heard, or was sampled."""
        return int(self.timeline.instants_ns(np.array([frame]), self._segment(frame))[0])

    def told_ns(self, frame: int) -> int:
        """When the guest is ideally told that all before this frame is over."""
        segment = self.number if self.told is not self.timeline else self._segment(frame)
        return int(self.told.instants_ns(np.array([frame]), segment)[0])

    def device_frame(self, frame: int) -> float:
        """The card's frame with which this guest frame begins."""
        return float(self.timeline.device_frames(np.array([frame]), self._segment(frame))[0])

    def guest_frames(self, device_frames: Int64s) -> list[int]:
        """The guest frames that begin with these of the card's, or nearest to them."""
        begins = [segment.d0 for segment in self.timeline.segments[self.first_segment : self.last_segment + 1]]
        nth = np.clip(np.searchsorted(begins, device_frames, side="right") - 1, 0, None)
        frames: list[int] = self.timeline.guest_frames(device_frames, self.first_segment + nth).tolist()
        return frames

    def _segment(self, frame: int) -> int:
        found = int(self.timeline.segment_beginning(np.array([frame]))[0])
        return min(max(found, self.first_segment), self.last_segment)


def stretches_of(sitting: Records, timeline: StreamTimeline, told: StreamTimeline) -> list[Stretch]:
    """The stretches between two OPENs, of which at least one STARTED is there."""
    starts: list[int] = np.flatnonzero(sitting["point"] == Point.STARTED).tolist()
    stops: list[int] = np.flatnonzero(sitting["point"] == Point.STOPPED).tolist()
    heads = [index for index, segment in enumerate(timeline.segments) if not segment.continues]
    tails = [*(head - 1 for head in heads[1:]), len(timeline.segments) - 1]
    found: list[Stretch] = []
    at = 0
    for head, tail in zip(heads, tails, strict=True):
        end = next((stop + 1 for stop in stops if stop > starts[tail]), len(sitting))
        started_ns = int(sitting["time_ns"][starts[head]])
        found.append(Stretch(sitting[at:end], timeline, told, head, tail, len(found), started_ns))
        at = end
    return found
