"""A device that is kept full, as an output does."""

from collections.abc import Callable

from backend.devices.api import AudioDevice
from hosts.loop import RealLoop


def _never() -> bool:
    return False


def feed(loop: RealLoop, device: AudioDevice, seconds: float, until: Callable[[], bool] = _never) -> bool:
    """Write silence for so long, or until something has happened; whether it has."""
    silence = memoryview(bytearray(device.params.buffer_frames * device.params.frame_octets))
    end_ns = loop.now_ns() + round(seconds * 1e9)
    while not until() and loop.now_ns() < end_ns:
        device.write(silence, loop.now_ns())
        loop.run_until(_never, loop.now_ns() + 5_000_000)
    return until()
