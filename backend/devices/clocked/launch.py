"""What a card's process is told on its command line, and what it says on its standard output.

It answers `READY`, or one line about what is wrong, once; the end of its output is the end of the card.  Its standard
input is the line that it lives on: when that is closed, by its driver or by the death of its driver's process, the
card closes its files and ends.
"""

from typing import Literal

from msgspec import Struct

from backend.devices.clocked.options import ClockedOptions

READY = b"ready\n"


class Launch(Struct, frozen=True, forbid_unknown_fields=True):
    """The one argument, as JSON; descriptors are inherited."""

    options: ClockedOptions
    direction: Literal["p", "c"]
    memory_fd: int
    """Registers and DMA ring (memfd)."""
    doorbell_fd: int
    """Driver to card (eventfd)."""
    interrupt_fd: int
    """Card to driver (eventfd)."""
