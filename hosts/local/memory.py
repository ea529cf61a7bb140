"""The memory of one local application's region: a sealed memfd, mapped by the backend and by the application.

It is made, and sealed against shrinking and growing, by the backend: so nobody who maps it ever gets SIGBUS.
"""

import mmap
import os
from contextlib import suppress

from hosts.memfd import SEALS, check_seals, make_sealed


class RegionMemory:
    """A mapping of the whole region behind `fd`, which is the caller's to close."""

    def __init__(self, fd: int, octets: int) -> None:
        self._map = mmap.mmap(fd, octets)
        self.view = memoryview(self._map)
        """All of it, writable."""

    def close(self) -> None:
        """Unmap it; where somebody still holds a view, as soon as nobody does.  Harmless twice."""
        with suppress(BufferError):
            self.view.release()
            self._map.close()


def make_region(octets: int) -> tuple[int, RegionMemory]:
    """A new region of zeroes, and our mapping of it.  Raises OSError."""
    fd = make_sealed("vsnd-local", octets)
    try:
        return fd, RegionMemory(fd, octets)
    except BaseException:
        os.close(fd)
        raise


def map_region(fd: int) -> RegionMemory:
    """Map the region that was handed to us.  Raises HostError(EINVAL) for what is none, OSError."""
    check_seals(fd, SEALS, "region")
    return RegionMemory(fd, os.fstat(fd).st_size)
