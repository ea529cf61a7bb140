"""The mapped end of one stream's wire: takes requests, pushes responses and position events, rings the doorbells.

Shared memory is hostile: a slot is copied out once and parsed from the copy; indices are checked by the rings.  A wire
whose peer breaks the rings' rules reports the fault once and does nothing more.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from backend.gather import Gather
from hosts.api import Host
from ringproto.abi import RING_SLOTS
from ringproto.card import Transport
from ringproto.errors import ProtocolError
from ringproto.eventids import EventIdRule, EventIds
from ringproto.eventpage import EventProducer
from ringproto.messages import CurPos, pack_event
from ringproto.rings import BackRing
from ringproto.trace import Point, Ration, Tracer

REQUESTS_PER_PASS = 64
"""Twice the ring: a guest that never stops pushing yields to its neighbours after so many."""


REST_FACTOR = 9
"""Before it is served on, such a guest rests so many times as long as we were busy with it: it gets a tenth of us.

Nobody in good faith is concerned, having at most a ring full of requests.
"""

TURN_NS = 250_000
"""What a turn and each of its requests cost: so many of both in a second are served, and no more.

The quickest stream there can be (64 frames of a period at 192 kHz) needs 3000 turns with a request each.  One that
asks and rings all the time, but never more than a ring full at once, would have most of us.
"""

CREDIT_NS = 1_000_000_000
"""So much of that may be run up as a debt."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The guest at the other end, and how we reach it."""

    host: Host
    domid: int
    tracer: Tracer
    gather: Gather
    on_fault: Callable[[Exception], None]
    """The guest broke the protocol in a way that no response can mend, or we failed it."""
    event_ids: EventIdRule = EventIdRule.AUTO


class GuestWire:
    """Ring, event page and doorbells of one stream.

    `on_request(slot, now_ns)` is called with the private copy of each request.  Raises HostError from the constructor
    when the guest granted or offered something else than it published, leaving nothing mapped.
    """

    def __init__(self, peer: Peer, stream: int, transport: Transport, on_request: Callable[[bytes, int], None]) -> None:
        self.requests = self.events = 0
        self._peer = peer
        self._stream = stream
        self._on_request = on_request
        self._ids = EventIds(peer.event_ids)
        self._dead = False
        self._in_pass = False
        self._queued = False  # for another turn
        self._paid_ns = 0  # when all turns so far have been paid for
        self._turn = peer.host.loop.timer(self._take_turn)
        host, domid = peer.host, peer.domid
        self._domid = domid
        self._now_ns = host.loop.now_ns
        self._ration = Ration(peer.tracer)
        with ExitStack() as made:
            ring_page = host.map(domid, (transport.ring_ref,))
            made.callback(ring_page.unmap)
            self._ring = BackRing(ring_page.pages[0], host.fence)
            made.callback(self._ring.release)
            event_page = host.map(domid, (transport.evt_ring_ref,))
            made.callback(event_page.unmap)
            self._events = EventProducer(event_page.pages[0], host.fence)
            made.callback(self._events.release)
            self._doorbell = host.bind_channel(domid, transport.event_channel)
            made.callback(self._doorbell.close)
            self._event_doorbell = host.bind_channel(domid, transport.evt_event_channel)
            made.callback(self._event_doorbell.close)
            self._made = made.pop_all()
        self._doorbell.on_notify(self._on_doorbell)
        host.loop.call_soon(self._on_doorbell)  # requests may have been there before we listened

    def push(self, response: bytes) -> None:
        """Respond; the guest is told at the end of the pass, or at once outside of one."""
        if self._dead:
            return
        self._ring.push(response)
        if not self._in_pass:
            self._publish()

    def opened(self) -> None:
        """The stream was opened: some frontends number events from here."""
        self._ids.opened(self._events.number)

    def send_position(self, octets: int, boundary: int) -> bool:
        """Send a position event; False when the guest's event page is full (no event id is used up then)."""
        if self._dead:
            return False
        ids = self._ids.of(self._events.number)
        try:
            if self._events.room < len(ids):
                return False
        except ProtocolError as fault:
            self.fail(fault)
            return False
        for event_id in ids:
            self._events.push(pack_event(CurPos(event_id, octets)))
        self.trace(Point.EVENT, boundary, octets)
        self._peer.gather.ring(self._event_doorbell)
        self.events += 1
        return True

    def hush(self, period_ns: int) -> None:
        """The guest has just been told of a period: what it asks next is served with all others', without its ringing.

        To be called when it has been told, `period_ns` being how often it is.
        """
        if not self._dead and not self._ring.final_check(RING_SLOTS):
            self._peer.gather.expect(self._on_doorbell, period_ns)

    @property
    def untraced(self) -> int:
        """Trace records that were left out, being too many."""
        return self._ration.left_out

    def trace(self, point: Point, frame: int, value: int) -> None:
        """Write a trace record of this stream, as of this moment."""
        self._ration.put(self._now_ns(), point, self._domid, self._stream, frame, value)

    def close(self) -> None:
        """Unbind and unmap everything; harmless twice."""
        self._dead = True
        self._turn.disarm()
        self._on_request = _nobody  # no cycles: a backend runs without a garbage collector
        self._turn.disarm()
        self._turn = self._peer.host.loop.timer(_never)
        self._made.close()

    def _publish(self) -> None:
        if self._ring.publish():
            self._doorbell.notify()

    def _on_doorbell(self, now_ns: int) -> None:
        if not self._queued:  # ringing again does not make turns more frequent
            self._take_turn(now_ns)

    def _take_turn(self, now_ns: int) -> None:
        self._queued = False
        if self._dead:
            return
        began_ns, served_before = self._now_ns(), self.requests
        self._ration.put(now_ns, Point.WOKE_BACKEND, self._domid, self._stream, 0, 0)
        self._in_pass = True
        try:
            more = self._take_requests(now_ns)
        except Exception as fault:  # also a bug of ours costs this guest alone
            self.fail(fault)
            return
        finally:
            self._in_pass = False
        if self._dead:  # a request's own consequence may be our end
            return
        self._publish()
        self._rest(began_ns, 1 + self.requests - served_before, more)

    def _rest(self, began_ns: int, cost: int, more: bool) -> None:
        """After a turn: be ready for the next one, or see to it that others get theirs before."""
        self._paid_ns = max(self._paid_ns, began_ns) + cost * TURN_NS
        in_debt = self._paid_ns > began_ns + CREDIT_NS
        if more or in_debt:
            self._queued = True
            ended_ns = self._now_ns()
            self._turn.arm(max(ended_ns + REST_FACTOR * (ended_ns - began_ns), self._paid_ns - CREDIT_NS))

    def _take_requests(self, now_ns: int) -> bool:
        """Serve what is there, within the bound of one pass; True when there may be more."""
        for _ in range(REQUESTS_PER_PASS):
            slot = self._ring.take()
            if slot is None:
                if not self._ring.final_check():
                    return False
                continue
            self.requests += 1
            self._on_request(slot, now_ns)
            if self._dead:
                return False
        return True

    def fail(self, fault: Exception) -> None:
        """Serve this guest no more, and report why; once."""
        if not self._dead:
            self._dead = True
            self._peer.on_fault(fault)


def _nobody(slot: bytes, now_ns: int) -> None:
    """Serve no request."""


def _never(now_ns: int) -> None:
    """Take no turn."""
