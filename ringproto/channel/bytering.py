"""A ring of octets with one writer and one reader.

Theory.  The only shared word is how many octets are in it: the writer adds what it has written, the reader subtracts
what it has read.  Where each of them is, only itself knows, so nobody can send it elsewhere.  Octets are copied before
the writer's addition and before the reader's subtraction, each an atomic operation that orders them.

A writer that found no room sleeps, so who made room in a ring that was *full* must wake it.  No message is needed to
know that: the subtraction tells what the count was.
"""

from ringproto.channel.layout import RingPlace
from ringproto.channel.words import Words
from ringproto.errors import Errno, ProtocolError


class _Ring:
    """One end of one ring."""

    __slots__ = ("_at", "_count_word", "_octets", "_size", "_words")

    def __init__(self, block: memoryview, words: Words, place: RingPlace) -> None:
        self._words = words
        self._count_word = place.count_word
        self._size = place.octets
        self._octets = block[place.first_octet : place.first_octet + place.octets]
        self._at = 0

    def release(self) -> None:
        """Let go of the block."""
        self._octets.release()

    def _count(self) -> int:
        count = self._words.load(self._count_word)
        if count > self._size:
            raise ProtocolError(Errno.EINVAL, f"count: {count} octets in a ring of {self._size}")
        return count


class RingWriter(_Ring):
    """Its end that writes."""

    __slots__ = ()

    def write(self, octets: bytes | bytearray) -> int:
        """Write as much as there is room for now; how much that was.

        Raises ProtocolError(EINVAL) when the reader claims an impossible count.
        """
        size = min(len(octets), self._size - self._count())
        if size == 0:
            return 0
        at, end = self._at, self._at + size
        if end <= self._size:
            self._octets[at:end] = octets[:size]
        else:
            first = self._size - at
            self._octets[at:] = octets[:first]
            self._octets[: end - self._size] = octets[first:size]
        self._at = end % self._size
        self._words.add(self._count_word, size)
        return size


class RingReader(_Ring):
    """Its end that reads."""

    __slots__ = ()

    def read(self) -> tuple[bytes, bool]:
        """All that is there now, copied once; and whether the writer is to be told that there is room again.

        Raises ProtocolError(EINVAL) when the writer claims an impossible count.
        """
        size = self._count()
        if size == 0:
            return b"", False
        at, end = self._at, self._at + size
        if end <= self._size:
            octets = bytes(self._octets[at:end])
        else:
            octets = b"".join((self._octets[at:], self._octets[: end - self._size]))
        self._at = end % self._size
        return octets, self._words.add(self._count_word, -size) >= self._size
