"""When a callback is due, by the frames that callbacks have brought so far.

Theory.  A callback can be late for a hundred reasons and early for none: frames are not there before they are sampled,
nor is there room before others were played.  So the earliest callback tells the card's time best.  One that is early
moves the whole line; one that is late pulls it by a 64th of its lateness, which follows a card that is slower than the
system's clock by up to 500 ppm with at most 0.3 ms of error at 10 ms periods, and hardly minds jitter.
"""

SECOND_NS = 1_000_000_000

PULL = 64
"""A late callback moves the line by this part of its lateness."""

STOOD_STILL_NS = SECOND_NS
"""A stream that is later than this was stopped meanwhile: the line begins anew."""


EARLY_NS = 1_000_000
"""So much may a callback be early and yet be in step: jitter of those before it, and a faster card."""


class SampleClock:
    """A line from frames to nanoseconds."""

    __slots__ = ("_at_ns", "_frame", "_rate_hz", "runs", "steady")

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._frame = self._at_ns = 0
        self.runs = False
        """Whether there was a callback: until then nothing is due."""
        self.steady = False
        """Whether the last callback was not early.  Where several come at once, as at a start, none can be foretold."""

    def due_ns(self, frame: int) -> int:
        """When the callback that brings `frame` is due."""
        return self._at_ns + self.length_ns(frame - self._frame)

    def length_ns(self, frames: int) -> int:
        """How long so many frames last, rounded down."""
        return frames * SECOND_NS // self._rate_hz

    def follow(self, frame: int, now_ns: int) -> None:
        """The callback that brings `frame` has come."""
        late_ns = now_ns - self.due_ns(frame)
        self.steady = self.runs and -EARLY_NS <= late_ns <= STOOD_STILL_NS
        if self.steady and late_ns > 0:
            self._at_ns = now_ns - late_ns + late_ns // PULL
        else:
            self._at_ns = now_ns
        self._frame = frame
        self.runs = True
