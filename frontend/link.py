"""One stream's wire: a request ring, an event page, two doorbells.

The link moves requests out and responses and position events in.  It knows ids and bounds, not what a request means.
It outlives the opening and closing of a PCM; it ends with the connection to the backend.
"""

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from errno import EBUSY, ENODEV, ETIMEDOUT
from typing import Any

from hosts.api import Host, HostError, Loop
from hosts.tasks import Future, within
from ringproto.card import Direction, Transport
from ringproto.errors import ProtocolError
from ringproto.eventpage import EventConsumer
from ringproto.messages import (
    CurPos,
    HwParamResponse,
    Request,
    Response,
    WriteRequest,
    pack_request,
    parse_event,
    parse_response,
)
from ringproto.rings import FrontRing
from ringproto.trace import Point, Tracer

#: Called with the response to one request.
OnResponse = Callable[[Response | HwParamResponse], None]
#: Called with (position in octets, loop time) for every position event.
OnPosition = Callable[[int, int], None]

PATIENCE = 8
"""WRITEs answered before the backend need ring for them alone.

Nobody waits for the answer to a WRITE: it is found at the next position event, and half of all wake-ups are saved.
"""

TRIGGER_SLOTS = 8
"""Of the ring's 32, never used by transfers: however many of those are unanswered, a trigger finds room."""

ANSWER_LIMIT_NS = 3_000_000_000
"""How long a request may take: VSND_WAIT_BACK_MS of the kernel's frontend."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """What a link needs of the card that it belongs to."""

    host: Host
    backend_domid: int
    tracer: Tracer
    renewed: Callable[["StreamLink"], Coroutine[Any, Any, "StreamLink"]]
    """Wait until the backend serves the stream of that lost link again, and give the link to it now."""
    on_broken: Callable[[ProtocolError], None]
    """The backend did what none can: no link to it is of any use."""


class StreamLink:
    """The transport of one stream to one backend."""

    def __init__(self, keeper: Keeper, stream: int, direction: Direction) -> None:
        host, backend_domid = keeper.host, keeper.backend_domid
        self.host = host
        self.backend_domid = backend_domid
        self.stream = stream
        self.direction = direction
        self.tracer = keeper.tracer
        self.lost = False
        self._keeper = keeper
        self._next_id = 0
        self._waiting: dict[int, OnResponse] = {}
        self._urgent: set[int] = set()
        self._on_position: OnPosition | None = None
        self._on_lost: Callable[[], None] | None = None
        with ExitStack() as made:
            self._ring_grant = host.share(backend_domid, 1)
            made.callback(self._ring_grant.end)
            self._event_grant = host.share(backend_domid, 1)
            made.callback(self._event_grant.end)
            self._ring = FrontRing(self._ring_grant.pages[0], host.fence)
            made.callback(self._ring.release)
            self._events = EventConsumer(self._event_grant.pages[0], host.fence)
            made.callback(self._events.release)
            self._request_channel = host.offer_channel(backend_domid)
            made.callback(self._request_channel.close)
            self._event_channel = host.offer_channel(backend_domid)
            made.callback(self._event_channel.close)
            self._made = made.pop_all()
        self._request_channel.on_notify(self._look)
        self._event_channel.on_notify(self._look)

    @property
    def loop(self) -> Loop:
        """The domain's loop."""
        return self.host.loop

    @property
    def transport(self) -> Transport:
        """What to publish for the backend."""
        return Transport(
            ring_ref=self._ring_grant.refs[0],
            event_channel=self._request_channel.port,
            evt_ring_ref=self._event_grant.refs[0],
            evt_event_channel=self._event_channel.port,
        )

    @property
    def room(self) -> int:
        """How many READs or WRITEs may be sent now."""
        return self._ring.free - TRIGGER_SLOTS

    def attach(self, on_position: OnPosition, on_lost: Callable[[], None]) -> None:
        """Deliver position events, and the loss of the backend, to the PCM that opens now."""
        if self._on_position is not None:
            raise HostError(EBUSY, f"stream {self.stream} is open already")
        self._on_position, self._on_lost = on_position, on_lost

    def detach(self) -> int:
        """The PCM has closed: events are dropped until the next one attaches.  How many requests have no answer."""
        self._on_position = self._on_lost = None
        unanswered = len(self._waiting)
        self._waiting.clear()
        return unanswered

    def next_id(self) -> int:
        """An id that no request in flight has."""
        while True:
            self._next_id = (self._next_id + 1) & 0xFFFF
            if self._next_id not in self._waiting:
                return self._next_id

    def send(self, request: Request, on_response: OnResponse) -> None:
        """Send a request; there must be room.  Raises HostError(ENODEV) when the backend is gone."""
        if self.lost:
            raise HostError(ENODEV, "the backend is gone")
        self._waiting[request.id] = on_response
        if not isinstance(request, WriteRequest):
            self._urgent.add(request.id)
            if self._ring.final_check():
                self.loop.call_soon(self._look)
        self._ring.push(pack_request(request))
        if self._ring.publish():
            self._request_channel.notify()

    async def call(self, request: Request) -> Response | HwParamResponse:
        """Send a request and wait for its response.

        Raises HostError with the errno of a response that says failure, ETIMEDOUT without one (at once when the ring is
        full of requests that were given up), ENODEV when the backend goes away meanwhile.
        """
        if not self.lost and self._ring.free == 0:
            raise HostError(ETIMEDOUT, f"{type(request).__name__}: no room, the backend has stopped answering")
        answer: Future[Response | HwParamResponse] = Future()
        self.send(request, answer.set)
        try:
            response = await within(self.loop, ANSWER_LIMIT_NS, answer, type(request).__name__)
        finally:
            self._urgent.discard(request.id)
        if response.status != 0:
            raise HostError(-response.status, f"{type(request).__name__} refused by the backend")
        return response

    async def renewed(self) -> "StreamLink":
        """The link to use once this one is lost.  Raises HostError when no backend serves the stream in 10 s."""
        return await self._keeper.renewed(self)

    def close(self) -> None:
        """The connection is over: answer what waits with ENODEV and give everything back."""
        self.lost = True
        waiting, self._waiting = self._waiting, {}
        for request_id, on_response in waiting.items():
            on_response(Response(request_id, 0, -ENODEV))
        if self._on_lost is not None:
            self._on_lost()
        self._made.close()

    def _look(self, now_ns: int) -> None:
        """A doorbell rang."""
        try:
            self._take_all(now_ns)
        except ProtocolError as error:
            self._keeper.on_broken(error)

    def _take_all(self, now_ns: int) -> None:
        """Events first: what was sent before a response is to be seen before it."""
        self._take_events(now_ns)
        while not self.lost:
            slot = self._ring.take()
            if slot is not None:
                self._take_response(slot)
            elif not self._ring.final_check(1 if self._urgent else PATIENCE):
                return

    def _take_response(self, slot: bytes) -> None:
        response = parse_response(slot)
        self._urgent.discard(response.id)
        on_response = self._waiting.pop(response.id, None)
        if on_response is not None:  # a response to a request given up on is late, not wrong
            on_response(response)

    def _take_events(self, now_ns: int) -> None:
        while not self.lost:
            slot = self._events.take()
            if slot is None:
                return
            event = parse_event(slot)
            if isinstance(event, CurPos) and self._on_position is not None:
                self.tracer.put(now_ns, Point.WOKE_GUEST, self.host.domid, self.stream, 0, event.position_octets)
                self._on_position(event.position_octets, now_ns)
