"""A backend made of nothing but the wire: it serves one guest's card by hand and writes down what the guest does.

It plays to nothing: its card is the loop's clock.  It answers as it should, but for what a rule wants to try: an event
of a type that there is none like, and a response that nobody asked for.
"""

from dataclasses import dataclass, field

from compose.check.wire import MS
from hosts.api import Handle, Host, HostError
from hosts.snapshot import read_tree
from ringproto.abi import PAGE_OCTETS, SLOT_OCTETS, Op, Trigger
from ringproto.card import NODE_NAMES, CardConfig, StreamConfig, Transport, parse_card, parse_transport
from ringproto.errors import ProtocolError
from ringproto.eventids import EventIdRule, EventIds
from ringproto.eventpage import EventProducer
from ringproto.messages import (
    BadRequest,
    CurPos,
    HwParamRequest,
    HwParamResponse,
    OpenRequest,
    RangeRequest,
    Request,
    TriggerRequest,
    pack_event,
    pack_response,
    pack_status,
    parse_request,
)
from ringproto.pagedir import walk_directory
from ringproto.rings import BackRing

LOOK_NS = 5 * MS


@dataclass(slots=True)
class Seen:
    """What a frontend did, as far as rules are about it."""

    states: list[str] = field(default_factory=list[str])
    transports: list[Transport] = field(default_factory=list[Transport])
    headers: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """req_prod, req_event, rsp_prod, rsp_event of each ring when it was mapped."""
    requests: list[Request] = field(default_factory=list[Request])
    faults: list[str] = field(default_factory=list[str])
    """What was wrong with rings, requests and buffers."""
    most_in_flight: int = 0
    buffers: int = 0
    """Page directories that were walked to their end."""
    after_unknown: int = 0
    """Requests that came after the unknown event and the unknown response."""
    returned: bool | None = None
    """Whether it was Initialised again after its backend had left and come back; None when that was not tried."""


class RawStream:
    """One stream's other end."""

    def __init__(self, host: Host, domid: int, config: StreamConfig, transport: Transport, seen: Seen) -> None:
        self._host = host
        self._domid = domid
        self._seen = seen
        self._config = config
        self._ring_page = host.map(domid, (transport.ring_ref,))
        words = self._ring_page.pages[0].cast("I")
        seen.headers.append((words[0], words[1], words[2], words[3]))
        words.release()
        self._ring = BackRing(self._ring_page.pages[0], host.fence)
        self._event_page = host.map(domid, (transport.evt_ring_ref,))
        self._events = EventProducer(self._event_page.pages[0], host.fence)
        self._ids = EventIds(EventIdRule.AUTO)
        self._doorbell = host.bind_channel(domid, transport.event_channel)
        self._event_doorbell = host.bind_channel(domid, transport.evt_event_channel)
        self._doorbell.on_notify(self.serve)
        self._opened: OpenRequest | None = None
        self._started_ns: int | None = None
        self._disturbed = False
        self._timer = host.loop.timer(self._tick)
        self._timer.arm(host.loop.now_ns() + LOOK_NS)

    def serve(self, now_ns: int) -> None:
        """Take and answer what is there."""
        try:
            self._take_all()
        except ProtocolError as fault:
            self._seen.faults.append(f"ring: {fault}")
            return
        if self._ring.publish():
            self._doorbell.notify()

    def _take_all(self) -> None:
        taken = 0
        while True:
            slot = self._ring.take()
            if slot is not None:
                taken += 1
                self._seen.most_in_flight = max(self._seen.most_in_flight, taken)
                self._answer(slot)
            elif not self._ring.final_check():
                return

    def _answer(self, slot: bytes) -> None:
        seen = self._seen
        if any(slot[3:8]):
            seen.faults.append(f"request: reserved octets hold {slot[3:8].hex()}")
        try:
            request = parse_request(slot)
        except BadRequest as bad:
            seen.faults.append(f"request: {bad}")
            self._ring.push(pack_status(bad.id, bad.op, -22))
            return
        seen.requests.append(request)
        seen.after_unknown += self._disturbed
        if isinstance(request, HwParamRequest):
            self._negotiate(request)
            return
        if isinstance(request, OpenRequest):
            self._open(request)
        elif isinstance(request, TriggerRequest):
            started = request.trigger in (Trigger.START, Trigger.RESUME)
            self._started_ns = self._host.loop.now_ns() if started else None
        elif isinstance(request, RangeRequest):
            self._check_range(request)
        elif request.op is Op.CLOSE:
            self._opened = self._started_ns = None
        self._ring.push(pack_status(request.id, request.op, 0))

    def _negotiate(self, request: HwParamRequest) -> None:
        try:
            params = self._config.limits.negotiate(request.params)
        except ProtocolError:
            self._ring.push(pack_status(request.id, Op.HW_PARAM_QUERY, -22))
        else:
            self._ring.push(pack_response(HwParamResponse(request.id, 0, params)))

    def _open(self, request: OpenRequest) -> None:
        try:
            refs = walk_directory(self._copy_page, request.gref_directory, request.buffer_octets)
            self._host.map(self._domid, refs).unmap()
            self._config.limits.check_open(request)
        except (ProtocolError, HostError) as error:
            self._seen.faults.append(f"open: {error}")
        else:
            self._seen.buffers += 1
        self._opened, self._started_ns = request, None
        self._ids.opened(self._events.number)

    def _copy_page(self, ref: int) -> bytes:
        mapping = self._host.map(self._domid, (ref,), writable=False)
        copied = bytes(mapping.pages[0][:PAGE_OCTETS])
        mapping.unmap()
        return copied

    def _check_range(self, request: RangeRequest) -> None:
        if self._opened is None:
            self._seen.faults.append(f"order: {request.op.name} before OPEN")
        elif request.offset + request.length > self._opened.buffer_octets:
            self._seen.faults.append(
                f"range: {request.length} octets at {request.offset} of {self._opened.buffer_octets}"
            )

    def _tick(self, now_ns: int) -> None:
        """Tell how far the clock is."""
        self._timer.arm(now_ns + LOOK_NS)
        if self._started_ns is None or self._opened is None or not self._opened.period_octets:
            return
        if not self._disturbed and now_ns - self._started_ns > 20 * LOOK_NS:
            self._disturb()
        frames = (now_ns - self._started_ns) * self._opened.rate_hz // 1_000_000_000 + 1
        ids = self._ids.of(self._events.number)
        if self._events.room >= len(ids):
            for event_id in ids:
                self._events.push(pack_event(CurPos(event_id, frames * self._opened.frame_octets)))
            self._event_doorbell.notify()

    def _disturb(self) -> None:
        """An event and a response that mean nothing."""
        self._disturbed = True
        event_id = self._ids.of(self._events.number)[0]
        self._events.push(event_id.to_bytes(2, "little") + b"\x7f" + bytes(SLOT_OCTETS - 3))
        self._event_doorbell.notify()

    def close(self) -> None:
        """Let go of everything."""
        self._timer.disarm()
        self._doorbell.close()
        self._event_doorbell.close()
        self._ring.release()
        self._events.release()
        self._ring_page.unmap()
        self._event_page.unmap()


