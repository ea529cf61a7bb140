"""Opens a virtual card: in a process of its own, or on the loop itself where time is simulated."""

import os

from backend.devices.api import AudioDevice
from backend.devices.clocked.bus import Bus
from backend.devices.clocked.driver import ClockedCapture, ClockedPlayback
from backend.devices.clocked.inline import InlineBus
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.process import ProcessBus
from backend.devices.registry import Driver
from hosts.api import HostError, Loop
from ringproto.card import Direction


def open_clocked(options: ClockedOptions, direction: Direction, loop: Loop, user: str = "") -> AudioDevice:
    """The card's driver, card ready.  Raises DeviceError with what the card says is wrong (a file, mostly)."""
    del user  # a card has no names
    bus: Bus = (ProcessBus if _is_real(loop) else InlineBus)(options, direction, loop)
    device = ClockedPlayback if direction is Direction.PLAYBACK else ClockedCapture
    return device(options, loop, bus)


def _is_real(loop: Loop) -> bool:
    """Simulated time has no file descriptors, and a process would not live in it."""
    fd = os.eventfd(0)
    try:
        loop.watch_fd(fd, lambda _now_ns: None).cancel()
    except HostError:
        return False
    finally:
        os.close(fd)
    return True


DRIVER = Driver(ClockedOptions, open_clocked, dates_itself=True)
