"""Interrupt pacing: look when the card says that a period has passed.

An interrupt is a hint like every notification: it may be merged with others or come late.  The position asked at each
look says which periods passed.
"""

from backend.devices.api import AudioDevice
from hosts.api import Handle, Loop, OnTime


class IrqSource:
    """Looks at each interrupt of the device."""

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        self.looks = 0
        self._loop = loop
        self._look = look
        self._device = device
        self._line: Handle | None = None

    def start(self, now_ns: int) -> None:  # the card keeps its own time
        """Listen to the card."""
        if self._line is None:
            self._line = self._device.interrupts(self._loop, self._on_interrupt)

    def stop(self) -> None:
        """Stop listening."""
        if self._line is not None:
            self._line.cancel()
            self._line = None

    def _on_interrupt(self, now_ns: int) -> None:
        self.looks += 1
        self._look(now_ns)
