"""Xenstore messages, sans-I/O: octets in, messages out, and back.  The server and every client share this file.

A message is a header of four u32 in the machine's own byte order (kind, request id, transaction id, payload length)
and a payload of at most 4096 octets.  Clients are free to send the header and the payload in separate writes, and the
kernel to join them, so a stream is fed in as it comes and whole messages are taken out.

Rules:

1. A length above 4096 cannot be skipped honestly: the stream is lost, and its owner drops the connection.
2. Errors travel as names ("ENOENT"), because errno numbers differ between the systems on the two sides.
3. Text is UTF-8 where it is text, and survives unchanged where it is not.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from ringproto.errors import Errno, ProtocolError

HEADER = struct.Struct("=4I")
#: XENSTORE_PAYLOAD_MAX of public/io/xs_wire.h.
PAYLOAD_OCTETS_MAX = 4096
assert HEADER.size == 16


class Kind(IntEnum):
    """What a message asks for or tells (public/io/xs_wire.h)."""

    CONTROL = 0
    DIRECTORY = 1
    READ = 2
    GET_PERMS = 3
    WATCH = 4
    UNWATCH = 5
    TRANSACTION_START = 6
    TRANSACTION_END = 7
    INTRODUCE = 8
    RELEASE = 9
    GET_DOMAIN_PATH = 10
    WRITE = 11
    MKDIR = 12
    RM = 13
    SET_PERMS = 14
    WATCH_EVENT = 15
    ERROR = 16
    IS_DOMAIN_INTRODUCED = 17
    RESUME = 18
    SET_TARGET = 19
    RESET_WATCHES = 21
    DIRECTORY_PART = 22
    GET_FEATURE = 23
    SET_FEATURE = 24
    GET_QUOTA = 25
    SET_QUOTA = 26


#: The errors a client may be told; it would take any other for EINVAL.
WIRE_ERRORS = frozenset(
    {
        Errno.EINVAL,
        Errno.EACCES,
        Errno.EEXIST,
        Errno.EISDIR,
        Errno.ENOENT,
        Errno.ENOMEM,
        Errno.ENOSPC,
        Errno.EIO,
        Errno.ENOTEMPTY,
        Errno.ENOSYS,
        Errno.EROFS,
        Errno.EBUSY,
        Errno.EAGAIN,
        Errno.EISCONN,
        Errno.E2BIG,
        Errno.EPERM,
    }
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message either way; `kind` is a plain integer, as a peer may send one that nobody knows."""

    kind: int
    payload: bytes
    req_id: int = 0
    tx_id: int = 0


class Parser:
    """Octets of one stream, in any portions, to whole messages.  Holds less than a message more than it was fed."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._pending += data

    def take(self) -> Message | None:
        """The next whole message, or None until more is fed; ProtocolError(EINVAL) when the stream is lost."""
        if len(self._pending) < HEADER.size:
            return None
        kind, req_id, tx_id, length = HEADER.unpack_from(self._pending)
        if length > PAYLOAD_OCTETS_MAX:
            message = f"xenstore payload of {length} octets: at most {PAYLOAD_OCTETS_MAX} are allowed"
            raise ProtocolError(Errno.EINVAL, message)
        end = HEADER.size + length
        if len(self._pending) < end:
            return None
        payload = bytes(self._pending[HEADER.size : end])
        del self._pending[:end]
        return Message(kind, payload, req_id, tx_id)


def pack_message(message: Message) -> bytes:
    """The octets of a message; its payload must fit (our own bug otherwise)."""
    length = len(message.payload)
    assert length <= PAYLOAD_OCTETS_MAX
    return HEADER.pack(message.kind, message.req_id, message.tx_id, length) + message.payload


def encode_text(text: str) -> bytes:
    """Text as it travels and is stored."""
    return text.encode("utf-8", "surrogateescape")


def decode_text(octets: bytes) -> str:
    """The text of any octets; encodes back to the very same octets."""
    return octets.decode("utf-8", "surrogateescape")


def pack_strings(*strings: str) -> bytes:
    """Each string, ended by a NUL."""
    return b"".join(encode_text(string) + b"\0" for string in strings)


def split_strings(payload: bytes) -> tuple[str, ...]:
    """Strings ended by a NUL each; ProtocolError(EINVAL) when the last one is not."""
    if payload and payload[-1]:
        raise ProtocolError(Errno.EINVAL, "xenstore payload does not end with a NUL")
    return tuple(decode_text(string) for string in payload.split(b"\0")[:-1])


def pack_error(number: int) -> bytes:
    """The payload of an ERROR message for an errno; whatever has no name on the wire becomes EINVAL."""
    return pack_strings(Errno(number).name if number in WIRE_ERRORS else "EINVAL")


def error_number(payload: bytes) -> Errno:
    """The errno that an ERROR message names; an unknown name is EINVAL."""
    name = decode_text(payload.rstrip(b"\0"))
    return Errno[name] if name in Errno.__members__ else Errno.EINVAL
