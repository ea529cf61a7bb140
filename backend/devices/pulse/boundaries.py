"""The boundaries of a server's periods as interrupts: a timer that goes by the server's own clock.

A server asks for frames when it likes, and tells where it is now and then.  When a boundary will be passed is known
from that to a fraction of a millisecond, so a timer is set to just after it, and the position decides.
"""

from backend.devices.api import AudioDevice, DeviceError
from hosts.api import Loop, OnTime

NS_PER_S = 1_000_000_000


class Boundaries:
    """Listens until `cancel`."""

    def __init__(self, loop: Loop, device: AudioDevice, callback: OnTime) -> None:
        self._device = device
        self._callback = callback
        self._period_frames = device.params.period_frames
        self._frame_ns = -(-NS_PER_S // device.params.rate_hz)
        self._passed = device.position(loop.now_ns()) // self._period_frames
        self._timer = loop.timer(self._look)
        self._await_next(loop.now_ns())

    def _look(self, now_ns: int) -> None:
        try:
            passed = self._device.position(now_ns) // self._period_frames
        except DeviceError:
            self._callback(now_ns)  # whoever listens finds out as we did
            return
        is_new, self._passed = passed != self._passed, passed
        self._await_next(now_ns)
        if is_new:
            self._callback(now_ns)  # which may close the device

    def _await_next(self, now_ns: int) -> None:
        """A frame after the boundary; while time stands, or the server is a little behind, ask again soon."""
        due_ns = self._device.frame_time_ns((self._passed + 1) * self._period_frames + 1, now_ns)
        soon_ns = now_ns + self._period_frames * self._frame_ns // 8
        late_ns = now_ns + 2 * self._period_frames * self._frame_ns
        self._timer.arm(min(max(due_ns, soon_ns), late_ns))

    def cancel(self) -> None:
        """Listen no more.  Harmless twice."""
        self._timer.disarm()
        self._callback = _nobody
        self._timer = _NoTimer()


def _nobody(now_ns: int) -> None:
    """Nobody listens any more."""


class _NoTimer:
    """Never fires."""

    def arm(self, due_ns: int) -> None:
        """Nothing."""

    def disarm(self) -> None:
        """Nothing."""
