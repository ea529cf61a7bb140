"""Port: what an output and an input have in common, which is one device, its lines, and who pays when something fails.

* The device fails: it is given up, said once, and every line told, whose guests get the error with their next request.
* A line fails: that is an error of ours, and costs that guest its connection, nobody else anything.
* Something fails of which nobody knows whose it is: every guest on this device starts over.
"""

import logging
from collections.abc import Callable
from errno import ENODEV
from typing import Generic, Protocol, TypeVar

from backend.dates import Dates
from backend.devices.api import AudioDevice, DeviceError
from backend.mixing.spec import SampleSpec
from backend.pacing.api import PeriodSource
from backend.pacing.choose import MakePacing
from hosts.api import Loop
from ringproto.errors import Errno

log = logging.getLogger("vsnd.backend")


class PortLine(Protocol):
    """What a port needs of any stream."""

    def lost(self, error: DeviceError) -> None:
        """The device is gone, and will not be heard of again."""

    def fail(self, error: Exception) -> None:
        """Something went wrong in this line."""


def wire_errno(error: DeviceError) -> Errno:
    """What guests are told of it: numbers that Xen does not have are EIO."""
    return Errno(error.errno) if error.errno in set(Errno) else Errno.EIO


LineT = TypeVar("LineT", bound=PortLine)


class Port(Generic[LineT]):
    """One device and its lines.  Not used by itself: see Output, Input."""

    def __init__(
        self, name: str, device: AudioDevice, loop: Loop, make_pacing: MakePacing, dates: Dates | None = None
    ) -> None:
        self.name = name
        self.device = device
        self.spec = SampleSpec(device.params.format, device.params.channels, device.params.rate_hz)
        self._loop = loop
        self._dates = dates
        self._pacing = make_pacing(loop, self.look, device)
        self._lines: list[LineT] = []
        self.failed = False
        """The device is gone; whoever wants it has to open it anew."""

    @property
    def pacing(self) -> PeriodSource:
        """What decides when it is looked at."""
        return self._pacing

    @property
    def looks(self) -> int:
        """How often the pacing made us look."""
        return self._pacing.looks

    @property
    def streams(self) -> int:
        """How many are played or recorded now."""
        return len(self._lines)

    @property
    def next_frame(self) -> int:
        """The device's frame that a line which joins now begins with."""
        return self.device.written_frames

    def look(self, now_ns: int) -> None:
        """Ask the device where it is, and act on it."""
        try:
            self._look(now_ns)
        except DeviceError as error:
            self._give_up(error)
        except Exception as error:  # of ours, nobody knows in whose line
            for line in tuple(self._lines):
                line.fail(error)

    def _look(self, now_ns: int) -> None:
        """Each direction's own."""

    def _let(self, line: LineT, act: Callable[..., None], *arguments: int) -> None:
        """Have a line do something; one that cannot is ended, and the others go on."""
        try:
            act(*arguments)
        except DeviceError:
            raise
        except Exception as error:
            line.fail(error)

    def _ask_position(self, now_ns: int) -> int:
        """Where the device is now.  Raises DeviceError."""
        position = self.device.position(now_ns)
        if self._dates is not None:
            self._dates.seen(position, now_ns)
        return position

    def _check_alive(self) -> None:
        if self.failed:
            raise DeviceError(ENODEV, f"{self.name} is gone")

    def _give_up(self, error: DeviceError) -> None:
        log.warning("device %s: %s", self.name, error.strerror)
        self.failed = True
        self._pacing.stop()
        lines = tuple(self._lines)
        self._forget_all()
        for line in lines:
            line.lost(error)

    def _forget_all(self) -> None:
        self._lines.clear()

    def close(self) -> None:
        """Stop and give the device back."""
        self._pacing.stop()
        self.device.close()
