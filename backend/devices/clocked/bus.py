"""Bus: what lies between a driver and its card, be the card on the same loop or in another process."""

from typing import Protocol

from hosts.api import Handle, Loop, OnTime


class Bus(Protocol):
    """How a driver reaches its card."""

    @property
    def kind(self) -> str:
        """Where the card is, for the result file."""
        ...

    @property
    def memory(self) -> memoryview:
        """Registers and ring."""
        ...

    @property
    def alive(self) -> bool:
        """Whether the card is there."""
        ...

    def ring_doorbell(self) -> None:
        """Have the card read its registers."""

    def listen(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` at each interrupt, and once when the card is lost."""
        ...

    def close(self) -> None:
        """Switch the card off; its files are complete afterwards.  Views of `memory` must have been released."""
