"""Event channels between simulated domains.

As on Xen: an end whose peer has gone can be bound anew, and binding rings the binder's own end once, because the
offering side may have rung before there was anybody to hear.
"""

from collections.abc import Callable
from errno import EBUSY, ENOENT

from hosts.api import HostError, OnTime
from hosts.sim.loop import SimLoop


class SimChannel:
    """One end.  `offered_to` is the domid that may bind it, None for an end that was made by binding."""

    def __init__(self, loop: SimLoop, ports: "Ports", delay_ns: Callable[[], int], offered_to: int | None) -> None:
        self.offered_to = offered_to
        self._peer: SimChannel | None = None
        self._loop = loop
        self._ports = ports
        self._port = ports.add(self)
        self._delay_ns = delay_ns
        self._callback: OnTime | None = None
        self._rung = False

    @property
    def port(self) -> int:
        """The number of this end in its own domain."""
        return self._port

    def on_notify(self, callback: OnTime) -> None:
        """Have `callback(now_ns)` called after the peer notified, also for what it did before this call."""
        unheard = self._rung and self._callback is None
        self._callback = callback
        if unheard:
            self._loop.arrive(0, self._hear)

    def notify(self) -> None:
        """Ring the peer's end; merged with what it has not heard yet."""
        peer = self._peer
        if peer is not None:
            peer.ring(self._delay_ns())

    def ring(self, delay_ns: int) -> None:
        """Have this end hear something after `delay_ns`."""
        if not self._rung:
            self._rung = True
            if self._callback is not None:
                self._loop.arrive(delay_ns, self._hear)

    def join(self, peer: "SimChannel") -> None:
        """Be bound to the end that was offered."""
        self._peer, peer._peer = peer, self
        self.ring(0)

    @property
    def is_bound(self) -> bool:
        """Whether there is a peer's end."""
        return self._peer is not None

    def close(self) -> None:
        """Free the port.  Harmless twice."""
        self._callback = None
        self._ports.discard(self._port)
        if self._peer is not None:
            self._peer._peer = None
            self._peer = None

    def _hear(self, now_ns: int) -> None:
        self._rung = False
        if self._callback is not None:
            self._callback(now_ns)


class Ports:
    """The ports of one domain.  Numbers are not used again, so a stale one is never somebody else's."""

    def __init__(self) -> None:
        self._channels: dict[int, SimChannel] = {}
        self._last = 0

    def add(self, channel: SimChannel) -> int:
        """Give the channel a port."""
        self._last += 1
        self._channels[self._last] = channel
        return self._last

    def __len__(self) -> int:
        return len(self._channels)

    def discard(self, port: int) -> None:
        """Free the port, if it is in use."""
        self._channels.pop(port, None)

    def offered(self, port: int, to: int) -> SimChannel:
        """The end offered to domain `to`; HostError(ENOENT) when it is not, HostError(EBUSY) when bound already."""
        channel = self._channels.get(port)
        if channel is None or channel.offered_to != to:
            raise HostError(ENOENT, f"port {port} is not offered to domain {to}")
        if channel.is_bound:
            raise HostError(EBUSY, f"port {port} is bound already")
        return channel

    def close(self) -> None:
        """Close all ends."""
        for channel in tuple(self._channels.values()):
            channel.close()
