"""Naive timer pacing, as snd_be does it: to show what that costs.

When a look is done, wait for a period in whole milliseconds, rounded down.  Both are wrong: the wait begins when the
last look is over, so that whatever made it late, and its own work, is never made up for; and 256 frames at 48 kHz, 5.33
ms, become 5.  Otherwise it is like `timer`; in particular the position is asked here, where snd_be counts its ticks.
"""

from collections.abc import Mapping

from backend.devices.api import AudioDevice
from backend.pacing.api import Seen
from backend.pacing.lead import PeriodLead
from hosts.api import Loop, OnTime

NS_PER_MS = 1_000_000


class NaiveTimerSource(PeriodLead):
    """Looks a period after the last look."""

    name = "timer-naive"

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        super().__init__(device)
        self.looks = 0
        self._loop = loop
        self._look = look
        self._timer = loop.timer(self._on_time)
        self._running = False
        # without the 1, a period below it would have it look again at once and for ever
        self._wait_ms = max(1, device.params.period_frames * 1000 // device.params.rate_hz)
        self._wait_ns = self._wait_ms * NS_PER_MS

    def start(self, now_ns: int) -> None:
        """The first look is one wait after `now_ns`."""
        self._running = True
        self._timer.arm(now_ns + self._wait_ns)

    def stop(self) -> None:
        """No more looks."""
        self._running = False
        self._timer.disarm()

    def _on_time(self, now_ns: int) -> None:
        self.looks += 1
        self._look(now_ns)
        if self._running:
            self._timer.arm(self._loop.now_ns() + self._wait_ns)

    def looked(self, seen: Seen, now_ns: int) -> None:
        """What was seen changes nothing."""

    def statistics(self) -> Mapping[str, int | float | str]:
        """`wait_ms`: what became of the period."""
        return {"wait_ms": self._wait_ms}
