"""EmuHost: a process's view of the emulated machine, which makes that process a domain."""

import socket
from collections.abc import Callable, Sequence
from errno import EACCES, EBUSY, ECONNRESET, EINVAL, ENODEV, ETIMEDOUT
from pathlib import Path

from hosts.api import HostError
from hosts.emu.channels import EmuChannel
from hosts.emu.memory import MappedPages, make_share, map_shares
from hosts.emu.messages import (
    REFS_MAX,
    Bind,
    ClosePort,
    Done,
    EndShare,
    Fds,
    Map,
    Mapped,
    Offer,
    Refused,
    Reply,
    Request,
    Share,
    broker_path,
    close_all,
    receive,
    replies,
    send,
    store_path,
)
from hosts.emu.storeclient import EmuStore
from hosts.fence import full_fence
from hosts.loop import RealLoop

REPLY_LIMIT_S = 10.0

RETRY_NS = 200_000_000
"""Between attempts to find a machine."""


def wait_for_host(machine: Path, domid: int, loop: RealLoop, given_up: Callable[[], bool]) -> "EmuHost | None":
    """The host of a machine that is about to come; None when `given_up()` before."""
    while not given_up():
        try:
            return EmuHost(machine, domid, loop)
        except HostError:
            loop.run_until(given_up, loop.now_ns() + RETRY_NS)
    return None


def open_store(machine: Path, domid: int) -> EmuStore:
    """A store connection by itself, without a loop, for a toolstack that only reads and writes."""
    return EmuStore(store_path(machine, domid), None)


