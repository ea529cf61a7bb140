"""Timer pacing: look on an absolute grid at the card's nominal period, whatever the card does.

The grid is `start + k * period`, never a relative sleep, so it neither drifts against its own clock nor bursts.  The
card's crystal is another clock: the position asked at each look says where the card really is.
"""

from hosts.api import Loop, OnTime


class TimerSource:
    """Looks every `period_frames` at `rate_hz` of the system's clock."""

    def __init__(self, loop: Loop, look: OnTime, period_frames: int, rate_hz: int) -> None:
        self.looks = 0
        self._look = look
        self._period_frames = period_frames
        self._rate_hz = rate_hz
        self._timer = loop.timer(self._on_tick)
        self._start_ns = 0
        self._tick = 0

    def start(self, now_ns: int) -> None:
        """The first tick is one period after `now_ns`."""
        self._start_ns, self._tick = now_ns, 1
        self._timer.arm(self._due_ns(1))

    def stop(self) -> None:
        """Forget the grid."""
        self._timer.disarm()

    def _due_ns(self, tick: int) -> int:
        return self._start_ns + tick * self._period_frames * 1_000_000_000 // self._rate_hz

    def _on_tick(self, now_ns: int) -> None:
        self.looks += 1
        self._tick += 1
        if self._due_ns(self._tick) <= now_ns:  # late by whole periods: one look serves them all
            self._tick = (now_ns - self._start_ns) * self._rate_hz // (self._period_frames * 1_000_000_000) + 1
        self._timer.arm(self._due_ns(self._tick))
        self._look(now_ns)
