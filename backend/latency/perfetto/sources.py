"""Events as arrays: what a track shows is kept as a few numbers each, and made an event only when it is written.

Order.  Where several events fall on one nanosecond (in simulated time many do), every slice must be open before an
arrow begins or ends in it, and an arrow must begin before it ends.  So events of one time are written in the order of
their sources, and an arrow's source comes after those of its slices.  Then it is clear which slice is meant, if no two
of a thread begin together: slices that may have no length, and take arrows, are kept `APART_NS` on a thread.  (They
must not even touch: the older viewer adds up begin and length in floating point, and may find a slice longer than it
is.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backend.latency.perfetto.events import Args, ArrowEnd, ArrowStart, ArrowStep, Counter, Event, Instant, Slice
from backend.latency.perfetto.tracks import Tracks
from backend.latency.records import Bools, Int64s

NS_PER_US = 1_000
APART_NS = 1


class Source(Protocol):
    """Events of one kind."""

    @property
    def times_ns(self) -> Int64s:
        """When each event is, in any order."""
        ...

    def event(self, index: int, origin_ns: int) -> Event:
        """One of them, with its time counted from `origin_ns`."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What a slice is called, and what the one figure is that it carries."""

    name: str
    figure: str


@dataclass(slots=True)
class Slices:
    """Slices on a thread, or where they cross each other on several of that name; in order of `start_ns`."""

    start_ns: Int64s
    end_ns: Int64s
    kinds: tuple[Kind, ...]
    kind: Int64s
    figure: Int64s
    pid: int = 0
    tid: Int64s | None = None

    @property
    def times_ns(self) -> Int64s:
        """When each begins."""
        return self.start_ns

    def event(self, index: int, origin_ns: int) -> Slice:
        """One slice."""
        assert self.tid is not None
        kind = self.kinds[int(self.kind[index])]
        start_ns, end_ns = int(self.start_ns[index]), int(self.end_ns[index])
        return Slice(
            kind.name,
            self.pid,
            int(self.tid[index]),
            (start_ns - origin_ns) / NS_PER_US,
            (end_ns - start_ns) / NS_PER_US,
            {kind.figure: int(self.figure[index])},
        )

    def around(self, times_ns: Int64s) -> Int64s:
        """Which slice each time falls in; -1 for none.  For slices that do not cross."""
        if not len(self.start_ns):
            return np.full(len(times_ns), -1)
        index = np.searchsorted(self.start_ns, times_ns, side="right") - 1
        return np.where((index >= 0) & self.holds(index, times_ns), index, -1)

    def holds(self, index: Int64s, times_ns: Int64s) -> Bools:
        """Whether each slice is open at a time: from its beginning until before its end, if it has a length."""
        start_ns, end_ns = self.start_ns[index], self.end_ns[index]
        inside: Bools = (start_ns == times_ns) | ((start_ns < times_ns) & (times_ns < end_ns))
        return inside

    def put_on(self, tracks: Tracks, pid: int, name: str, apart_ns: int = 0) -> None:
        """Give them threads of a process, so that on none they cross, or are less than `apart_ns` apart."""
        lane = lanes(self.start_ns, self.end_ns + apart_ns)
        count = int(lane.max(initial=0)) + 1
        names = [name if number == 0 else f"{name} ({number + 1})" for number in range(count)]
        self.pid = pid
        self.tid = np.array([tracks.thread(pid, name) for name in names])[lane]


def lanes(start_ns: Int64s, end_ns: Int64s) -> Int64s:
    """For each slice the lowest lane that is free, those before it being placed; as it were in order of start."""
    lane = np.zeros(len(start_ns), dtype=np.int64)
    if np.all(start_ns[1:] >= end_ns[:-1]):
        return lane
    free_ns: list[int] = []
    for index, (start, until) in enumerate(zip(start_ns.tolist(), end_ns.tolist(), strict=True)):
        place = next((number for number, free in enumerate(free_ns) if free <= start), len(free_ns))
        free_ns[place : place + 1] = [until]
        lane[index] = place
    return lane


@dataclass(frozen=True, slots=True)
class Instants:
    """What happened on one thread."""

    times_ns: Int64s
    names: Sequence[str]
    args: Sequence[Args]
    pid: int
    tid: int

    def event(self, index: int, origin_ns: int) -> Instant:
        """One of them."""
        ts = (int(self.times_ns[index]) - origin_ns) / NS_PER_US
        return Instant(self.names[index], self.pid, self.tid, ts, self.args[index])


@dataclass(frozen=True, slots=True)
class Counts:
    """A figure of a process, in the course of time."""

    times_ns: Int64s
    values: Int64s | NDArray[np.float64]
    name: str
    unit: str
    pid: int

    def event(self, index: int, origin_ns: int) -> Counter:
        """One value."""
        ts = (int(self.times_ns[index]) - origin_ns) / NS_PER_US
        return Counter(self.name, self.pid, ts, {self.unit: self.values[index].item()})


@dataclass(frozen=True, slots=True)
class ArrowPoints:
    """Where arrows of one name begin, pass, or end: each in a slice, at a time that it holds."""

    made: type[ArrowStart | ArrowStep | ArrowEnd]
    name: str
    ids: Int64s
    slices: Slices
    index: Int64s
    times_ns: Int64s

    def event(self, index: int, origin_ns: int) -> Event:
        """One of them."""
        tids = self.slices.tid
        assert tids is not None
        tid = int(tids[int(self.index[index])])
        ts = (int(self.times_ns[index]) - origin_ns) / NS_PER_US
        return self.made(self.name, int(self.ids[index]), self.slices.pid, tid, ts, self.name)
