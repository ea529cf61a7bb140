"""A message channel that starts on its socket and moves to shared rings where both sides can.

Messages with descriptors always go over the socket; once the rings are in use a mark in the ring says where they
belong.  The socket then serves only for that, and to tell that the other side has gone: nothing else is read from it.
"""

import socket
from collections.abc import Sequence
from errno import EBADMSG, ENOBUFS, EPIPE

from hosts.channel.agreement import Agreement, Note
from hosts.channel.api import ChannelError, Message, check_message
from hosts.channel.link import Link
from hosts.channel.packetsocket import PacketSocket
from hosts.channel.passing import Packet, close_all
from ringproto.channel.end import Counts
from ringproto.channel.packets import PacketKind
from ringproto.errors import Errno, ProtocolError


class MovingChannel:
    """One end, over a connected SOCK_SEQPACKET socket, which is ours from here on.  See `hosts.channel.api`.

    The client asks for rings, the server waits to be asked.  `note(carrier)` is called once when it is settled:
    "rings", or "socket: " and why.
    """

    def __init__(self, connection: socket.socket, note: Note, *, is_client: bool) -> None:
        self._packets = PacketSocket(connection)
        self._agreement = Agreement(self._packets, note)
        self._saying: Link | None = None
        self._hearing: Link | None = None
        self._asleep: Link | None = None
        self._marked = False
        if is_client:
            self._agreement.wish()

    @property
    def is_shared(self) -> bool:
        """Whether it hears in the ring by now."""
        return self._hearing is not None

    def fileno(self) -> int:
        """What to wait on."""
        return self._packets.fileno()

    def send(self, octets: bytes, fds: Sequence[int] = ()) -> None:
        """Send one message; never blocks.  Raises ValueError for one out of bounds."""
        check_message(octets, fds)
        link = self._saying
        if fds or link is None:
            self._packets.send(PacketKind.MESSAGE, octets, fds)
        if link is None or self._packets.fault is not None:
            return
        try:
            if fds:
                link.end.send_mark()
            else:
                link.end.send(octets)
        except ProtocolError as error:
            self._end(error)

    def take(self) -> Message | None:
        """The next message, None when there is none now.  Raises ChannelError."""
        if self._asleep is not None:
            self._wake_up(self._asleep)
        try:
            if self._hearing is None:
                return self._take_packet()
            return self._take_from(self._hearing)
        except ProtocolError as error:
            self._end(error)
        return self._take_packet()

    def before_poll(self) -> bool:
        """Have the other side wake us from now on.  True when there is something already: do not sleep, take."""
        if self._asleep is not None:
            self._wake_up(self._asleep)
        packets, link = self._packets, self._agreement.link
        if packets.fault is not None:
            return True
        if link is None:
            return False
        packets.look()  # what an edge told while we were awake is told to nobody again
        try:
            if link.end.before_poll():
                return True
        except ProtocolError as error:
            self._end(error)
            return True
        self._asleep = link
        stirred, packets.stirred = packets.stirred, False
        return stirred or packets.hung_up

    def close(self) -> None:
        """Let go of everything."""
        self._asleep = self._saying = self._hearing = None
        self._agreement.close()
        self._packets.close()

    def counts(self) -> Counts:
        """What the rings' semaphores cost until now; all 0 on the socket."""
        link = self._agreement.link
        return Counts(0, 0, 0, 0) if link is None else link.end.counts()

    def _wake_up(self, link: Link) -> None:
        self._asleep = None
        link.end.after_poll()
        self._packets.stirred = False  # take() looks anyway

    def _take_from(self, link: Link) -> Message | None:
        """From the ring, or what a mark in it stands for.  Raises ProtocolError, ChannelError."""
        if not self._marked:
            taken = link.end.take()
            if isinstance(taken, bytes):
                return Message(taken)
            if taken is None:
                if self._packets.hung_up:
                    self._packets.end(ChannelError(EPIPE, "gone"))
                if self._packets.fault is not None:
                    raise self._packets.fault
                return None
            self._marked = True
        message = self._take_packet()
        self._marked = message is None
        return message

    def _take_packet(self) -> Message | None:
        """From the socket; other packets are done with on the way.  Raises ProtocolError, ChannelError."""
        while (packet := self._packets.receive()) is not None:
            if packet.kind == PacketKind.MESSAGE and packet.octets:
                return Message(packet.octets, packet.fds)
            self._agree(packet)
            if self._hearing is not None:
                return self._take_from(self._hearing)
        return None

    def _agree(self, packet: Packet) -> None:
        if packet.kind == PacketKind.MESSAGE:
            close_all(packet.fds)
            raise ProtocolError(Errno.EINVAL, "an empty message")
        self._agreement.heard(packet)
        self._saying, self._hearing = self._agreement.saying, self._agreement.hearing

    def _end(self, error: ProtocolError) -> None:
        errno = ENOBUFS if error.errno == Errno.ENOSPC else EBADMSG
        self._packets.end(ChannelError(errno, str(error)))
