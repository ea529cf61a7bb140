"""PeriodSource: decides only *when to look* at a device.

What is then reported to guests is always the device's position, so that timer, interrupt and adaptive pacing differ in
exactly one thing and an experiment compares exactly that.
"""

from typing import Protocol


class PeriodSource(Protocol):
    """Calls `look(now_ns)`, given at construction, while started."""

    @property
    def looks(self) -> int:
        """How often it called since construction."""
        ...

    def start(self, now_ns: int) -> None:
        """The device has just started at `now_ns`."""

    def stop(self) -> None:
        """No more looks until started again."""
