"""Which frames a caller is to exchange next, when their callback is due, and which it has missed."""

from typing import NamedTuple

from frontend.blocking.region import HandOver
from ringproto.sampleclock import SampleClock


class Miss(NamedTuple):
    """Frames that were not exchanged, because the caller was late."""

    frame: int
    """The first, counted from the stream's beginning."""
    late_ns: int
    """By how much: from the deadline of its callback until the caller was there."""


class Deadlines:
    """One caller's.  A callback's deadline is the end of its frames, when it ceases to wait."""

    def __init__(self, rate_hz: int) -> None:
        self.size = 1
        """Frames of the last callback that was met."""
        self.misses: list[Miss] = []
        """Since they were last cleared."""
        self._clock = SampleClock(rate_hz)
        self._frame = 0

    @property
    def started_ns(self) -> int | None:
        """When the stream's first frame was due, by the callbacks since; None before the first."""
        return self._clock.due_ns(0) if self._clock.runs else None

    def due_ns(self, now_ns: int) -> int:
        """When the next callback is due; `now_ns` if that is past, or cannot be told."""
        return max(now_ns, self._clock.due_ns(self._frame)) if self._clock.steady else now_ns

    def meet(self, handed: HandOver, came_ns: int, now_ns: int) -> None:
        """It is `now_ns`, and a caller that began to wait at `came_ns` was handed this: was it in time for all before?

        One that waited in time, and yet missed a callback, was not let run: it is late by how late it noticed.
        """
        if self._clock.runs and handed.frame > self._frame:
            deadline_ns = self._clock.due_ns(self._frame + self.size)
            late_ns = (came_ns if came_ns > deadline_ns else now_ns) - deadline_ns
            self.misses.append(Miss(self._frame, max(late_ns, 0)))
        self._frame, self.size = handed.frame, handed.frames
        self._clock.follow(handed.frame, handed.came_ns)

    def keep(self, handed: HandOver) -> None:
        """It was given back in time."""
        self._frame = handed.frame + handed.frames
