"""The records of a trace around some instants, picked out in one reading, however long the run was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.records import CARD_DOMID, TRACE_DTYPE, Int64s, Records, Trace

RECORDS_MAX = 1 << 20
"""Picked out in all: 32 MiB.  What a flooded trace has more is left out, and the page says so."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, of the run's trace."""

    begin_ns: int
    end_ns: int


class Excerpts:
    """What was picked out."""

    def __init__(self, trace: Trace, windows: Sequence[Window]) -> None:
        """Raises OSError."""
        begins, ends = _apart(windows)
        self._records = np.concatenate([np.empty(0, TRACE_DTYPE), *_within(trace, begins, ends)])
        self._records = self._records[np.argsort(self._records["time_ns"], kind="stable")]

    @property
    def is_whole(self) -> bool:
        """Whether nothing had to be left out."""
        return len(self._records) < RECORDS_MAX

    def of(self, domid: int, stream: int, card: int | None, window: Window) -> Records:
        """A stream's records in a window, and its card's, in order of time."""
        times_ns = self._records["time_ns"]
        first, last = np.searchsorted(times_ns, [window.begin_ns, window.end_ns + 1])
        there = self._records[first:last]
        wanted = (there["domid"] == domid) & (there["stream"] == stream)
        if card is not None:
            wanted |= (there["domid"] == CARD_DOMID) & (there["stream"] == card)
        chosen: Records = there[wanted]
        return chosen


def _apart(windows: Sequence[Window]) -> tuple[Int64s, Int64s]:
    """(begins, ends) of what they cover together, in order, none overlapping another."""
    apart: list[Window] = []
    for window in sorted(windows, key=lambda each: each.begin_ns):
        if apart and window.begin_ns <= apart[-1].end_ns:
            apart[-1] = Window(apart[-1].begin_ns, max(apart[-1].end_ns, window.end_ns))
        else:
            apart.append(window)
    return np.array([w.begin_ns for w in apart], np.int64), np.array([w.end_ns for w in apart], np.int64)


def _within(trace: Trace, begins: Int64s, ends: Int64s) -> Iterable[Records]:
    """The records in any of these windows."""
    room = RECORDS_MAX
    for chunk in trace.chunks() if len(begins) else ():
        window = np.searchsorted(begins, chunk["time_ns"], side="right") - 1
        found = chunk[(window >= 0) & (chunk["time_ns"] <= ends[window])][:room]
        room -= len(found)
        yield found
