"""The daemon of one emulated machine: xenstore, page broker and event-channel broker.

    DIR/domN/broker       pages and ports of domain N (hosts.emu.messages)
    DIR/domN/xenstored    xenstore's own protocol, as domain N

A domain is whoever connects to its sockets; to keep a container from being another, give it only its own folder.
The broker connection is the domain's life.  When it ends, ports are closed, grants are gone, `@releaseDomain` fires.
Dom0's store outlives its processes, as it does on Xen.
"""

import logging
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EADDRINUSE
from pathlib import Path

from hosts.api import HostError
from hosts.complaints import Complaints
from hosts.emu.broker import Broker
from hosts.emu.messages import broker_path, store_path
from hosts.emu.storeserver import StoreServer
from hosts.emu.tables import GrantTable, PortTable
from hosts.loop import RealLoop
from hosts.process import allow_many_files
from hosts.xenstore.store import XenStore

log = logging.getLogger("vsnd.host")

STORE_CONNECTIONS_MAX = 32
"""Per domain."""


class HostDaemon:
    """The machine in `directory`, with Dom0 and `guests`, on `loop`.  Raises HostError(EADDRINUSE), OSError."""

    def __init__(self, directory: Path, guests: Sequence[int], loop: RealLoop) -> None:
        self._loop = loop
        self.complaints = Complaints(loop, log)
        self._store = XenStore()
        self._tables = GrantTable(), PortTable()
        self._domains = [Domain(domid, directory, self) for domid in (0, *guests)]
        self._store.introduce(0)

    @property
    def loop(self) -> RealLoop:
        """Where the daemon runs."""
        return self._loop

    @property
    def store(self) -> XenStore:
        """The machine's xenstore."""
        return self._store

    @property
    def tables(self) -> tuple[GrantTable, PortTable]:
        """Grants and ports of all domains."""
        return self._tables

    def close(self) -> None:
        """End all connections and take the sockets away."""
        for domain in self._domains:
            domain.close()
        self.complaints.close()


class Domain:
    """One domain's two sockets, and who is connected to them."""

    def __init__(self, domid: int, directory: Path, daemon: HostDaemon) -> None:
        self._domid = domid
        self._daemon = daemon
        self._broker: Broker | None = None
        self._stores: set[StoreServer] = set()
        self._folder = directory / f"dom{domid}"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._listeners = [
            (self._listen(broker_path(directory, domid), socket.SOCK_SEQPACKET), self._add_broker),
            (self._listen(store_path(directory, domid), socket.SOCK_STREAM), self._add_store),
        ]
        self._watches = [
            daemon.loop.watch_fd(listener.fileno(), self._acceptor(listener, add)) for listener, add in self._listeners
        ]

    def _listen(self, path: Path, kind: socket.SocketKind) -> socket.socket:
        if path.exists():
            _take_over(path, kind)
        listener = socket.socket(socket.AF_UNIX, kind | socket.SOCK_CLOEXEC)
        listener.bind(str(path))
        listener.listen(STORE_CONNECTIONS_MAX)
        listener.setblocking(False)
        return listener

    def _acceptor(self, listener: socket.socket, add: Callable[[socket.socket], None]) -> Callable[[int], None]:
        def accept_all(_now_ns: int) -> None:
            while True:
                try:
                    add(listener.accept()[0])
                except BlockingIOError:
                    return
                except OSError as error:
                    self._daemon.complaints.warn(self._domid, f"cannot be let in: {error}")
                    return

        return accept_all

    def _add_broker(self, connection: socket.socket) -> None:
        if self._broker is not None:  # a domain is one kernel
            self._daemon.complaints.warn(self._domid, "connected already; a second one is turned away")
            connection.close()
            return
        self._daemon.store.introduce(self._domid)
        daemon = self._daemon
        self._broker = Broker(self._domid, connection, daemon.loop, daemon.tables, daemon.complaints, self._died)
        daemon.complaints.note(self._domid, "here")

    def _died(self) -> None:
        self._broker = None
        self._daemon.complaints.note(self._domid, "gone")
        if self._domid != 0:
            for server in tuple(self._stores):
                server.close()
            self._daemon.store.release(self._domid)

    def _add_store(self, connection: socket.socket) -> None:
        if len(self._stores) >= STORE_CONNECTIONS_MAX:
            self._daemon.complaints.warn(self._domid, f"more than {STORE_CONNECTIONS_MAX} store connections")
            connection.close()
            return
        daemon = self._daemon
        server = StoreServer(
            daemon.store, self._domid, connection, daemon.loop, daemon.complaints, lambda: self._stores.discard(server)
        )
        self._stores.add(server)

    def close(self) -> None:
        """End the connections, take the sockets and the folder away."""
        for watch in self._watches:
            watch.cancel()
        if self._broker is not None:
            self._broker.close()
        for server in tuple(self._stores):
            server.close()
        for listener, _ in self._listeners:
            path = Path(listener.getsockname())
            listener.close()
            path.unlink(missing_ok=True)
        with suppress(OSError):  # somebody else's files are in it
            self._folder.rmdir()


def run_hostd(directory: Path, guests: Sequence[int], ready: Callable[[], None]) -> None:
    """Be the machine until SIGTERM or SIGINT.  Raises HostError(EADDRINUSE) when there is one already, OSError."""
    allow_many_files()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, frame: stopping.append(caught))
    loop = RealLoop()
    daemon = HostDaemon(directory, guests, loop)
    ready()
    loop.run_until(lambda: bool(stopping))
    daemon.close()
    loop.close()


def _take_over(path: Path, kind: socket.SocketKind) -> None:
    """Remove a socket that nobody answers on.  Raises HostError(EADDRINUSE) when somebody does."""
    with socket.socket(socket.AF_UNIX, kind) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink()
            return
    raise HostError(EADDRINUSE, f"{path}: another machine runs there")
