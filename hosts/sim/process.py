"""A process of a simulated domain, which can die while the domain lives on.

A backend is a process of Dom0's.  When it is killed, the kernel takes back what it held: its mappings, grants and
channels are gone, nothing of it runs again, and it says goodbye to nobody.  Dom0, its toolstack and its store remain.
"""

from collections.abc import Callable, Sequence
from errno import ENODEV
from typing import TypeVar

from hosts.api import Handle, HostError, OnTime, OnWatch, StoreView
from hosts.sim.channels import SimChannel
from hosts.sim.loop import SimTimer
from hosts.sim.machine import SimHost
from hosts.sim.memory import SimGrant, SimMapping
from hosts.sim.store import SimWatch

Held = TypeVar("Held", SimGrant, SimMapping)


class SimProcess:
    """A Host on the domain's own; ends with `die`."""

    def __init__(self, host: SimHost) -> None:
        self.alive = True
        self._host = host
        self.loop = _ProcessLoop(self, host)
        self.store = _ProcessStore(self, host)
        self._memory: list[SimGrant | SimMapping] = []
        self._channels: list[SimChannel] = []
        self.watches: list[SimWatch] = []

    @property
    def domid(self) -> int:
        """The domain's."""
        return self._host.domid

    def fence(self) -> None:
        """The domain's."""
        self._host.fence()

    def share(self, peer: int, pages: int, *, writable: bool = True) -> SimGrant:
        """As `hosts.api` says."""
        self.check_alive()
        return self._keep(self._host.share(peer, pages, writable=writable))

    def map(self, peer: int, refs: Sequence[int], *, writable: bool = True) -> SimMapping:
        """As `hosts.api` says."""
        self.check_alive()
        return self._keep(self._host.map(peer, refs, writable=writable))

    def offer_channel(self, peer: int) -> SimChannel:
        """As `hosts.api` says."""
        self.check_alive()
        self._channels.append(self._host.offer_channel(peer))
        return self._channels[-1]

    def bind_channel(self, peer: int, port: int) -> SimChannel:
        """As `hosts.api` says."""
        self.check_alive()
        self._channels.append(self._host.bind_channel(peer, port))
        return self._channels[-1]

    def die(self) -> None:
        """Be killed."""
        self.alive = False
        for held in self._memory:
            held.abandon()
        for channel in self._channels:
            channel.close()
        for watch in self.watches:
            watch.cancel()

    close = die

    def check_alive(self) -> None:
        """Raise HostError(ENODEV) once it has died."""
        if not self.alive:
            raise HostError(ENODEV, f"a process of domain {self.domid} that has ended")

    def _keep(self, held: Held) -> Held:
        self._memory.append(held)
        return held


class _ProcessLoop:
    """The domain's loop, which runs nothing of a dead process."""

    def __init__(self, process: SimProcess, host: SimHost) -> None:
        self._process = process
        self._loop = host.loop

    def now_ns(self) -> int:
        return self._loop.now_ns()

    def timer(self, callback: OnTime) -> SimTimer:
        return self._loop.timer(self._while_alive(callback))

    def call_soon(self, callback: OnTime) -> None:
        self._loop.call_soon(self._while_alive(callback))

    def watch_fd(self, fd: int, callback: OnTime) -> Handle:
        return self._loop.watch_fd(fd, callback)

    def run_until(self, done: Callable[[], bool], deadline_ns: int | None = None) -> bool:
        return self._loop.run_until(done, deadline_ns)

    def _while_alive(self, callback: OnTime) -> OnTime:
        process = self._process

        def run(now_ns: int) -> None:
            if process.alive:
                callback(now_ns)

        return run


class _ProcessStore:
    """The domain's store; a dead process neither reads nor writes, and hears nothing."""

    def __init__(self, process: SimProcess, host: SimHost) -> None:
        self._process = process
        self._store = host.store

    def read(self, path: str) -> str | None:
        self._process.check_alive()
        return self._store.read(path)

    def write(self, path: str, value: str) -> None:
        self._process.check_alive()
        self._store.write(path, value)

    def mkdir(self, path: str) -> None:
        self._process.check_alive()
        self._store.mkdir(path)

    def remove(self, path: str) -> None:
        self._process.check_alive()
        self._store.remove(path)

    def list(self, path: str) -> tuple[str, ...]:
        self._process.check_alive()
        return self._store.list(path)

    def set_perms(self, path: str, perms: Sequence[str]) -> None:
        self._process.check_alive()
        self._store.set_perms(path, perms)

    def transact(self, change: Callable[[StoreView], None]) -> None:
        self._process.check_alive()
        self._store.transact(change)

    def watch(self, path: str, callback: OnWatch) -> SimWatch:
        self._process.check_alive()
        watch = self._store.watch(path, callback)
        self._process.watches.append(watch)
        return watch