class EmuHost:
    """Domain `domid` of the machine in a folder; see `hosts.api.Host`.

    Raises HostError: ENOENT or ECONNREFUSED when no machine runs there, EBUSY when the domain is connected already.
    """

    def __init__(self, machine: Path, domid: int, loop: RealLoop) -> None:
        self._domid = domid
        self._loop = loop
        self._open = True
        self._parts: list[_Grant | _Mapping | EmuChannel] = []
        self.fence = full_fence()
        self._broker = _connect(broker_path(machine, domid))
        try:
            self._ask(Map(domid, [0], writable=False))  # refused, by whoever serves us: then we are connected
        except HostError as error:
            if error.errno != EACCES:
                self._broker.close()
                busy = error.errno == ECONNRESET
                raise (HostError(EBUSY, f"domain {domid} is connected already") if busy else error) from error
        try:
            self._store = EmuStore(store_path(machine, domid), loop)
        except HostError:
            self._broker.close()
            raise

    @property
    def domid(self) -> int:
        """Which domain this is."""
        return self._domid

    @property
    def is_lost(self) -> bool:
        """Whether the machine has gone, and all on it.  If another comes in its place, it takes another host."""
        return self._open and self._store.is_lost

    @property
    def loop(self) -> RealLoop:
        """The process's loop."""
        return self._loop

    @property
    def store(self) -> EmuStore:
        """The machine's xenstore."""
        return self._store

    def share(self, peer: int, pages: int, *, writable: bool = True) -> "_Grant":
        """Allocate zeroed pages and let domain `peer` map them."""
        fd, mapped = make_share(pages, writable=writable)
        try:
            first_ref = self._done(Share(peer, pages, writable), (fd,))[0]
        except HostError:
            mapped.release()
            raise
        finally:
            close_all((fd,))
        grant = _Grant(self, first_ref, mapped)
        self._parts.append(grant)
        return grant

    def map(self, peer: int, refs: Sequence[int], *, writable: bool = True) -> "_Mapping":
        """Map pages that domain `peer` granted us; HostError(EACCES) as in `hosts.api`, EINVAL for none or too many."""
        if not 1 <= len(refs) <= REFS_MAX:  # the daemon would take it for garbage, and us for dead
            raise HostError(EINVAL, f"{len(refs)} references in one mapping, want 1 to {REFS_MAX}")
        reply, fds = self._ask(Map(peer, list(refs), writable))
        assert isinstance(reply, Mapped)
        try:
            mapped = map_shares(fds, reply.pages, writable=writable)
        finally:
            close_all(fds)
        mapping = _Mapping(self, mapped)
        self._parts.append(mapping)
        return mapping

    def offer_channel(self, peer: int) -> EmuChannel:
        """A new port that domain `peer` may bind."""
        return self._channel(Offer(peer))

    def bind_channel(self, peer: int, port: int) -> EmuChannel:
        """Bind the port that domain `peer` offered us; HostError(ENOENT) or HostError(EBUSY)."""
        return self._channel(Bind(peer, port))

    def close(self) -> None:
        """Leave the machine.  Harmless twice; afterwards share, map, offer and bind raise HostError(ENODEV)."""
        if not self._open:
            return
        for part in tuple(self._parts):
            part.close()
        self._open = False
        self._store.close()
        self._broker.close()

    # -- for grants, mappings and channels ----------------------------------------------------------------------------

    def end_share(self, grant: "_Grant", first_ref: int) -> None:
        """A grant is ended."""
        self._parts.remove(grant)
        self._tell(EndShare(first_ref))

    def forget(self, mapping: "_Mapping") -> None:
        """A mapping is unmapped."""
        self._parts.remove(mapping)

    def _free_port(self, port: int) -> None:
        self._parts = [part for part in self._parts if not (isinstance(part, EmuChannel) and part.port == port)]
        self._tell(ClosePort(port))

    def _channel(self, request: Offer | Bind) -> EmuChannel:
        port, (hears, rings) = self._done(request)
        channel = EmuChannel(port, hears, rings, self._loop, self._free_port)
        self._parts.append(channel)
        return channel

    def _done(self, request: Request, fds: Fds = ()) -> tuple[int, list[int]]:
        reply, received = self._ask(request, fds)
        assert isinstance(reply, Done)
        return reply.number, received

    def _tell(self, request: Request) -> None:
        """Ask for something whose failure changes nothing: the machine may be gone, and all with it."""
        try:
            self._ask(request)
        except HostError:
            return

    def _ask(self, request: Request, fds: Fds = ()) -> tuple[Reply, list[int]]:
        if not self._open:
            raise HostError(ENODEV, f"domain {self._domid} has left the machine")
        try:
            send(self._broker, request, fds)
            answer = receive(self._broker, replies)
        except TimeoutError as error:
            raise HostError(ETIMEDOUT, f"the machine did not answer in {REPLY_LIMIT_S:g} s") from error
        except OSError as error:
            raise HostError(ECONNRESET, f"the machine is gone: {error.strerror}") from error
        if answer is None:
            raise HostError(ECONNRESET, "the machine is gone")
        if isinstance(answer[0], Refused):
            raise HostError(answer[0].errno, answer[0].why)
        return answer


class _Grant:
    """Pages of ours that one peer may map."""

    def __init__(self, host: EmuHost, first_ref: int, mapped: MappedPages) -> None:
        self.refs = tuple(range(first_ref, first_ref + len(mapped.views)))
        self.pages = mapped.views
        self._host = host
        self._mapped: MappedPages | None = mapped

    def end(self) -> None:
        """Take the grant back and let go.  BufferError when a view cast from the pages is held.  Harmless twice."""
        if self._mapped is not None:
            self._mapped.release()
            self._mapped = None
            self._host.end_share(self, self.refs[0])

    close = end


class _Mapping:
    """Pages of a peer's."""

    def __init__(self, host: EmuHost, mapped: list[MappedPages]) -> None:
        self.pages = tuple(view for part in mapped for view in part.views)
        self._host = host
        self._mapped: list[MappedPages] | None = mapped

    def unmap(self) -> None:
        """Let go of the pages.  BufferError when a view cast from them is held.  Harmless twice."""
        if self._mapped is not None:
            for part in self._mapped:
                part.release()
            self._mapped = None
            self._host.forget(self)

    close = unmap


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(REPLY_LIMIT_S)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise HostError(error.errno, f"{path}: no machine runs there: {error.strerror}") from error
    return connection
