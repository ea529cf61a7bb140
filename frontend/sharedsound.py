"""The buffer that a PCM shares with its backend: pages, their directory, and which part of it holds no sound."""

from hosts.api import Host
from ringproto.buffer import SharedBuffer
from ringproto.pagedir import build_directory, data_pages, directory_pages


class SharedSound(SharedBuffer):
    """A buffer of `size_octets`, granted to domain `peer` until `end`."""

    __slots__ = ("_grants", "gref_directory")

    def __init__(self, host: Host, peer: int, size_octets: int) -> None:
        data = host.share(peer, data_pages(size_octets))
        directory = host.share(peer, directory_pages(size_octets), writable=False)
        build_directory(data.refs, directory.refs, directory.pages)
        super().__init__(data.pages, size_octets)
        self.gref_directory = directory.refs[0]
        self._grants = (data, directory)

    def end(self) -> None:
        """Take it back."""
        self.release()
        for grant in self._grants:
            grant.end()


def spare_place(first: int, used: int, wanted: int, size: int) -> int | None:
    """Where `wanted` neighbouring places of a circular buffer of `size` are free, if `used` from `first` on are not.

    It is the first such place behind the used ones; None when there is none.
    """
    at = (first + used) % size
    skipped = 0 if at + wanted <= size else size - at
    return (at + skipped) % size if used + skipped + wanted <= size else None
