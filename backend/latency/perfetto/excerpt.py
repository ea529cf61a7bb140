"""Which stretches of a run are shown: all of it, or where it is too long for a viewer, the telling ones.

A viewer takes a few hundred thousand events with ease, and a run of hours has a thousand times as many.  So the run is
cut into short bins, and it is reckoned how many events each can make at the most.  If all fit, all are shown.  Else,
as long as they fit: the beginning and what surrounds each moment (worst cases first, the order is the caller's), first
closely, then widely, and with the rest more of the beginning.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.latency.records import Bools, Int64s, Trace
from ringproto.trace import Point

EVENTS_MAX = 200_000
"""About 30 MB of JSON, which every viewer opens within seconds."""
BIN_NS = 50_000_000
BINS_MAX = 1 << 20
"""For longer runs (over 14 hours) the bins are longer."""
AROUND_BINS = (1, 5)
"""So many are shown before and after a moment: a period or two at least, several buffers if possible."""
CHUNK_RECORDS = 1 << 20

EVENTS_OF = {
    Point.QUEUED: 2,  # a slice, and the fill level
    Point.PUSHED: 4,  # a slice, and an arrow's three points
    Point.WOKE_BACKEND: 1,
    Point.RENDERED: 1,
    Point.BOUNDARY: 1,
    Point.EVENT: 1,
    Point.TOLD: 5,  # a slice, the lateness, and an arrow's three points
    Point.STARTED: 1,
    Point.STOPPED: 1,
    Point.UNDERRUN: 2,  # an instant, and the fill level
    Point.OPENED: 1,
}
"""How many events a record makes at the most."""

_EVENTS_OF: NDArray[np.int64] = np.zeros(1 << 16, dtype=np.int64)
for _point, _count in EVENTS_OF.items():
    _EVENTS_OF[_point] = _count


class Excerpt:
    """What of a run is shown."""

    def __init__(self, trace: Trace, moments_ns: Sequence[int], events_max: int) -> None:
        """Choose; `moments_ns` in order of importance."""
        spans = [(int(times.min()), int(times.max())) for times in (chunk["time_ns"] for chunk in trace.chunks())]
        self.first_ns = min((first_ns for first_ns, _ in spans), default=0)
        self.last_ns = max((last_ns for _, last_ns in spans), default=0)
        span_ns = self.last_ns - self.first_ns
        self._bin_ns = max(BIN_NS, -(-span_ns // BINS_MAX))
        self._bins = span_ns // self._bin_ns + 1
        self._events = self._count(trace)
        self._left = events_max
        self._shown: Bools = np.zeros(self._bins, dtype=np.bool_)
        if self._events.sum() <= events_max:
            self._shown[:] = True
        else:
            self._choose(moments_ns)

    @property
    def is_whole(self) -> bool:
        """Whether the whole run is shown."""
        return bool(self._shown.all())

    def shows(self, times_ns: Int64s) -> Bools:
        """Whether what happened at each of these times is shown."""
        index = (times_ns - self.first_ns) // self._bin_ns
        return self._shown[np.clip(index, 0, self._bins - 1)] & (index >= 0) & (index < self._bins)

    def left_out_ns(self) -> Iterator[tuple[int, int]]:
        """The stretches that are not shown, from and to."""
        edges = np.flatnonzero(np.diff(np.concatenate([[True], self._shown, [True]])))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            yield self.first_ns + begin * self._bin_ns, min(self.first_ns + end * self._bin_ns, self.last_ns)

    def _count(self, trace: Trace) -> Int64s:
        """How many events the records of each bin make at the most."""
        total = np.zeros(self._bins)
        for chunk in trace.chunks():
            bins = (chunk["time_ns"] - self.first_ns) // self._bin_ns
            total += np.bincount(bins, weights=_EVENTS_OF[chunk["point"]], minlength=self._bins)
        return total.astype(np.int64)

    def _choose(self, moments_ns: Sequence[int]) -> None:
        for around in AROUND_BINS:
            for moment_ns in (self.first_ns, *moments_ns):
                index = (moment_ns - self.first_ns) // self._bin_ns
                self._add(max(index - around, 0), max(index + around + 1, 0))
        unfit = np.flatnonzero(np.cumsum(np.where(self._shown, 0, self._events)) > self._left)
        self._add(0, int(unfit[0]) if len(unfit) else self._bins)

    def _add(self, begin: int, end: int) -> None:
        """Show these bins too, if they fit."""
        hidden = ~self._shown[begin:end]
        events = int(self._events[begin:end][hidden].sum())
        if events <= self._left:
            self._shown[begin:end] = True
            self._left -= events
