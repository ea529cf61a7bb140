"""One end of an emulated event channel: a bell to hear by, and the button of the peer's."""

import os
from collections.abc import Callable

from hosts.api import Handle, Loop, OnTime


class EmuChannel:
    """A port.  The daemon is not in between: we press, the peer hears.  See `hosts.emu.tables.Doorbell`."""

    def __init__(self, port: int, hears: int, rings: int, loop: Loop, free_port: Callable[[int], None]) -> None:
        self.port = port
        self._hears = hears
        self._rings = rings
        self._loop = loop
        self._free_port = free_port
        self._watch: Handle | None = None
        self._open = True

    def on_notify(self, callback: OnTime) -> None:
        """Have `callback(now_ns)` called after the peer notified.

        The bell is watched edge triggered and nothing is read: each ring is a new edge, and the kernel adds them up.
        """
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._loop.watch_fd(self._hears, callback)

    def notify(self) -> None:
        """Ring the peer."""
        if self._open:
            try:
                os.eventfd_write(self._rings, 1)
            except BlockingIOError:
                return  # 2**64 - 1 rings unheard: it is rung

    def close(self) -> None:
        """Free the port.  Harmless twice."""
        if not self._open:
            return
        self._open = False
        if self._watch is not None:
            self._watch.cancel()
        os.close(self._hears)
        os.close(self._rings)
        self._free_port(self.port)
