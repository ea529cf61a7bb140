"""One client's connection to the machine's xenstore: octets between its socket and a StoreConnection.

The socket speaks xenstore's own protocol, so Debian's xenstore clients work on it.  A client that breaks the protocol,
or lets its replies pile up, loses the connection.
"""

import select
import socket
from collections.abc import Callable

from hosts.complaints import Complaints
from hosts.loop import RealLoop
from hosts.xenstore.store import XenStore
from hosts.xsserver import StoreConnection
from ringproto.errors import ProtocolError

RECEIVE_OCTETS = 1024
"""Some twenty requests, a third of a millisecond: then it is others' turn, Dom0's above all, whose sound waits."""


class StoreServer:
    """Serves one client of domain `domid` until it leaves; then calls `on_end()`, once."""

    def __init__(
        self,
        store: XenStore,
        domid: int,
        connection: socket.socket,
        loop: RealLoop,
        complaints: Complaints,
        on_end: Callable[[], None],
    ) -> None:
        self._domid = domid
        self._complaints = complaints
        self._connection = connection
        self._loop = loop
        self._on_end = on_end
        self._open = True
        self._queued = False  # for another turn
        self._unsent = memoryview(b"")
        self._store = StoreConnection(store, domid, lambda: loop.call_soon(self._flush))
        connection.setblocking(False)
        events = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
        self._watch = loop.watch_events(connection.fileno(), events, self._on_ready)

    def close(self) -> None:
        """End the connection.  Harmless twice."""
        if not self._open:
            return
        self._open = False
        self._watch.cancel()
        self._store.close()
        self._connection.close()
        self._on_end()

    def _on_ready(self, now_ns: int) -> None:
        if not self._queued:
            self._take_turn(now_ns)

    def _take_turn(self, now_ns: int) -> None:
        """Receive and answer a little; once more, after all others, if there may be more."""
        self._queued = False
        self._flush(now_ns)
        if not self._open:
            return
        try:
            received = self._receive()
        except (OSError, ProtocolError) as error:
            self._complaints.warn(self._domid, f"xenstore connection ended: {error}")
            self.close()
            return
        self._flush(now_ns)
        if received and self._open:
            self._queued = True
            self._loop.call_soon(self._take_turn)

    def _receive(self) -> bool:
        """True when something was there to answer.  A client that does not take its answers is not even heard."""
        if self._store.is_full:
            return False
        if self._store.receive(b""):
            return True
        try:
            data = self._connection.recv(RECEIVE_OCTETS)
        except BlockingIOError:
            return False
        if data:
            self._store.receive(data)
        else:
            self.close()
        return True

    def _flush(self, now_ns: int) -> None:
        """Send what waits, as far as the client takes it."""
        while self._open:
            if self._store.overflowed:
                self._complaints.warn(self._domid, "xenstore connection ended: it does not read")
                self.close()
                return
            if not self._unsent:
                self._unsent = memoryview(self._store.outgoing())
                if not self._unsent:
                    return
            try:
                sent = self._connection.send(self._unsent, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self._unsent = self._unsent[sent:]
