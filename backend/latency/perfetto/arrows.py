"""Arrows: from a slice, past another where there is one, to a third.

An arrow is drawn where all is known: both of its ends lie in a slice that is shown, and it does not point backwards
(clocks of two processes may disagree by a microsecond; then none is drawn, rather than a false one).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from backend.latency.perfetto.events import ArrowEnd, ArrowStart, ArrowStep
from backend.latency.perfetto.sources import ArrowPoints, Slices
from backend.latency.records import Bools, Int64s


@dataclass(frozen=True, slots=True)
class Ends:
    """For each arrow, a slice (-1: none) and a time in it."""

    slices: Slices
    index: Int64s
    times_ns: Int64s

    @property
    def there(self) -> Bools:
        """Whether there is a slice, and the time in it."""
        if not len(self.slices.start_ns):
            return np.zeros(len(self.index), dtype=np.bool_)
        return (self.index >= 0) & self.slices.holds(self.index, self.times_ns)


def arrows(name: str, begin: Ends, by: Ends, end: Ends, ids: "count[int]") -> Iterator[ArrowPoints]:
    """The points of these arrows, under ids not used before: beginnings, steps, ends."""
    drawn = begin.there & end.there & (begin.times_ns <= end.times_ns)
    passes = drawn & by.there & (begin.times_ns <= by.times_ns) & (by.times_ns <= end.times_ns)
    numbers = np.zeros(len(drawn), dtype=np.int64)
    numbers[drawn] = [next(ids) for _ in range(int(drawn.sum()))]
    for made, ends, shown in ((ArrowStart, begin, drawn), (ArrowStep, by, passes), (ArrowEnd, end, drawn)):
        yield ArrowPoints(made, name, numbers[shown], ends.slices, ends.index[shown], ends.times_ns[shown])
