"""Where a server's tape is: an estimate that runs smoothly between its reports.

Theory.  A report says how many frames were taken by some moment, and how far ahead of what is heard that was (what lies
in the sink).  Frames are taken in pieces; what is heard is smooth, so it is what the estimate follows.  Added is the
most that the sink takes ahead, by its own word or as seen: so the estimate is never behind what was taken.  While
nothing of a stream was taken yet the sink still holds silence of its own, and what is "heard" of the stream lies before
its beginning.

The first reports count as they are.  Later ones, which are right to a millisecond or so, each correct a quarter of the
error that they find.  An error of more than `LEAP_MS` is none: the server stood still, or made up for it (a null sink
renders all that it missed in one go).  Then the tape is somewhere else than time is, and whoever writes goes there.
"""

from dataclasses import dataclass

NS_PER_S = 1_000_000_000
YOUNG_NS = 500_000_000
MARGIN_US = 1000
"""A report's own error, and what a server takes early."""
LEAP_MS = 100


@dataclass(frozen=True, slots=True)
class Report:
    """What the server said of a stream."""

    at_ns: int
    """When it was so, on the loop's clock."""
    taken_frames: int
    """Frames taken from the stream."""
    sink_us: int
    """How far ahead of what is heard."""
    sink_us_max: int
    """The most of it that the sink is set to, as it was before the stream ran (PipeWire counts the stream's later)."""


class Tape:
    """Counts the stream's frames from the index at which it was started."""

    def __init__(self, rate_hz: int) -> None:
        self.stood_still = 0
        """How often the server was found far behind."""
        self.ahead_us = 0
        """How far ahead of what is heard frames are taken, at most."""
        self._rate_hz = rate_hz
        self._begin = 0
        self._frames = 0
        self._at_ns = self._started_ns = self._reported_ns = 0

    def start(self, report: Report, piece_us: int, now_ns: int) -> None:
        """It runs from where it stood by that report; pieces of so much were asked for."""
        self._begin = self._frames = report.taken_frames
        self._at_ns = self._started_ns = self._reported_ns = now_ns
        self.ahead_us = max(piece_us, report.sink_us_max) + MARGIN_US

    def frames_at(self, now_ns: int) -> int:
        """Frames that have been taken by then; to be replaced by others no more."""
        return max(self._begin, self._predict(now_ns))

    def _predict(self, now_ns: int) -> int:
        return self._frames + (now_ns - self._at_ns) * self._rate_hz // NS_PER_S

    def report(self, report: Report) -> int:
        """Take account of a report; returns the frames by which a server stood still, or less than 0 if it leapt."""
        if report.at_ns <= self._reported_ns:
            return 0
        self._reported_ns = report.at_ns
        ours_us = min(report.sink_us, (report.taken_frames - self._begin) * 1_000_000 // self._rate_hz)
        self.ahead_us = max(self.ahead_us, ours_us + MARGIN_US)
        heard = report.taken_frames - report.sink_us * self._rate_hz // 1_000_000
        predicted = self._predict(report.at_ns)
        error = heard + self.ahead_us * self._rate_hz // 1_000_000 - predicted
        is_young = report.at_ns - self._started_ns < YOUNG_NS
        is_leap = not is_young and abs(error) > LEAP_MS * self._rate_hz // 1000
        self.stood_still += is_leap and error < 0
        self._frames = predicted + (error if is_young or is_leap else error // 4)
        self._at_ns = report.at_ns
        return -error if is_leap else 0
