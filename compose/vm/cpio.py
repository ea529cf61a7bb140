"""Archives that a kernel unpacks as its first file system: cpio, in the "newc" format.

Each entry is a header of 13 eight-digit hexadecimal numbers behind a magic, the name, and the content, each padded to
four octets (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
"""

from stat import S_IFDIR, S_IFREG

MAGIC = b"070701"


class Archive:
    """An archive that grows; `finish` gives its octets.  Everything in it belongs to root."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._entries = 0

    def folder(self, name: str) -> None:
        """Add a folder; the one that it is in comes first."""
        self._add(name, S_IFDIR | 0o755, b"")

    def file(self, name: str, content: bytes, *, executable: bool = False) -> None:
        """Add a file."""
        self._add(name, S_IFREG | (0o755 if executable else 0o644), content)

    def finish(self) -> bytes:
        """The whole archive."""
        self._add("TRAILER!!!", 0, b"")
        return b"".join(self._parts)

    def _add(self, name: str, mode: int, content: bytes) -> None:
        self._entries += 1
        named = name.encode() + b"\0"
        numbers = (self._entries, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(named), 0)
        header = MAGIC + b"".join(b"%08x" % number for number in numbers)
        self._parts += [_padded(header + named), _padded(content)]


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
