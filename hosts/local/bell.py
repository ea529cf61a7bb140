"""The bell that a backend rings once a cycle, and a local application sleeps on: one system call each.

The application is given an epoll set with the backend's eventfd in it, see `hosts.emu.tables.Doorbell`: so it can
neither fill the counter, on which the backend would then sleep, nor ring in the backend's place.  The set is edge
triggered, so waiting is all there is to do: nothing is read.
"""

import os
import select
import time
from contextlib import suppress

from hosts.emu.tables import make_doorbell

__all__ = ["Bell", "Listener"]


class Bell:
    """The backend's end.  Raises OSError."""

    def __init__(self) -> None:
        self._doorbell = make_doorbell()

    @property
    def fd(self) -> int:
        """What the application is given."""
        return self._doorbell.bell

    def ring(self) -> None:
        """Never blocks."""
        with suppress(BlockingIOError):  # 2**64 - 1 rings unheard: it is rung
            os.eventfd_write(self._doorbell.button, 1)

    def close(self) -> None:
        """Let go of it."""
        self._doorbell.close()


class Listener:
    """The application's end, `fd` being what it was given; it is the listener's from here on.

    To the thread that sleeps on it, it is what a loop is to others, the clock included.
    """

    def __init__(self, fd: int) -> None:
        self._epoll = select.epoll.fromfd(fd)
        self._leave = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._leave, select.EPOLLIN)
        self.has_left = False
        """Whether `leave` was called."""

    def wait(self, limit_s: float) -> bool:
        """Sleep until the bell rings, or has since the last time; False when it did not for so long, or `leave`."""
        return bool(self._epoll.poll(limit_s)) and not self.has_left

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC, as loops have it."""
        return time.monotonic_ns()

    def leave(self) -> None:
        """Have the one who waits, in another thread, wait no more."""
        self.has_left = True
        os.eventfd_write(self._leave, 1)

    def close(self) -> None:
        """Let go of it; nobody waits any more."""
        self._epoll.close()
        os.close(self._leave)
