"""Who may map what, and which port goes where: the machine's grant table and event-channel table.

Numbers are not used again while they last, so a stale one is nobody else's.  Both tables are bounded per domain; a
guest that wants more is refused, and nobody else notices.
"""

import os
import select
from collections.abc import Callable
from dataclasses import dataclass
from errno import EACCES, EBUSY, ENOENT, ENOSPC

from hosts.api import HostError

FIRST_REF = 8
"""Those below are Xen's own (GNTTAB_NR_RESERVED_ENTRIES)."""

SHARES_MAX, PAGES_MAX, PORTS_MAX = 512, 16384, 512
"""Per domain.  Eight streams take 32 shares and 16 ports; 64 MiB are sixteen of the largest audio buffers."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Pages of `owner` that `peer` may map."""

    owner: int
    peer: int
    first_ref: int
    pages: int
    writable: bool
    fd: int


class GrantTable:
    """All shares of a machine.  It owns their descriptors."""

    def __init__(self) -> None:
        self._shares: dict[int, dict[int, Shared]] = {}
        self._by_ref: dict[tuple[int, int], Shared] = {}
        self._next_ref: dict[int, int] = {}

    def add(self, owner: int, peer: int, fd: int, pages: int, *, writable: bool) -> Shared:
        """Share the pages of `fd`, which is the table's from now on.  Raises HostError(ENOSPC)."""
        shares = self._shares.setdefault(owner, {})
        if len(shares) >= SHARES_MAX or sum(share.pages for share in shares.values()) + pages > PAGES_MAX:
            raise HostError(ENOSPC, f"domain {owner} shares as much as it may")
        first_ref = self._next_ref.get(owner, FIRST_REF)
        self._next_ref[owner] = first_ref + pages
        share = shares[first_ref] = Shared(owner, peer, first_ref, pages, writable, fd)
        for page in range(pages):
            self._by_ref[owner, first_ref + page] = share
        return share

    def find(self, owner: int, ref: int, peer: int, *, writable: bool) -> Shared:
        """The share that holds the page, if `peer` may map it so.  Raises HostError(EACCES)."""
        share = self._by_ref.get((owner, ref))
        if share is None or share.peer != peer:
            raise HostError(EACCES, f"reference {ref} of domain {owner} is not granted to domain {peer}")
        if writable and not share.writable:
            raise HostError(EACCES, f"reference {ref} of domain {owner} is granted to be read only")
        return share

    def end(self, owner: int, first_ref: int) -> None:
        """Take a share back.  What is mapped stays mapped.  Raises HostError(ENOENT)."""
        share = self._shares.get(owner, {}).pop(first_ref, None)
        if share is None:
            raise HostError(ENOENT, f"domain {owner} shares nothing as {first_ref}")
        for page in range(share.pages):
            del self._by_ref[owner, share.first_ref + page]
        os.close(share.fd)

    def end_all(self, owner: int) -> None:
        """Take back all of a domain's shares."""
        for first_ref in tuple(self._shares.get(owner, ())):
            self.end(owner, first_ref)


@dataclass(frozen=True, slots=True)
class Doorbell:
    """What one domain presses and another one hears.

    The button is an eventfd; the bell is an epoll set with the button in it.  The hearer gets only the bell.  Had he
    the eventfd itself he could clear its O_NONBLOCK, which belongs to everybody who holds it, and fill its counter:
    whoever rings next would sleep for ever.
    """

    button: int
    bell: int

    def close(self) -> None:
        """Let go of both."""
        os.close(self.button)
        os.close(self.bell)


def make_doorbell() -> Doorbell:
    """A new one.  Raises OSError."""
    button = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    try:
        with select.epoll() as epoll:
            epoll.register(button, select.EPOLLIN | select.EPOLLET)
            return Doorbell(button, os.dup(epoll.fileno()))
    except OSError:
        os.close(button)
        raise


@dataclass(slots=True)
class Port:
    """One end of an event channel.  It owns the doorbell that its domain hears."""

    domid: int
    number: int
    peer: int
    hears: Doorbell
    far: "Port | None" = None


class PortTable:
    """All ports of a machine."""

    def __init__(self, make: Callable[[], Doorbell] = make_doorbell) -> None:
        self._make = make
        self._ports: dict[int, dict[int, Port]] = {}
        self._next: dict[int, int] = {}

    def offer(self, domid: int, peer: int) -> tuple[Port, int]:
        """A new port, and the button that rings whoever will bind it.  Raises HostError(ENOSPC)."""
        near = self._add(domid, peer)
        try:
            far = Port(peer, 0, domid, self._make())
        except OSError:
            self.close(domid, near.number)
            raise
        near.far = far
        return near, far.hears.button

    def bind(self, domid: int, peer: int, number: int) -> tuple[Port, int]:
        """Bind a port that `peer` offered; ours, and the button that rings theirs.

        Raises HostError(ENOENT) for a port not offered to us, EBUSY for one bound already, ENOSPC.
        """
        theirs = self._ports.get(peer, {}).get(number)
        if theirs is None or theirs.peer != domid or theirs.far is None:
            raise HostError(ENOENT, f"port {number} of domain {peer} is not offered to domain {domid}")
        if theirs.far.number:
            raise HostError(EBUSY, f"port {number} of domain {peer} is bound already")
        self._place(theirs.far)
        theirs.far.far = theirs
        return theirs.far, theirs.hears.button

    def close(self, domid: int, number: int) -> None:
        """Free a port.  The far end stays, unheard.  Raises HostError(ENOENT)."""
        port = self._ports.get(domid, {}).pop(number, None)
        if port is None:
            raise HostError(ENOENT, f"domain {domid} has no port {number}")
        port.hears.close()
        far = port.far
        if far is not None:
            if far.number == 0:  # never bound: nobody else has it
                far.hears.close()
            far.far = None

    def close_all(self, domid: int) -> None:
        """Free all of a domain's ports."""
        for number in tuple(self._ports.get(domid, ())):
            self.close(domid, number)

    def _add(self, domid: int, peer: int) -> Port:
        port = Port(domid, 0, peer, self._make())
        try:
            self._place(port)
        except HostError:
            port.hears.close()
            raise
        return port

    def _place(self, port: Port) -> None:
        ports = self._ports.setdefault(port.domid, {})
        if len(ports) >= PORTS_MAX:
            raise HostError(ENOSPC, f"domain {port.domid} has as many ports as it may")
        port.number = self._next[port.domid] = self._next.get(port.domid, 0) + 1
        ports[port.number] = port
