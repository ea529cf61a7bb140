"""A whole machine in one process, in virtual time.

Same seed, same program: same history, to the nanosecond.  So a failing run is a seed and nothing else.  Each domain
draws its delays from a generator of its own, so that one domain more does not change the luck of the others.
"""

from collections.abc import Callable, Sequence
from errno import EACCES, ENODEV, ENOENT
from random import Random

from hosts.api import HostError
from hosts.sim.channels import Ports, SimChannel
from hosts.sim.delays import Delays, Draw
from hosts.sim.loop import SimLoop, Timeline
from hosts.sim.memory import GrantTable, Held, SimGrant, SimMapping
from hosts.sim.store import SimStore
from hosts.xenstore.store import XenStore


class SimMachine:
    """The machine: domains come by `host` and go by `SimHost.close` or `kill`.

    `on_fence(domid)` is called at every memory barrier: the place where a test lets the other side run in between.
    """

    def __init__(self, seed: int = 0, delays: Delays | None = None) -> None:
        self.seed = seed
        self.delays = delays or Delays()
        self.timeline = Timeline()
        self.xenstore = XenStore()
        self.hosts: dict[int, SimHost] = {}
        self.on_fence: Callable[[int], None] | None = None

    def host(self, domid: int, delays: Delays | None = None) -> "SimHost":
        """A new domain, with the machine's delays unless it has its own."""
        assert domid not in self.hosts, f"there is a domain {domid}"
        host = self.hosts[domid] = SimHost(self, domid, delays or self.delays)
        self.xenstore.introduce(domid)
        return host

    def kill(self, domid: int) -> None:
        """The domain dies this instant: nothing of it runs again, its grants and ports vanish, @releaseDomain fires.

        What its peers have mapped stays with them.
        """
        host = self.hosts[domid]
        host.loop.stop()
        host.leave()

    def run_until(self, done: Callable[[], bool], deadline_ns: int | None = None) -> bool:
        """Let virtual time pass; see `Timeline.run_until`."""
        return self.timeline.run_until(done, deadline_ns)


class SimHost:
    """One domain's view of the machine."""

    def __init__(self, machine: SimMachine, domid: int, delays: Delays) -> None:
        # Luck for simulations, not for secrets: it must repeat.
        random = Random(f"{machine.seed}/{domid}")  # noqa: S311
        wake_ns = None if delays.wake_ns is None else _drawing(delays.wake_ns, random)
        self._machine = machine
        self._domid = domid
        self._notify_ns = _drawing(delays.notify_ns, random)
        self._loop = SimLoop(machine.timeline, wake_ns)
        self._store = SimStore(machine.xenstore, domid, self._loop, _drawing(delays.watch_ns, random))
        self._held: Held = {}
        self.grant_table = GrantTable()
        self.ports = Ports()
        self.fences = 0

    @property
    def domid(self) -> int:
        """Which domain this is; 0 is Dom0."""
        return self._domid

    @property
    def loop(self) -> SimLoop:
        """Where this domain's callbacks run."""
        return self._loop

    @property
    def store(self) -> SimStore:
        """The machine's xenstore."""
        return self._store

    def fence(self) -> None:
        """Nothing to order in one thread; counted in `fences`, and `SimMachine.on_fence` is told."""
        self.fences += 1
        if self._machine.on_fence is not None:
            self._machine.on_fence(self._domid)

    def share(self, peer: int, pages: int, *, writable: bool = True) -> SimGrant:
        """Allocate zeroed pages and let domain `peer` map them."""
        self._check_alive()
        return SimGrant(self._held, self.grant_table, peer, pages, writable=writable)

    def map(self, peer: int, refs: Sequence[int], *, writable: bool = True) -> SimMapping:
        """Map pages that domain `peer` granted us; HostError(EACCES) as in `hosts.api`."""
        self._check_alive()
        granter = self._machine.hosts.get(peer)
        if granter is None:
            raise HostError(EACCES, f"there is no domain {peer}")
        pages = [granter.grant_table.page(ref, self._domid, writable=writable) for ref in refs]
        return SimMapping(self._held, pages, writable=writable)

    def offer_channel(self, peer: int) -> SimChannel:
        """A new port that domain `peer` may bind."""
        self._check_alive()
        return SimChannel(self._loop, self.ports, self._notify_ns, peer)

    def bind_channel(self, peer: int, port: int) -> SimChannel:
        """Bind the port that domain `peer` offered us; HostError(ENOENT) or HostError(EBUSY) as in `hosts.api`."""
        self._check_alive()
        offerer = self._machine.hosts.get(peer)
        if offerer is None:
            raise HostError(ENOENT, f"there is no domain {peer}")
        offered = offerer.ports.offered(port, self._domid)
        channel = SimChannel(self._loop, self.ports, self._notify_ns, None)
        channel.join(offered)
        return channel

    def close(self) -> None:
        """Leave: all that this domain granted, mapped, offered, bound and watched is let go.

        BufferError when a view cast from its pages is still held.  Harmless twice.
        """
        held = tuple(self._held)
        self.leave()
        for views in held:
            views.release()

    def leftovers(self) -> dict[str, int]:
        """What this domain holds, by kind; after everybody has closed everything it is nothing."""
        return {
            "pages shared or mapped": len(self._held),
            "grants": len(self.grant_table),
            "ports": len(self.ports),
            "watches": self._store.watches,
        }

    def leave(self) -> None:
        """Be no part of the machine any more; the pages stay as they are."""
        if self._machine.hosts.get(self._domid) is self:
            del self._machine.hosts[self._domid]
            self._held.clear()
            self.grant_table.end_all()
            self.ports.close()
            self._store.close()
            self._machine.xenstore.release(self._domid)

    def _check_alive(self) -> None:
        if self._machine.hosts.get(self._domid) is not self:
            raise HostError(ENODEV, f"domain {self._domid} has left the machine")


def _drawing(draw: Draw | None, random: Random) -> Callable[[], int]:
    if draw is None:
        return lambda: 0
    return lambda: draw(random)
