"""Pages as sealed memfds: what is shared can be mapped, and nothing else about it can change.

Every share is a memfd of its own, so whoever is given it is given just those pages.  It is sealed against shrinking,
so nobody who maps it ever gets SIGBUS, and against growing.  Pages granted to be read only are sealed against *future*
writing once the owner has mapped them: the kernel then refuses any writable mapping, whatever the peer tries.
"""

import fcntl
import mmap
import os
from collections.abc import Sequence
from errno import EINVAL

from hosts.api import HostError
from hosts.memfd import SEALS, check_seals
from ringproto.abi import PAGE_OCTETS

F_SEAL_FUTURE_WRITE = 0x10
"""linux/fcntl.h; not in Python's fcntl before 3.13."""

Views = tuple[memoryview, ...]


class MappedPages:
    """Some consecutive pages of a memfd, mapped; one memoryview each."""

    def __init__(self, fd: int, first_page: int, count: int, *, writable: bool) -> None:
        prot = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        self._map = mmap.mmap(fd, count * PAGE_OCTETS, mmap.MAP_SHARED, prot, offset=first_page * PAGE_OCTETS)
        self._all = memoryview(self._map)
        self.views: Views = tuple(self._all[at : at + PAGE_OCTETS] for at in range(0, count * PAGE_OCTETS, PAGE_OCTETS))

    def release(self) -> None:
        """Unmap.  Raises BufferError when a view cast from these pages is still held.  Harmless twice."""
        for view in self.views:
            view.release()
        self._all.release()
        self._map.close()


def make_share(pages: int, *, writable: bool) -> tuple[int, MappedPages]:
    """A new memfd of zeroed pages, sealed, and our own writable mapping of it."""
    fd = os.memfd_create("vsnd-pages", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, pages * PAGE_OCTETS)
        mapped = MappedPages(fd, 0, pages, writable=True)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS | (0 if writable else F_SEAL_FUTURE_WRITE))
    except BaseException:
        os.close(fd)
        raise
    return fd, mapped


def check_share(fd: int, pages: int, *, writable: bool) -> None:
    """Raise HostError(EINVAL) unless the descriptor is a memfd of that many pages that can change no more."""
    wanted = SEALS | (0 if writable else F_SEAL_FUTURE_WRITE)
    check_seals(fd, wanted, "shared pages")
    if os.fstatvfs(fd).f_bsize != mmap.PAGESIZE:  # huge pages, whose mapping may fail and whose holes are SIGBUS
        raise HostError(EINVAL, "shared pages: not ordinary pages")
    if os.fstat(fd).st_size != pages * PAGE_OCTETS:
        raise HostError(EINVAL, f"shared pages: {os.fstat(fd).st_size} octets, want {pages} pages")


def map_shares(fds: Sequence[int], pages: Sequence[tuple[int, int]], *, writable: bool) -> list[MappedPages]:
    """Map pages given as (which fd, which of its pages), neighbours in one mapping.  All or nothing.

    Raises HostError with the kernel's errno when it cannot map them.
    """
    mapped: list[MappedPages] = []
    try:
        for which, first, count in _runs(pages):
            mapped.append(MappedPages(fds[which], first, count, writable=writable))
    except OSError as error:
        for part in mapped:
            part.release()
        raise HostError(error.errno, f"pages cannot be mapped: {error.strerror}") from error
    return mapped


def _runs(pages: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Neighbouring pages as (which fd, first page, count)."""
    runs: list[tuple[int, int, int]] = []
    for which, page in pages:
        if runs:
            last, first, count = runs[-1]
            if last == which and first + count == page:
                runs[-1] = which, first, count + 1
                continue
        runs.append((which, page, 1))
    return runs
