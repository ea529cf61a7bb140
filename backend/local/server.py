"""Where local applications come in: a Unix socket, and who may pass.

The kernel says who is at the other end of a connection; no message does.  Whoever may not pass, or finds no room, is
turned away with a line in the log.  How often somebody is let in is bounded: to come and go costs more than to stay.
"""

import logging
import os
import socket
from collections import defaultdict, deque
from dataclasses import replace
from pathlib import Path
from struct import Struct, iter_unpack

from backend.counters import Counters
from backend.facilities import Facilities
from backend.local.account import ACCOUNTS_MAX, Account, account_of
from backend.local.application import Application
from backend.local.config import LocalConfig, group_ids, user_ids
from backend.local.connection import Connection, said
from backend.local.listening import listen
from backend.throttle import Throttle
from hosts.api import HostError
from hosts.channel.opening import accepted
from hosts.complaints import Complaints
from ringproto.errors import ProtocolError
from ringproto.local.region import LOCAL_DOMID_FIRST

log = logging.getLogger("vsnd.backend")

LET_IN_AT_ONCE = 4
"""So many, twenty times a second."""

SO_PEERGROUPS = 59
"""asm-generic/socket.h; not in Python's socket."""
GROUPS_MAX = 1024
_CREDENTIALS = Struct("=iII")
"""struct ucred: pid, uid, gid."""


class LocalServer:
    """All local applications of a backend.  Raises OSError when there can be no such socket."""

    def __init__(self, config: LocalConfig, facilities: Facilities) -> None:
        self._config = config
        self._path = Path(config.socket)
        self._users = {os.getuid(), *user_ids(config)}
        self._groups = group_ids(config)
        self._connections: dict[int, Connection] = {}
        self._past: defaultdict[tuple[int, int], Counters] = defaultdict(Counters)
        self._gone: deque[Account] = deque(maxlen=ACCOUNTS_MAX)
        self._carriers: dict[int, str] = {}  # by domid, of who has asked for rings
        loop = facilities.host.loop
        self._complaints = Complaints(loop, log, "local application")
        self._facilities = replace(facilities, complaints=self._complaints)
        self._listener = listen(self._path, everybody=len(self._users) > 1 or bool(self._groups))
        self._door = Throttle(loop, self._let_in)
        self._watch = loop.watch_fd(self._listener.fileno(), self._on_knock)

    @property
    def connections(self) -> int:
        """How many there are, registered or not."""
        return len(self._connections)

    @property
    def applications(self) -> list[Application]:
        """Those that are registered, by domid."""
        found = [connection.application for _, connection in sorted(self._connections.items())]
        return [application for application in found if application is not None]

    def counters(self) -> dict[tuple[int, int], Counters]:
        """What was counted of each stream that there ever was, by (domid, stream)."""
        counted = defaultdict(Counters, self._past)
        for application in self.applications:
            for stream in application.lines:
                counted[application.domid, stream] += application.counters(stream)
        return dict(counted)

    def accounts(self) -> list[Account]:
        """Of those that are gone, and of those that are there."""
        return [*self._gone, *(account_of(each, self._carrier(each.domid)) for each in self.applications)]

    def close(self) -> None:
        """Turn everybody out, and close the door."""
        self._watch.cancel()
        self._door.close()
        for connection in tuple(self._connections.values()):
            connection.end()
        self._listener.close()
        self._path.unlink(missing_ok=True)
        self._complaints.close()
        del self._door  # no cycles: a backend runs without a garbage collector

    def _on_knock(self, now_ns: int) -> None:
        self._door.ask()

    def _let_in(self, now_ns: int) -> None:
        for _ in range(LET_IN_AT_ONCE):
            try:
                connection = self._listener.accept()[0]
            except BlockingIOError:
                return
            except OSError as error:
                self._complaints.warn(LOCAL_DOMID_FIRST, f"cannot be let in: {error}")
                return
            self._add(connection)
        self._door.ask()

    def _add(self, connection: socket.socket) -> None:
        domid = next(slot for slot in range(LOCAL_DOMID_FIRST, 0x10000) if slot not in self._connections)
        try:
            if not self._may_pass(connection):
                self._complaints.warn(domid, "a user who may not is turned away")
            elif len(self._connections) >= self._config.clients_max:
                self._complaints.warn(domid, f"more than {self._config.clients_max}; one is turned away")
            else:
                channel = accepted(connection, lambda carrier: self._note(domid, carrier))
                self._connections[domid] = Connection(domid, channel, self._facilities, self._config, self._on_end)
                return
        except OSError as error:
            self._complaints.warn(domid, f"cannot be served: {error.strerror}")
        connection.close()

    def _note(self, domid: int, carrier: str) -> None:
        self._carriers[domid] = carrier
        self._complaints.note(domid, f"messages go over the {carrier}")

    def _carrier(self, domid: int) -> str:
        return self._carriers.get(domid, "socket: it has not asked for rings")

    def _may_pass(self, connection: socket.socket) -> bool:
        octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _pid, user, group = _CREDENTIALS.unpack(octets)
        if user in self._users or group in self._groups:
            return True
        others = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * GROUPS_MAX) if self._groups else b""
        return any(other in self._groups for (other,) in iter_unpack("=I", others))

    def _on_end(self, connection: Connection, why: Exception | None) -> None:
        self._connections.pop(connection.domid, None)
        application = connection.application
        name = f"{application.name!r} " if application is not None else ""
        if application is not None:
            for stream in (0, 1):
                self._past[connection.domid, stream] += application.past(stream)
            turned_out = said(why) if why is not None else ""
            self._gone.append(account_of(application, self._carrier(connection.domid), turned_out))
        self._carriers.pop(connection.domid, None)
        if why is None:
            self._complaints.note(connection.domid, f"{name}left")
        elif isinstance(why, ProtocolError | HostError | OSError):
            self._complaints.warn(connection.domid, f"{name}turned out: {said(why)}")
        else:
            self._complaints.bug(connection.domid, f"{name}turned out, by an error of ours", why)
