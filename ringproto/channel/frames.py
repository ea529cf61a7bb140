"""Messages in a stream of octets: four octets that say how long, then the message.

A message with descriptors cannot go through memory.  It goes over the socket, and in the stream stands a mark where it
belongs: so the order is kept.
"""

import struct
from typing import Final

from ringproto.channel.packets import MESSAGE_OCTETS_MAX
from ringproto.errors import Errno, ProtocolError

_LENGTH = struct.Struct("=I")
LENGTH_OCTETS = _LENGTH.size

_ELSEWHERE = 0xFFFF_FFFF
MARK: Final = _LENGTH.pack(_ELSEWHERE)
"""The next message comes over the socket."""


class Elsewhere:
    """What stands for a message that comes over the socket."""


ELSEWHERE: Final = Elsewhere()


def frame(octets: bytes) -> bytes:
    """The message as it goes into the stream."""
    return _LENGTH.pack(len(octets)) + octets


class Deframer:
    """Takes a stream apart.  It holds at most one message that is not complete, and what was fed last."""

    __slots__ = ("_at", "_stream")

    def __init__(self) -> None:
        self._stream = b""
        self._at = 0

    def feed(self, octets: bytes) -> None:
        """The stream goes on."""
        self._stream = self._stream[self._at :] + octets if self._at < len(self._stream) else octets
        self._at = 0

    def take(self) -> bytes | Elsewhere | None:
        """The next message, None when it is not complete.

        Raises ProtocolError(EINVAL) for a length that no message has; there is no way on from there.
        """
        begin = self._at + LENGTH_OCTETS
        if begin > len(self._stream):
            return None
        (length,) = _LENGTH.unpack_from(self._stream, self._at)
        if length == _ELSEWHERE:
            self._at = begin
            return ELSEWHERE
        if not 1 <= length <= MESSAGE_OCTETS_MAX:
            raise ProtocolError(Errno.EINVAL, f"length: {length} octets, want 1 to {MESSAGE_OCTETS_MAX}")
        end = begin + length
        if end > len(self._stream):
            return None
        self._at = end
        return self._stream[begin:end]
