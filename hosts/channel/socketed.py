"""A message channel that stays on its socket."""

import socket
from collections.abc import Sequence
from errno import EBADMSG

from hosts.channel.api import ChannelError, Message, check_message
from hosts.channel.packetsocket import PacketSocket
from hosts.channel.passing import Packet, close_all
from ringproto.channel.packets import PacketKind


class SocketChannel:
    """One end, over a connected SOCK_SEQPACKET socket, which is ours from here on.  See `hosts.channel.api`.

    `why_no_rings` is what the other side is told when it would rather have shared rings.
    """

    def __init__(self, connection: socket.socket, why_no_rings: str = "not wanted") -> None:
        self._packets = PacketSocket(connection)
        self._why_no_rings = why_no_rings

    @property
    def is_shared(self) -> bool:
        """Never."""
        return False

    def fileno(self) -> int:
        """What to wait on."""
        return self._packets.fileno()

    def send(self, octets: bytes, fds: Sequence[int] = ()) -> None:
        """Send one message; never blocks.  Raises ValueError for one out of bounds."""
        check_message(octets, fds)
        self._packets.send(PacketKind.MESSAGE, octets, fds)

    def take(self) -> Message | None:
        """The next message, None when there is none now.  Raises ChannelError."""
        while (packet := self._packets.receive()) is not None:
            if packet.kind == PacketKind.MESSAGE and packet.octets:
                return Message(packet.octets, packet.fds)
            self._answer(packet)
        return None

    def before_poll(self) -> bool:
        """False: the kernel knows what has come, and wakes whoever waits."""
        return False

    def close(self) -> None:
        """Let go of everything."""
        self._packets.close()

    def _answer(self, packet: Packet) -> None:
        close_all(packet.fds)
        if packet.kind in {PacketKind.WISH, PacketKind.OFFER}:
            self._packets.send(PacketKind.REFUSED, self._why_no_rings.encode())
        elif packet.kind != PacketKind.REFUSED:
            self._packets.end(ChannelError(EBADMSG, f"a packet of kind {packet.kind}, which nobody asked for"))
