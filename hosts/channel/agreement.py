"""Which way one side of a channel says and hears, and what it answers to packets that are about that.

The stages are `ringproto.channel.moving`'s; here the link is made, joined or let go of, and it is said once, through
`note`, how it ended: "rings", or "socket: " and why.
"""

import struct
from collections.abc import Callable
from errno import EPROTO

from hosts.api import HostError
from hosts.channel.link import Link, joined, offered, why_not
from hosts.channel.packetsocket import PacketSocket
from hosts.channel.passing import Packet, close_all
from ringproto.channel.layout import VERSION
from ringproto.channel.moving import HEARS_IN_RING, SAYS_IN_RING, Stage, after
from ringproto.channel.packets import PacketKind

_WISH = struct.Struct("=I")
_WHY_CHARACTERS_MAX = 200

Note = Callable[[str], None]


class Agreement:
    """One side's; it owns `link`, which is there from when one was made or joined."""

    def __init__(self, packets: PacketSocket, note: Note) -> None:
        self._packets = packets
        self._note = note
        self._stage = Stage.SOCKET
        self.link: Link | None = None

    def wish(self) -> None:
        """Client: ask for rings, if this process can have any."""
        why = why_not()
        if why:
            self._stage = Stage.STAYED
            self._note(f"socket: {why}")
        else:
            self._stage = Stage.WISHED
            self._packets.send(PacketKind.WISH, _WISH.pack(VERSION))

    @property
    def saying(self) -> Link | None:
        """What to say in; None for the socket."""
        return self.link if self._stage in SAYS_IN_RING else None

    @property
    def hearing(self) -> Link | None:
        """What to hear from; None for the socket."""
        return self.link if self._stage in HEARS_IN_RING else None

    def heard(self, packet: Packet) -> None:
        """Do what a packet that is no message asks for.  Raises ProtocolError when it has no business to."""
        if packet.kind != PacketKind.OFFER:
            close_all(packet.fds)
        before, self._stage = self._stage, after(self._stage, packet.kind)
        if packet.kind == PacketKind.WISH:
            self._offer(packet.octets)
        elif packet.kind == PacketKind.OFFER:
            self._join(packet.fds)
        elif packet.kind == PacketKind.REFUSED:
            self._stay(f"refused: {packet.octets[:_WHY_CHARACTERS_MAX].decode(errors='replace')!r}")
        else:
            if before is Stage.OFFERED:
                self._packets.send(PacketKind.MOVED)
            self._note("rings")

    def close(self) -> None:
        """Let go of the link."""
        if self.link is not None:
            self.link.close()
            self.link = None

    def _offer(self, wish: bytes) -> None:
        try:
            if wish != _WISH.pack(VERSION):
                raise HostError(EPROTO, f"version {wish[:4].hex()}, want {_WISH.pack(VERSION).hex()}")
            self.link, fds = offered(self._packets)
        except OSError as error:
            self._refuse(error)
            return
        self._packets.send(PacketKind.OFFER, b"", fds)
        close_all(fds)

    def _join(self, fds: tuple[int, ...]) -> None:
        try:
            self.link = joined(fds, self._packets)
        except OSError as error:
            self._refuse(error)
            return
        self._packets.send(PacketKind.MOVED)

    def _refuse(self, error: OSError) -> None:
        why = str(error.strerror or error)
        self._packets.send(PacketKind.REFUSED, why.encode()[:_WHY_CHARACTERS_MAX])
        self._stay(why)

    def _stay(self, why: str) -> None:
        self._stage = Stage.STAYED
        self.close()
        self._note(f"socket: {why}")
