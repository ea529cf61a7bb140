"""A PCM's poll descriptors as interrupts: one call for each period's boundary that was passed, and none for nothing.

A descriptor becomes ready for several reasons: a period has passed, there is room again, the PCM has stopped, or
somebody asked a card for its position.  And some plugins forget to wake, or cards that were filled to the brim.  So at
each wake-up the position decides; what that itself woke is forgotten, or it would go on for ever; and should none come
in time, a timer asks, half a period after the boundary was due.

A playing card's descriptor becomes ready to write, a plugin's pipe to read, and a loop listens for reading alone: so
all are gathered in an epoll of their own, which is ready to read when any of them is.
"""

import select
from collections.abc import Iterable
from errno import ENOSYS

from backend.devices.alsa.pcm import Pcm
from backend.devices.api import AudioDevice, DeviceError
from hosts.api import Handle, Loop, OnTime

NS_PER_S = 1_000_000_000


class PeriodInterrupts:
    """Listens until `cancel`.  Raises DeviceError(ENOSYS) for a card that was told to be silent."""

    def __init__(self, loop: Loop, device: AudioDevice, pcm: Pcm, callback: OnTime) -> None:
        self.idle_wakes = 0
        """Wake-ups at which no boundary had been passed."""
        self.missed_wakes = 0
        """Boundaries that only the timer found."""
        if not device.capabilities.interrupts:
            raise DeviceError(ENOSYS, f"{pcm.name}: its period wake-ups are off")
        self._device = device
        self._pcm = pcm
        self._callback = callback
        self._period_frames = device.params.period_frames
        position = device.position(loop.now_ns())
        self._passed = position // self._period_frames
        self._timer = loop.timer(self._on_timer)
        self._ready = _gathered(pcm.descriptors)
        self._watch: Handle | None = loop.watch_fd(self._ready.fileno(), self._on_ready) if self._ready else None
        self._await_next(position, loop.now_ns())

    def _on_ready(self, now_ns: int) -> None:
        self._acknowledge()
        if not self._look(now_ns):
            self.idle_wakes += 1

    def _acknowledge(self) -> None:
        if self._ready is not None:
            for descriptor, _events in self._ready.poll(0):
                self._pcm.acknowledge(descriptor)

    def _on_timer(self, now_ns: int) -> None:
        if self._look(now_ns):
            self.missed_wakes += 1

    def _look(self, now_ns: int) -> bool:
        """Tell if a boundary was passed; whether one was."""
        try:
            position = self._device.position(now_ns)
        except DeviceError:
            self.cancel()
            self._callback(now_ns)  # whoever listens finds out as we did
            return True
        self._acknowledge()
        self._await_next(position, now_ns)
        passed, self._passed = self._passed, position // self._period_frames
        if passed == self._passed:
            return False
        self._callback(now_ns)
        return True

    def _await_next(self, position: int, now_ns: int) -> None:
        left_frames = self._period_frames - position % self._period_frames + self._period_frames // 2
        self._timer.arm(now_ns + left_frames * NS_PER_S // self._device.params.rate_hz)

    def cancel(self) -> None:
        """Listen no more.  Harmless twice."""
        self._timer.disarm()
        if self._watch is not None and self._ready is not None:
            self._watch.cancel()
            self._ready.close()
        self._watch = self._ready = None


def _gathered(descriptors: Iterable[int]) -> select.epoll | None:
    """All of them in one, each heard of once for each time it becomes ready; none for none."""
    ready = None
    for descriptor in descriptors:
        ready = ready or select.epoll()
        ready.register(descriptor, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    return ready
