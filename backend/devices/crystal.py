"""The card's own clock: frames from nanoseconds and back, in whole numbers.

A card counts frames by a crystal that is nobody else's: a little fast or slow against the system's clock (`drift`, in
parts per billion here, so that fractions of a ppm stay whole).  Both directions are one multiplication and one
division of integers from the instant of the last start, so nothing accumulates: after a week the count is as exact as
after a second, and `time_of` is the exact inverse of `frames_at`.
"""

from math import gcd

NS_PER_S = 1_000_000_000
PPB = 1_000_000_000


def ppb_from_ppm(ppm: float) -> int:
    """Parts per million, as people say it, as whole parts per billion."""
    return round(ppm * 1000)


class Crystal:
    """Counts frames while running; keeps its count while stopped.  Pure: the time is always an argument."""

    __slots__ = ("_den", "_num", "base_frames", "running", "start_ns")

    def __init__(self, rate_hz: int, drift_ppb: int = 0) -> None:
        num, den = rate_hz * (PPB + drift_ppb), PPB * NS_PER_S
        common = gcd(num, den)
        self._num, self._den = num // common, den // common  # frames per nanosecond
        self.running = False
        self.base_frames = 0
        """The count when it last started or stopped."""
        self.start_ns = 0
        """When it last started."""

    def set(self, running: bool, base_frames: int, start_ns: int) -> None:
        """Run from `base_frames` at `start_ns`, or rest at `base_frames`."""
        self.running, self.base_frames, self.start_ns = running, base_frames, start_ns

    def start(self, now_ns: int) -> None:
        """Count on from where it rests; harmless while running."""
        if not self.running:
            self.running, self.start_ns = True, now_ns

    def stop(self, now_ns: int) -> None:
        """Rest at the frame reached; harmless while resting."""
        if self.running:
            self.base_frames = self.frames_at(now_ns)
            self.running = False

    def frames_at(self, time_ns: int) -> int:
        """Frames wholly counted at `time_ns`; never less than at the last start."""
        elapsed_ns = time_ns - self.start_ns
        if not self.running or elapsed_ns <= 0:
            return self.base_frames
        return self.base_frames + elapsed_ns * self._num // self._den

    def time_of(self, frame: int) -> int:
        """The first nanosecond at which `frames_at` is `frame` or more, were it to run on from its last start."""
        return self.start_ns - (self.base_frames - frame) * self._den // self._num
