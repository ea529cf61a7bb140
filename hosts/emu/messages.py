"""What a domain and the machine's daemon say to each other about pages and ports: one message each way, with fds.

Messages are JSON on a SOCK_SEQPACKET socket, so they have edges and a bound.  Which socket a domain connected to says
who it is; no message does.
"""

import array
import socket
from collections.abc import Sequence
from errno import EBADMSG
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hosts.api import HostError

MESSAGE_OCTETS_MAX = 1 << 15
FDS_MAX = 64
"""Descriptors in one message, and so shares that one mapping may be made of.  The kernel allows 253."""

REFS_MAX = 2048
"""In one mapping: two of the largest audio buffers."""

Domid = Annotated[int, Meta(ge=0, le=0x7FEF)]  # below DOMID_FIRST_RESERVED of public/xen.h
Number = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
PageCount = Annotated[int, Meta(ge=1, le=2048)]  # two of the largest audio buffers


class Share(msgspec.Struct, frozen=True, tag=True):
    """Let `peer` map the pages of the memfd that comes along."""

    peer: Domid
    pages: PageCount
    writable: bool


class EndShare(msgspec.Struct, frozen=True, tag=True):
    """Take back what was shared with this first reference."""

    first_ref: Number


class Map(msgspec.Struct, frozen=True, tag=True):
    """Give me these pages of `peer`'s."""

    peer: Domid
    refs: Annotated[list[Number], Meta(min_length=1, max_length=REFS_MAX)]
    writable: bool


class Offer(msgspec.Struct, frozen=True, tag=True):
    """Make a port that `peer` may bind."""

    peer: Domid


class Bind(msgspec.Struct, frozen=True, tag=True):
    """Bind the port that `peer` offered me."""

    peer: Domid
    port: Number


class ClosePort(msgspec.Struct, frozen=True, tag=True):
    """Free a port of mine."""

    port: Number


class Done(msgspec.Struct, frozen=True, tag=True):
    """It is done.  `number` is the first reference, or the port; the fds of a port are the one to hear, then the one
    to ring.
    """

    number: int = 0


class Mapped(msgspec.Struct, frozen=True, tag=True):
    """For each reference: which of the fds that come along, and which of its pages."""

    pages: list[tuple[int, int]]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It is not done."""

    errno: int
    why: str


Request = Share | EndShare | Map | Offer | Bind | ClosePort
Reply = Done | Mapped | Refused

T = TypeVar("T")
Fds = Sequence[int]

_encode = msgspec.json.Encoder().encode
requests = msgspec.json.Decoder(Request)
replies = msgspec.json.Decoder(Reply)


def broker_path(machine: Path, domid: int) -> Path:
    """The socket over which domain `domid` shares pages and binds ports."""
    return machine / f"dom{domid}" / "broker"


def store_path(machine: Path, domid: int) -> Path:
    """The socket over which domain `domid` speaks xenstore's own protocol (for `XENSTORED_PATH` too)."""
    return machine / f"dom{domid}" / "xenstored"


def send(connection: socket.socket, message: Request | Reply, fds: Fds = ()) -> None:
    """Send one message.  Raises OSError (BlockingIOError when the other side does not read)."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    connection.sendmsg([_encode(message)], rights, socket.MSG_NOSIGNAL)


def receive(connection: socket.socket, decoder: msgspec.json.Decoder[T]) -> tuple[T, list[int]] | None:
    """One message and the fds that came along, which are the caller's to close; None at the end of the stream.

    Raises HostError(EBADMSG) for what is no message, having closed what came with it, and OSError.
    """
    space = socket.CMSG_SPACE(FDS_MAX * array.array("i").itemsize)
    octets, ancillary, flags, _ = connection.recvmsg(MESSAGE_OCTETS_MAX, space, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    if not octets:
        close_all(fds)
        return None
    try:
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise HostError(EBADMSG, "too long, or too many descriptors")
        return decoder.decode(octets), list(fds)
    except (ValueError, RecursionError, HostError) as error:  # all that msgspec raises, bad UTF-8 and deep nesting too
        close_all(fds)
        raise HostError(EBADMSG, f"not a message: {error}") from error


def close_all(fds: Sequence[int]) -> None:
    """Close descriptors."""
    for fd in fds:
        socket.close(fd)
