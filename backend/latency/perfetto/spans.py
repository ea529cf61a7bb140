"""What a stream's slices are, one for each record of a point: from it to its partner.

By the points of `ringproto.trace`: `hand-over` t0 to t1, `request` t1 to t3, `event` t6 to t7, `told` t7 to t8, and on
the backend's side `served`: from its waking up (t2) to the last request that it copied (t3) before it woke up again.

What has no partner is a slice of no length under a name that says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.perfetto.arrows import Ends
from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.pairing import NONE, followed, partners
from backend.latency.perfetto.sources import Kind, Slices
from backend.latency.records import Bools, Int64s, Records
from ringproto.trace import Point

HAND_OVER = (Kind("hand-over", "frames"), Kind("hand-over, never pushed", "frames"))
REQUEST = (Kind("request", "frame"), Kind("request, never answered", "frame"))
EVENT = (Kind("event", "position_octets"), Kind("event, never read", "position_octets"))
TOLD = (Kind("told", "frame"),)
SERVED = (Kind("served", "requests"),)


@dataclass(frozen=True, slots=True)
class Spans:
    """Slices for all records of a point, in their order."""

    start_ns: Int64s
    end_ns: Int64s
    kinds: tuple[Kind, ...]
    kind: Int64s
    figure: Int64s
    key_ns: Int64s
    """When the record itself was made: by this it is shown or not."""

    def shown(self, excerpt: Excerpt) -> "Shown":
        """Those to be shown."""
        kept = np.flatnonzero(excerpt.shows(self.key_ns))
        place = np.full(len(self.key_ns), NONE)
        place[kept] = np.arange(len(kept))
        slices = Slices(self.start_ns[kept], self.end_ns[kept], self.kinds, self.kind[kept], self.figure[kept])
        return Shown(slices, place)


@dataclass(frozen=True, slots=True)
class Shown:
    """The slices that are shown, and the place among them of each record's, or NONE."""

    slices: Slices
    place: Int64s

    def ends(self, number: Int64s) -> Ends:
        """The beginnings of the slices of these records."""
        index = followed(number, self.place)
        start_ns = self.slices.start_ns
        return Ends(self.slices, index, start_ns[index] if len(start_ns) else np.zeros_like(index))


class StreamRecords:
    """The records of one stream by their points, and the slices that they make."""

    def __init__(self, records: Records) -> None:
        """`records`: in order of time."""
        self._records = records
        # A sitting begins with each OPENED; what stands before the first belongs to it.
        self._begins = np.flatnonzero(records["point"] == Point.OPENED)[1:]
        self._found: dict[Point, tuple[Records, Sequence[Records]]] = {}

    def of(self, point: Point) -> Records:
        """All of one point."""
        return self._find(point)[0]

    def _find(self, point: Point) -> tuple[Records, Sequence[Records]]:
        """All of one point, and sitting by sitting."""
        if point not in self._found:
            index = np.flatnonzero(self._records["point"] == point)
            found: Records = self._records[index]
            self._found[point] = found, np.split(found, np.searchsorted(index, self._begins))
        return self._found[point]

    def partners(self, start: Point, end: Point, field: str) -> Int64s:
        """For each `start`, the number of its `end` or NONE."""
        return partners(self._find(start)[1], self._find(end)[1], field)

    def spans(self, start: Point, end: Point, field: str, kinds: tuple[Kind, Kind], figure: str) -> Spans:
        """From each `start` to its `end`, or to nothing: of the first kind or the second."""
        number = self.partners(start, end, field)
        starts = self.of(start)
        start_ns = starts["time_ns"]
        end_ns = np.maximum(_at(self.of(end), number, start_ns), start_ns)
        return Spans(start_ns, end_ns, kinds, (number == NONE).astype(np.int64), starts[figure], start_ns)

    def told(self) -> Spans:
        """From the guest's waking up to each telling."""
        told = self.of(Point.TOLD)
        told_ns = told["time_ns"]
        number = self.partners(Point.TOLD, Point.WOKE_GUEST, "value")
        woke_ns = np.minimum(_at(self.of(Point.WOKE_GUEST), number, told_ns), told_ns)
        return Spans(woke_ns, told_ns, TOLD, np.zeros(len(told), dtype=np.int64), told["frame"], told_ns)

    def served(self) -> tuple[Spans, Int64s]:
        """Each waking up that had requests copied; and for each COPIED, the number of the waking up, or NONE."""
        points = self._records["point"]
        woke, copied = np.flatnonzero(points == Point.WOKE_BACKEND), np.flatnonzero(points == Point.COPIED)
        times_ns = self._records["time_ns"]
        owner = np.searchsorted(woke, copied) - 1
        owned = owner >= 0
        requests = np.bincount(owner[owned], minlength=len(woke))
        end_ns = times_ns[woke].copy()
        np.maximum.at(end_ns, owner[owned], times_ns[copied[owned]])
        busy: Bools = requests > 0
        number = np.where(busy, np.cumsum(busy) - 1, NONE)
        woke_ns = times_ns[woke[busy]]
        spans = Spans(woke_ns, end_ns[busy], SERVED, np.zeros(len(woke_ns), dtype=np.int64), requests[busy], woke_ns)
        return spans, np.where(owned, number[owner], NONE) if len(woke) else np.full(len(copied), NONE)


def _at(records: Records, number: Int64s, otherwise_ns: Int64s) -> Int64s:
    """The time of each numbered record, or the other where the number is NONE."""
    if not len(records):
        return otherwise_ns
    return np.where(number == NONE, otherwise_ns, records["time_ns"][number])
