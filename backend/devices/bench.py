"""Bench: a device under test on any loop, and the few ways that the rules of its contract use it in."""

from collections.abc import Callable

from backend.devices.api import AudioDevice
from hosts.api import Loop

NS_PER_S = 1_000_000_000


class Bench:
    """A device under test."""

    def __init__(self, device: AudioDevice, loop: Loop) -> None:
        self.device = device
        self.loop = loop
        self.period = device.params.period_frames
        self.buffer = device.params.buffer_frames
        self.grain = device.capabilities.position_granularity_frames
        self._block = memoryview(bytearray(2 * self.buffer * device.params.frame_octets))

    def position(self) -> int:
        """The device's position now."""
        return self.device.position(self.loop.now_ns())

    def write(self, frames: int) -> int:
        """Offer so many frames of silence."""
        return self.device.write(self._frames(frames), self.loop.now_ns())

    def rewind(self, frame: int) -> int:
        """Take back what was written from `frame` on; where the next write begins, as the device says in both ways."""
        left = self.device.rewind(frame, self.loop.now_ns())
        assert left == self.device.written_frames, f"rewind() says {left}, and {self.device.written_frames} are written"
        return left

    def read(self, frames: int) -> int:
        """Ask for so many frames."""
        return self.device.read(self._frames(frames), self.loop.now_ns())

    def _frames(self, frames: int) -> memoryview:
        return self._block[: frames * self.device.params.frame_octets]

    def start(self) -> int:
        """Start; returns the time that was given."""
        now_ns = self.loop.now_ns()
        self.device.start(now_ns)
        return now_ns

    def stop(self) -> None:
        """Stop now."""
        self.device.stop(self.loop.now_ns())

    def wait(self, periods: float) -> None:
        """Let about so many periods pass."""
        due_ns = self.loop.now_ns() + int(periods * self.period * NS_PER_S / self.device.params.rate_hz)
        self.wait_until(due_ns)

    def wait_until(self, due_ns: int) -> None:
        """Let time pass."""
        self.loop.run_until(lambda: False, due_ns)


Rule = Callable[[Bench], None]
"""Asserts one thing about a fresh, stopped device."""
