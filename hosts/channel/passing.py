"""One packet on a SOCK_SEQPACKET socket, with descriptors: the system calls, and nothing kept."""

import array
import os
import socket
from collections.abc import Iterable
from errno import EBADMSG, EPIPE
from typing import NamedTuple

from hosts.channel.api import ChannelError
from ringproto.channel.packets import FDS_MAX, PACKET_OCTETS_MAX

_FD_OCTETS = array.array("i").itemsize
_SPACE_OCTETS = socket.CMSG_SPACE(FDS_MAX * _FD_OCTETS)


class Packet(NamedTuple):
    """What came in one."""

    kind: int
    """The first octet; a PacketKind if the sender keeps the rules."""
    octets: bytes
    """All others."""
    fds: tuple[int, ...] = ()
    """The receiver's to close."""


def send_packet(connection: socket.socket, packet: Packet) -> None:
    """Send one.  Raises OSError, of which BlockingIOError says that there is no room."""
    fds = packet.fds
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    connection.sendmsg((bytes((packet.kind,)), packet.octets), rights, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)


def receive_packet(connection: socket.socket, buffer: memoryview) -> Packet | None:
    """The next one, through `buffer` of PACKET_OCTETS_MAX octets; None when there is none now.

    Raises ChannelError(EPIPE) at the end, ChannelError(EBADMSG) for what is too long or has too many descriptors.
    """
    assert len(buffer) == PACKET_OCTETS_MAX
    wanted = socket.MSG_CMSG_CLOEXEC | socket.MSG_DONTWAIT
    try:
        octets, ancillary, flags, _ = connection.recvmsg_into([buffer], _SPACE_OCTETS, wanted)
    except BlockingIOError:
        return None
    except OSError as error:  # ECONNRESET: it went without having read all that we sent
        raise ChannelError(EPIPE, f"gone: {error.strerror}") from error
    fds = _descriptors(ancillary) if ancillary else ()
    if octets == 0:
        close_all(fds)
        raise ChannelError(EPIPE, "gone")
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        close_all(fds)
        raise ChannelError(EBADMSG, f"a packet of more than {PACKET_OCTETS_MAX} octets or {FDS_MAX} descriptors")
    return Packet(buffer[0], bytes(buffer[1:octets]), fds)


def close_all(fds: Iterable[int]) -> None:
    """Close descriptors."""
    for fd in fds:
        os.close(fd)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, ...]:
    fds = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data[: len(data) - len(data) % _FD_OCTETS])
    return tuple(fds)
