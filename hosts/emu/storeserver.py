"""One client's connection to the machine's xenstore: octets between its socket and a StoreConnection.

The socket speaks xenstore's own protocol, so Debian's xenstore clients work on it.  A client that breaks the protocol,
or lets its replies pile up, loses the connection.
"""

import logging
import select
import socket
from collections.abc import Callable

from hosts.loop import RealLoop
from hosts.xenstore.store import XenStore
from hosts.xsserver import StoreConnection
from ringproto.errors import ProtocolError

log = logging.getLogger("vsnd.host")

RECEIVE_OCTETS = 4096
RECEIVES_PER_PASS = 32


class StoreServer:
    """Serves one client of domain `domid` until it leaves; then calls `on_end()`, once."""

    def __init__(
        self, store: XenStore, domid: int, connection: socket.socket, loop: RealLoop, on_end: Callable[[], None]
    ) -> None:
        self._domid = domid
        self._connection = connection
        self._loop = loop
        self._on_end = on_end
        self._open = True
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
        try:
            self._receive(now_ns)
        except (OSError, ProtocolError) as error:
            log.warning("domain %d: xenstore connection ended: %s", self._domid, error)
            self.close()
            return
        self._flush(now_ns)

    def _receive(self, now_ns: int) -> None:
        for _ in range(RECEIVES_PER_PASS):
            if not self._open:
                return
            try:
                data = self._connection.recv(RECEIVE_OCTETS)
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            self._store.receive(data)
            self._flush(now_ns)
        self._loop.call_soon(self._on_ready)

    def _flush(self, now_ns: int) -> None:
        """Send what waits, as far as the client takes it."""
        while self._open:
            if self._store.overflowed:
                log.warning("domain %d: xenstore connection ended: it does not read", self._domid)
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
