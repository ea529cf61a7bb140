"""What a hypervisor gives a driver: memory, event channels, a store, and time.

This is the seam between drivers and the machine.  Everything above (backend, frontend) is written against these
protocols alone; `hosts.emu` provides them between ordinary processes, `hosts.sim` in virtual time, `hosts.xen` on
real Xen.  `hosts.checks.check_host` states the contract as a runnable check.

Rules:

1. Time is not a seam of its own: it is `host.loop`, and code sees it only as integer `now_ns` on one monotonic clock.
2. Nothing here knows sound.  Units are pages, ports, domids, paths, ns.
3. Every notification and every watch is a *hint*: it may be spurious, merged with others, or come late.  It is never
   lost.
4. Memory mapped from a peer may change at any time while it is read.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

#: Called with the loop's time when something happened.
OnTime = Callable[[int], None]
#: Called with the path that changed (or the watched path itself, right after the watch was set).
OnWatch = Callable[[str], None]


class HostError(OSError):
    """The host refused: `errno` says why (EACCES not granted to you, ENOENT no such thing, EBUSY taken, ...)."""


class Handle(Protocol):
    """Something registered that can be taken back."""

    def cancel(self) -> None:
        """Stop the callbacks.  Harmless when called twice."""


class Timer(Protocol):
    """One deadline, re-armed as often as wanted without allocating."""

    def arm(self, due_ns: int) -> None:
        """Fire once at `due_ns` (absolute, the loop's clock); a deadline already armed is replaced."""

    def disarm(self) -> None:
        """Forget the deadline, if any."""


class Loop(Protocol):
    """Runs callbacks in order, one at a time."""

    def now_ns(self) -> int:
        """The time on the loop's monotonic clock."""
        ...

    def timer(self, callback: OnTime) -> Timer:
        """A disarmed timer that calls `callback(now_ns)` when due, never early."""
        ...

    def call_soon(self, callback: OnTime) -> None:
        """Call `callback(now_ns)` once, after what is running now has returned."""

    def watch_fd(self, fd: int, callback: OnTime) -> Handle:
        """Call `callback(now_ns)` on every *new* readiness to read (edge triggered: the fd need not be drained).

        Raises HostError(ENOSYS) where there are no file descriptors (simulated time).
        """
        ...

    def run_until(self, done: Callable[[], bool], deadline_ns: int | None = None) -> bool:
        """Run callbacks until `done()` holds (True) or the deadline has passed (False).  Not from inside a callback.

        Raises HostError(EDEADLK) when without a deadline nothing could ever happen again (simulated time only).
        """
        ...


class Grant(Protocol):
    """Pages of ours that one peer may map."""

    @property
    def refs(self) -> tuple[int, ...]:
        """One grant reference per page, never 0."""
        ...

    @property
    def pages(self) -> tuple[memoryview, ...]:
        """The pages, 4096 octets each, zeroed at first, writable by us."""
        ...

    def end(self) -> None:
        """Take the grant back and let go of the pages.  Harmless twice.

        Raises BufferError when a view cast from the pages is still held, here or (in simulation) at the peer.
        """


class Mapping(Protocol):
    """Pages of a peer's, in the order of the refs that were asked for."""

    @property
    def pages(self) -> tuple[memoryview, ...]:
        """The pages, 4096 octets each; read-only views when mapped so."""
        ...

    def unmap(self) -> None:
        """Let go of the pages.  Harmless twice.  Raises BufferError when a view cast from them is still held."""


class Channel(Protocol):
    """One end of an event channel: a doorbell between two domains."""

    @property
    def port(self) -> int:
        """The number of this end in its own domain."""
        ...

    def on_notify(self, callback: OnTime) -> None:
        """Have `callback(now_ns)` called after the peer notified, also for what it did before this call.

        Once for any number of merged notifications; a newer callback replaces the older.
        """

    def notify(self) -> None:
        """Ring the peer's end.  Never blocks, never fails: a dead peer simply does not hear."""

    def close(self) -> None:
        """Free the port.  Harmless twice."""


class StoreView(Protocol):
    """Reading and writing nodes: the store itself, or one transaction's view of it.

    Paths are absolute, or relative to the domain's own `/local/domain/<domid>`.  Values are text.  Every method raises
    HostError with the store's errno (EACCES, EINVAL, ENOSPC, ...); a missing node is not an error where said so.
    """

    def read(self, path: str) -> str | None:
        """The value, or None when there is no such node."""
        ...

    def write(self, path: str, value: str) -> None:
        """Set the value, making missing parents.  Raises HostError(E2BIG) for one that fits no message."""

    def mkdir(self, path: str) -> None:
        """Make the node, with an empty value, unless it exists."""

    def remove(self, path: str) -> None:
        """Remove the node and all below; a missing node is fine."""

    def list(self, path: str) -> tuple[str, ...]:
        """Names of the children; empty when there is no such node."""
        ...

    def set_perms(self, path: str, perms: Sequence[str]) -> None:
        """Replace the permissions, for instance `("n0", "r1")`: owner first, whose letter is everybody else's."""


class Store(StoreView, Protocol):
    """The machine's xenstore, as one domain sees it."""

    def transact(self, change: Callable[[StoreView], None]) -> None:
        """Apply `change` to a transaction and commit; again from the start while others interfere (EAGAIN)."""

    def watch(self, path: str, callback: OnWatch) -> Handle:
        """Call `callback(path)` soon once, and again whenever `path` or a node below it may have changed."""
        ...


class Host(Protocol):
    """One domain's view of the machine."""

    @property
    def domid(self) -> int:
        """Which domain this is; 0 is Dom0."""
        ...

    @property
    def loop(self) -> Loop:
        """Where this domain's callbacks run."""
        ...

    @property
    def store(self) -> Store:
        """The machine's xenstore."""
        ...

    def fence(self) -> None:
        """A full memory barrier: no load after it is done before a store ahead of it is seen by everybody."""

    def share(self, peer: int, pages: int, *, writable: bool = True) -> Grant:
        """Allocate `pages` zeroed pages and let domain `peer` map them (only to read, unless `writable`)."""
        ...

    def map(self, peer: int, refs: Sequence[int], *, writable: bool = True) -> Mapping:
        """Map pages that domain `peer` granted us.

        Raises HostError(EACCES) for a ref that was never granted to us, was taken back, or is read-only while
        `writable` is asked for.  All or nothing.
        """
        ...

    def offer_channel(self, peer: int) -> Channel:
        """A new port that domain `peer` may bind."""
        ...

    def bind_channel(self, peer: int, port: int) -> Channel:
        """Bind the port that domain `peer` offered us.

        Raises HostError(ENOENT) for a port never offered to us, HostError(EBUSY) for one already bound.
        """
        ...

    def close(self) -> None:
        """Leave: all that this domain granted, mapped, offered, bound and watched is let go.

        Harmless twice.  Afterwards share, map, offer and bind raise HostError(ENODEV).
        """
