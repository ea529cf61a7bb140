"""PeriodSource: decides only *when to look* at a device, and how far ahead of it to fill.

What is then reported to guests is always the device's position, so that timer, interrupt and adaptive pacing differ in
exactly this and an experiment compares exactly that.

`backend.pacing.checks.check_pacing` states the contract as a runnable check.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

NEVER = 1 << 62
"""A frame that no device reaches."""


class Seen(NamedTuple):
    """What a port found at a look, in the device's frames."""

    position: int
    left: int
    """How many frames it had left before it would have run dry (playback) or over (capture)."""
    edge: int
    """Where it runs dry, or over, if nobody looks again."""
    due: int
    """The earliest end of a guest's period that its guest was not told of; NEVER without any."""


class PeriodSource(Protocol):
    """Calls `look(now_ns)`, given at construction, while started."""

    name: str
    """As the operator calls it."""
    looks: int
    """How often it called since construction."""

    @property
    def hungry(self) -> bool:
        """Whether a look as soon as frames come in would save another one."""
        ...

    @property
    def least_frames(self) -> int:
        """How far ahead of its position a device is filled at least: no guest can be heard sooner."""
        ...

    def start(self, now_ns: int) -> None:
        """The device has just started at `now_ns`.  Raises DeviceError(ENOSYS) for one that lacks what it takes."""

    def stop(self) -> None:
        """No more looks until started again."""

    def fill_until(self, position: int, latency_frames: int) -> int:
        """The frame up to which to fill, if the most demanding guest wants to be heard in so many frames."""
        ...

    def must_until(self, position: int, edge: int) -> int:
        """The frame up to which to fill even if guests' frames are missing; `edge` is where it is filled to now."""
        ...

    def looked(self, seen: Seen, now_ns: int) -> None:
        """A port has looked (because it was called, or because frames came in) and this is what it found."""

    def changed(self, now_ns: int) -> None:
        """Somebody has joined, who may have to be told earlier than was known."""

    def rewound(self) -> None:
        """What was filled ahead has been taken back, and will be filled again."""

    def statistics(self) -> Mapping[str, int | float | str]:
        """Facts for the result file: names with units."""
        ...
