"""Timer pacing: look on an absolute grid at the card's nominal period, whatever the card does.

The grid is `start + k * period`, never a relative sleep, so it neither drifts against its own clock nor bursts.  The
card's crystal is another clock: the position asked at each look says where the card really is.
"""

from collections.abc import Mapping

from backend.devices.api import AudioDevice
from backend.pacing.api import Seen
from backend.pacing.lead import PeriodLead
from hosts.api import Loop, OnTime

NS_PER_S = 1_000_000_000


class TimerSource(PeriodLead):
    """Looks once a period of the system's clock."""

    name = "timer"

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        super().__init__(device)
        self.looks = 0
        self._look = look
        self._rate_hz = device.params.rate_hz
        self._timer = loop.timer(self._on_tick)
        self._start_ns = 0
        self._tick = 0
        self._merged = 0

    def start(self, now_ns: int) -> None:
        """The first tick is one period after `now_ns`."""
        self._start_ns, self._tick = now_ns, 1
        self._timer.arm(self._due_ns(1))

    def stop(self) -> None:
        """Forget the grid."""
        self._timer.disarm()

    def _due_ns(self, tick: int) -> int:
        return self._start_ns + tick * self._period_frames * NS_PER_S // self._rate_hz

    def _on_tick(self, now_ns: int) -> None:
        self.looks += 1
        self._tick += 1
        if self._due_ns(self._tick) <= now_ns:  # late by whole periods: one look serves them all
            tick = (now_ns - self._start_ns) * self._rate_hz // (self._period_frames * NS_PER_S) + 1
            self._merged += tick - self._tick
            self._tick = tick
        self._timer.arm(self._due_ns(self._tick))
        self._look(now_ns)

    def looked(self, seen: Seen, now_ns: int) -> None:
        """The grid stands, whatever was seen."""

    def statistics(self) -> Mapping[str, int | float | str]:
        """`merged`: ticks that a late look served together with an earlier one."""
        return {"merged": self._merged}
