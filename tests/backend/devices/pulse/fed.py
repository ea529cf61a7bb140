"""A device that is kept full, or empty, as an output or an input does."""

from collections.abc import Callable

from backend.devices.api import AudioDevice
from hosts.loop import RealLoop


def _never() -> bool:
    return False


def feed(loop: RealLoop, device: AudioDevice, seconds: float, until: Callable[[], bool] = _never) -> bool:
    """Write silence for so long, or until something has happened; whether it has."""
    return _serve(loop, device.write, device, seconds, until)


def listen(loop: RealLoop, device: AudioDevice, seconds: float, until: Callable[[], bool] = _never) -> bool:
    """Read for so long, or until something has happened; whether it has."""
    return _serve(loop, device.read, device, seconds, until)


def _serve(
    loop: RealLoop,
    serve: Callable[[memoryview, int], int],
    device: AudioDevice,
    seconds: float,
    until: Callable[[], bool],
) -> bool:
    frames = memoryview(bytearray(device.params.buffer_frames * device.params.frame_octets))
    end_ns = loop.now_ns() + round(seconds * 1e9)
    while not until() and loop.now_ns() < end_ns:
        serve(frames, loop.now_ns())
        loop.run_until(_never, loop.now_ns() + 5_000_000)
    return until()
