"""A socket of packets that never blocks its user: what finds no room waits here, up to a bound.

`fileno()` is an epoll of our own, so that those who wait need to know one descriptor and one kind of readiness: it is
readable when a packet has come, when the other side has gone, and when there is room for what waits.

A bell may be added, and then packets are not all that is waited for: from there on the epoll reports each thing once,
and whoever woke up calls `look`, which makes it unreadable until something new happens.
"""

import os
import select
import socket
from collections import deque
from collections.abc import Sequence
from errno import EBADMSG, ENOBUFS

from hosts.channel.api import ChannelError
from hosts.channel.passing import Packet, close_all, receive_packet, send_packet
from ringproto.channel.packets import PACKET_OCTETS_MAX

WAITING_OCTETS_MAX = 1 << 18
WAITING_PACKETS_MAX = 256

_GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class PacketSocket:
    """One end of a connected SOCK_SEQPACKET socket, which is ours from here on."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = memoryview(bytearray(PACKET_OCTETS_MAX))
        self._waiting: deque[Packet] = deque()
        self._waiting_octets = 0
        self._fault: ChannelError | None = None
        self._epoll = select.epoll()
        self._events = select.EPOLLIN | select.EPOLLRDHUP
        self._epoll.register(connection.fileno(), self._events)
        self.hung_up = False
        """The other side has gone, as far as `look` knows."""
        self.stirred = False
        """Something happened on the socket since somebody set this to False, as far as `look` knows."""

    def fileno(self) -> int:
        """What to wait on.  The same until `close`."""
        return self._epoll.fileno()

    def hear_bell(self, bell: int) -> None:
        """Be readable when that bell rings, too; from now on `look` tells what happened.  Raises OSError."""
        self._epoll.register(bell, select.EPOLLIN | select.EPOLLET)
        self._events |= select.EPOLLET
        self._epoll.modify(self._socket.fileno(), self._events)

    def look(self) -> None:
        """Forget the bell, note what happened on the socket, and send what waits."""
        for fd, events in self._epoll.poll(0):
            if fd == self._socket.fileno():
                self.stirred = True
                self.hung_up |= bool(events & _GONE)
        if self._waiting:
            self._send_waiting()

    def send(self, kind: int, octets: bytes = b"", fds: Sequence[int] = ()) -> None:
        """Send one packet, or keep it until there is room.  Nothing happens once the connection has ended."""
        if self._fault is None and (self._waiting or not self._try_send(Packet(kind, octets, tuple(fds)))):
            self._keep(Packet(kind, octets, tuple(map(os.dup, fds))))

    def receive(self) -> Packet | None:
        """The next packet; None when there is none now.  Raises ChannelError when there will be none any more."""
        if self._waiting:
            self._send_waiting()
        if self._fault is not None:
            raise self._fault
        try:
            return receive_packet(self._socket, self._buffer)
        except ChannelError as error:
            self.end(error)
            raise

    @property
    def fault(self) -> ChannelError | None:
        """Why there is no more to be sent or received, if so."""
        return self._fault

    def end(self, fault: ChannelError) -> None:
        """Hang up, for that reason; the first one given is what `receive` raises from now on."""
        if self._fault is None:
            self._fault = fault
            self._drop_waiting()
            try:
                self._socket.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits, here and there
            except OSError:
                return  # it is gone already

    def close(self) -> None:
        """Give the descriptors back.  Harmless twice."""
        self._fault = self._fault or ChannelError(EBADMSG, "closed")
        self._drop_waiting()
        self._epoll.close()
        self._socket.close()

    def _try_send(self, packet: Packet) -> bool:
        try:
            send_packet(self._socket, packet)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError):
            return True  # gone: what it had sent before is still to be received, and then its end
        except OSError as error:
            self.end(ChannelError(error.errno, f"cannot be sent to: {error.strerror}"))
        return True

    def _keep(self, packet: Packet) -> None:
        self._waiting.append(packet)
        self._waiting_octets += len(packet.octets)
        self._epoll.modify(self._socket.fileno(), self._events | select.EPOLLOUT)
        if self._waiting_octets > WAITING_OCTETS_MAX or len(self._waiting) > WAITING_PACKETS_MAX:
            self.end(ChannelError(ENOBUFS, f"does not read: {self._waiting_octets} octets wait for it"))

    def _send_waiting(self) -> None:
        while self._waiting and self._try_send(self._waiting[0]) and self._fault is None:
            sent = self._waiting.popleft()
            self._waiting_octets -= len(sent.octets)
            close_all(sent.fds)
        if not self._waiting and self._fault is None:
            self._epoll.modify(self._socket.fileno(), self._events)

    def _drop_waiting(self) -> None:
        while self._waiting:
            close_all(self._waiting.popleft().fds)
        self._waiting_octets = 0