class RawBackend:
    """The backend of domain `domid`'s card `devid`, on Dom0's host."""

    def __init__(self, host: Host, domid: int, devid: int = 0) -> None:
        self.seen = Seen()
        self._host = host
        self._domid = domid
        self._front = f"/local/domain/{domid}/device/vsnd/{devid}"
        self._path = f"/local/domain/{host.domid}/backend/vsnd/{domid}/{devid}"
        if host.store.read(f"{self._path}/frontend") is None:
            raise HostError(2, f"{self._path}: the toolstack attached no such card")
        self._streams: list[RawStream] = []
        self._state = ""
        self._watch: Handle | None = None

    def begin(self) -> None:
        """Be ready for the frontend, as after a restart."""
        for state in ("5", "6", "2"):
            self._set(state)
        self._watch = self._host.store.watch(f"{self._front}/state", lambda path: self._look())

    def _set(self, state: str) -> None:
        self._state = state
        self._host.store.write(f"{self._path}/state", state)

    def _look(self) -> None:
        state = self._host.store.read(f"{self._front}/state") or ""
        if not self.seen.states or self.seen.states[-1] != state:
            self.seen.states.append(state)
        if state == "3" and self._state == "2":
            self._connect()
        elif state in ("1", "5", "6") and self._state == "4":
            self.drop()
            for closing in ("5", "6", "2"):
                self._set(closing)

    def _connect(self) -> None:
        nodes = read_tree(self._host.store, self._front, NODE_NAMES)
        card: CardConfig = parse_card(nodes)
        try:
            for pcm in card.pcms:
                for stream in pcm.streams:
                    prefix = f"{pcm.index}/{stream.index}/"
                    own = {key.removeprefix(prefix): value for key, value in nodes.items() if key.startswith(prefix)}
                    transport = parse_transport(own)
                    self.seen.transports.append(transport)
                    self._streams.append(RawStream(self._host, self._domid, stream, transport, self.seen))
        except (ProtocolError, HostError) as error:
            self.seen.faults.append(f"transport: {error}")
            self.drop()
            return
        self._set("4")

    @property
    def is_connected(self) -> bool:
        """Whether the frontend has said Connected, too."""
        return self._state == "4" and self.seen.states[-1:] == ["4"]

    def leave_and_return(self, limit_ns: int) -> None:
        """Go away while the frontend is connected, and come back; whether it does, too, is written down."""
        count = self.seen.states.count("3")
        self.drop()
        for state in ("5", "6", "2"):
            self._set(state)
        loop = self._host.loop
        self.seen.returned = loop.run_until(lambda: self.seen.states.count("3") > count, loop.now_ns() + limit_ns)

    def drop(self) -> None:
        """Let go of everything of the frontend's."""
        streams, self._streams = self._streams, []
        for stream in streams:
            stream.close()

    def close(self) -> None:
        """Leave."""
        if self._watch is not None:
            self._watch.cancel()
        self.drop()
        for state in ("5", "6"):
            self._set(state)
