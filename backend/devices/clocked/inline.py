"""A card that lives on its driver's own loop: for simulated time, where there are no processes.

Doorbell and interrupts are callbacks of the loop, so nothing is ever called from within a call.
"""

from backend.devices.clocked.hardware import Hardware
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Registers, memory_octets
from hosts.api import Handle, Loop, OnTime
from ringproto.card import Direction


class InlineBus:
    """The way to a card in the same process.  Raises DeviceError naming a file that cannot be opened."""

    kind = "inline"

    def __init__(self, options: ClockedOptions, direction: Direction, loop: Loop) -> None:
        self.memory = memoryview(bytearray(memory_octets(options)))
        self.alive = True
        self._loop = loop
        self._listeners: list[_Listener] = []
        registers = Registers(self.memory)
        registers.identify(options)
        registers.release()
        self._hardware = Hardware(options, direction, loop, self.memory, self._interrupt)

    def ring_doorbell(self) -> None:
        """Have the card read its registers, soon."""
        self._loop.call_soon(self._doorbell)

    def listen(self, loop: Loop, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` at each interrupt; `loop` is the card's own."""
        assert loop is self._loop
        listener = _Listener(self._listeners, callback)
        self._listeners.append(listener)
        return listener

    def close(self) -> None:
        """Switch the card off.  Harmless twice."""
        if self.alive:
            self.alive = False
            self._hardware.close(self._loop.now_ns())
            self._listeners.clear()

    def _doorbell(self, now_ns: int) -> None:
        if self.alive:
            self._hardware.on_doorbell(now_ns)

    def _interrupt(self, now_ns: int) -> None:
        for listener in tuple(self._listeners):
            listener.callback(now_ns)


class _Listener:
    """A place on the interrupt line."""

    def __init__(self, line: "list[_Listener]", callback: OnTime) -> None:
        self._line = line
        self.callback = callback

    def cancel(self) -> None:
        """Leave the line."""
        if self in self._line:
            self._line.remove(self)
