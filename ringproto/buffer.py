"""SharedBuffer: a stream's audio buffer, which is many pages anywhere in memory, as one range of octets.

Offsets and lengths come from requests, so they are checked here, in the one place that all copies pass.
"""

from collections.abc import Sequence

from ringproto.abi import PAGE_OCTETS
from ringproto.errors import Errno, ProtocolError


class SharedBuffer:
    """The first `size_octets` of `pages`, each 4096 octets."""

    __slots__ = ("_pages", "size_octets")

    def __init__(self, pages: Sequence[memoryview], size_octets: int) -> None:
        assert 0 < size_octets <= len(pages) * PAGE_OCTETS
        self._pages = list(pages)
        self.size_octets = size_octets

    def read_into(self, offset: int, into: memoryview) -> None:
        """Copy the octets at `offset` to `into`.  Raises ProtocolError(EINVAL) beyond the buffer."""
        self._check(offset, len(into))
        done, octets = 0, len(into)
        while done < octets:
            page, at = divmod(offset + done, PAGE_OCTETS)
            count = min(PAGE_OCTETS - at, octets - done)
            into[done : done + count] = self._pages[page][at : at + count]
            done += count

    def write_from(self, offset: int, source: memoryview) -> None:
        """Copy `source` to `offset`.  Raises ProtocolError(EINVAL) beyond the buffer."""
        self._check(offset, len(source))
        done, octets = 0, len(source)
        while done < octets:
            page, at = divmod(offset + done, PAGE_OCTETS)
            count = min(PAGE_OCTETS - at, octets - done)
            self._pages[page][at : at + count] = source[done : done + count]
            done += count

    def release(self) -> None:
        """Let go of the pages."""
        self._pages.clear()

    def _check(self, offset: int, length: int) -> None:
        if not 0 <= offset <= self.size_octets - length:
            raise ProtocolError(
                Errno.EINVAL, f"offset {offset}, length {length}: outside a buffer of {self.size_octets} octets"
            )
