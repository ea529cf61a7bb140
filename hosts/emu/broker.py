"""One domain's connection to the broker of pages and ports: its requests, each answered.

The connection is the domain: when it ends, however it ends, the domain is dead and everything of it is let go.
Whatever a domain sends costs nobody but itself: what is no message ends its connection.  So does a second request while
an answer is unread: descriptors in answers that nobody reads count against the daemon's user, and enough of them would
make the kernel refuse (ETOOMANYREFS) to pass any to the other domains.
"""

import fcntl
import socket
import struct
import termios
from collections.abc import Callable
from errno import EBADMSG

from hosts.api import HostError
from hosts.complaints import Complaints
from hosts.emu.memory import check_share
from hosts.emu.messages import (
    FDS_MAX,
    Bind,
    ClosePort,
    Done,
    Fds,
    Map,
    Mapped,
    Offer,
    Refused,
    Reply,
    Request,
    Share,
    close_all,
    receive,
    requests,
    send,
)
from hosts.emu.tables import GrantTable, PortTable
from hosts.loop import RealLoop

MESSAGES_PER_PASS = 32
"""A domain that never stops asking yields to its neighbours after so many."""

Answer = tuple[Reply, Fds]


class Broker:
    """Serves domain `domid` on `connection` until it ends; then calls `on_end()`, once."""

    def __init__(
        self, domid: int, connection: socket.socket, loop: RealLoop, tables: tuple[GrantTable, PortTable],
        complaints: Complaints, on_end: Callable[[], None],
    ) -> None:  # fmt: skip
        self._domid = domid
        self._complaints = complaints
        self._connection = connection
        self._loop = loop
        self._grants, self._ports = tables
        self._on_end = on_end
        self._open = True
        connection.setblocking(False)
        self._watch = loop.watch_fd(connection.fileno(), self._on_readable)

    def close(self) -> None:
        """End the connection, and with it the domain.  Harmless twice."""
        if not self._open:
            return
        self._open = False
        self._watch.cancel()
        self._connection.close()
        self._ports.close_all(self._domid)
        self._grants.end_all(self._domid)
        self._on_end()

    def _on_readable(self, now_ns: int) -> None:
        for _ in range(MESSAGES_PER_PASS):
            if not self._open:
                return
            try:
                if not self._serve_one():
                    return
            except OSError as error:
                self._complaints.warn(self._domid, f"connection ended: {error.strerror or error}")
                self.close()
                return
        self._loop.call_soon(self._on_readable)

    def _serve_one(self) -> bool:
        """Answer one request; False when there is none.  Raises OSError when it or its sender is at fault."""
        try:
            received = receive(self._connection, requests)
        except BlockingIOError:
            return False
        if received is None:
            self.close()
            return False
        self._check_answers_read(received[1])
        reply, fds = self._answer(*received)
        send(self._connection, reply, fds)
        return True

    def _check_answers_read(self, fds: list[int]) -> None:
        """Raise HostError(EBADMSG), having closed what came with the request, unless earlier answers were read."""
        (unread_octets,) = struct.unpack("i", fcntl.ioctl(self._connection, termios.TIOCOUTQ, bytes(4)))
        if unread_octets:
            close_all(fds)
            raise HostError(EBADMSG, "it asks again before it has read the answer")

    def _answer(self, request: Request, fds: list[int]) -> Answer:
        try:
            if isinstance(request, Share):
                return self._share(request, fds)
            close_all(fds)
            if isinstance(request, Map):
                return self._map(request)
            if isinstance(request, Offer):
                port, ring = self._ports.offer(self._domid, request.peer)
                return Done(port.number), (port.hears.bell, ring)
            if isinstance(request, Bind):
                port, ring = self._ports.bind(self._domid, request.peer, request.port)
                return Done(port.number), (port.hears.bell, ring)
            if isinstance(request, ClosePort):
                self._ports.close(self._domid, request.port)
            else:
                self._grants.end(self._domid, request.first_ref)
        except HostError as error:
            return Refused(error.errno or EBADMSG, str(error.strerror)), ()
        return Done(), ()

    def _share(self, request: Share, fds: list[int]) -> Answer:
        try:
            if len(fds) != 1:
                raise HostError(EBADMSG, f"{len(fds)} descriptors with a share, want 1")
            check_share(fds[0], request.pages, writable=request.writable)
            share = self._grants.add(self._domid, request.peer, fds[0], request.pages, writable=request.writable)
        except HostError:
            close_all(fds)
            raise
        return Done(share.first_ref), ()

    def _map(self, request: Map) -> Answer:
        fds: dict[int, int] = {}
        pages: list[tuple[int, int]] = []
        for ref in request.refs:
            share = self._grants.find(request.peer, ref, self._domid, writable=request.writable)
            which = fds.setdefault(share.fd, len(fds))
            pages.append((which, ref - share.first_ref))
        if len(fds) > FDS_MAX:
            raise HostError(EBADMSG, f"pages of {len(fds)} shares in one mapping, want at most {FDS_MAX}")
        return Mapped(pages), tuple(fds)
