"""The backend's end of one stream by hand: it answers as a backend should, unless its conduct says otherwise."""

from dataclasses import dataclass, replace

from compose.check.rawclock import RawClock
from compose.check.seen import Seen
from hosts.api import Host, HostError
from ringproto.abi import EVENT_SLOTS, PAGE_OCTETS, SLOT_OCTETS, Trigger
from ringproto.card import StreamConfig, Transport
from ringproto.errors import Errno, ProtocolError
from ringproto.eventids import EventIdRule, EventIds
from ringproto.eventpage import EventProducer
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import (
    BadRequest,
    CloseRequest,
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

UNKNOWN_TYPE = 0x7F
TAKEN_ENOUGH = 10
"""Events, before it counts that none is unread."""


@dataclass(slots=True)
class Conduct:
    """How the backend behaves towards the frontend; a trial changes it."""

    holds_one: bool = False
    """One transfer is not answered for now."""
    silent: bool = False
    """Nothing is answered, and no event is sent."""
    refuses_one: bool = False
    """The next transfer is answered with EIO."""


class RawStream:
    """Maps and binds what the frontend published.  Raises HostError when it cannot."""

    def __init__(
        self, host: Host, domid: int, config: StreamConfig, transport: Transport, seen: Seen, conduct: Conduct
    ) -> None:
        self.refs: set[int] = {transport.ring_ref, transport.evt_ring_ref}
        """All that was mapped."""
        self._host, self._domid, self._config, self._seen, self._conduct = host, domid, config, seen, conduct
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
        self._opened: OpenRequest | None = None
        self._data: tuple[int, ...] = ()
        self._offered: HwParams | None = None
        self._unanswered: set[int] = set()
        self._held: list[bytes] = []  # responses that the conduct does not allow
        self._clock: RawClock | None = None
        self._timer = host.loop.timer(self._tick)
        self._doorbell.on_notify(self.serve)

    def close(self) -> None:
        """Let go of everything."""
        self._timer.disarm()
        self._doorbell.close()
        self._event_doorbell.close()
        self._ring.release()
        self._events.release()
        self._ring_page.unmap()
        self._event_page.unmap()

    # -- requests -----------------------------------------------------------------------------------------------------

    def serve(self, now_ns: int) -> None:
        """Take and answer what is there."""
        try:
            while True:
                slot = self._ring.take()
                if slot is not None:
                    self._take(slot, now_ns)
                elif not self._ring.final_check():
                    break
        except ProtocolError as fault:
            self._seen.fault("ring", fault)
        if self._ring.publish():
            self._doorbell.notify()
        self._arm()

    def give_held(self) -> None:
        """Give the responses that were held back."""
        while self._held:
            slot = self._held.pop(0)
            self._unanswered.discard(int.from_bytes(slot[:2], "little"))
            self._ring.push(slot)
        if self._ring.publish():
            self._doorbell.notify()

    def _take(self, slot: bytes, now_ns: int) -> None:
        seen = self._seen
        if any(slot[3:8]):
            seen.fault("reserved", f"octets 3 to 7 of op {slot[2]} hold {slot[3:8].hex()}")
        try:
            request = parse_request(slot)
        except BadRequest as bad:
            seen.fault("request", bad)
            self._ring.push(pack_status(bad.id, bad.op, -bad.errno))
            return
        seen.requests.append(request)
        if request.id in self._unanswered:
            seen.fault("ids", f"id {request.id} of {request.op.name} is in flight already")
        self._unanswered.add(request.id)
        seen.most_in_flight = max(seen.most_in_flight, len(self._unanswered))
        self._respond(request, self._serve(request, now_ns))

    def _serve(self, request: Request, now_ns: int) -> bytes | Errno | None:
        match request:
            case HwParamRequest():
                return self._negotiate(request)
            case OpenRequest():
                return self._open(request)
            case TriggerRequest():
                return self._trigger(request, now_ns)
            case CloseRequest():
                self._close()
            case RangeRequest():
                self._move(request)
        return None

    def _respond(self, request: Request, answer: bytes | Errno | None) -> None:
        slot = answer if isinstance(answer, bytes) else pack_status(request.id, request.op, -(answer or 0))
        conduct = self._conduct
        if isinstance(request, RangeRequest) and conduct.refuses_one:
            conduct.refuses_one = False
            slot = pack_status(request.id, request.op, -Errno.EIO)
        if conduct.silent or (isinstance(request, RangeRequest) and conduct.holds_one and not self._held):
            self._held.append(slot)
            return
        self._unanswered.discard(request.id)
        self._ring.push(slot)

    def _negotiate(self, request: HwParamRequest) -> bytes | Errno:
        try:
            offered = self._config.limits.negotiate(request.params)
        except ProtocolError as error:
            return error.errno
        self._offered = replace(offered, buffer_frames=_less(offered.buffer_frames))
        return pack_response(HwParamResponse(request.id, 0, self._offered))

    def _open(self, request: OpenRequest) -> Errno | None:
        self._opened, self._clock = request, None
        self._ids.opened(self._events.number)
        try:
            self._config.limits.check_open(request)
            self._data = walk_directory(self._copy_page, request.gref_directory, request.buffer_octets)
            self._host.map(self._domid, self._data).unmap()
        except (ProtocolError, HostError) as error:
            self._seen.fault("open", error)
            return Errno.EINVAL
        self.refs |= {*self._data, request.gref_directory}
        self._seen.buffers += 1
        self._clock = RawClock(request)
        if self._offered is not None:
            self._seen.negotiated += 1
            self._check_offered(request, self._offered)
        return None

    def _check_offered(self, request: OpenRequest, offered: HwParams) -> None:
        frames, period = (octets // request.frame_octets for octets in (request.buffer_octets, request.period_octets))
        for what, value, interval in (
            ("Hz", request.rate_hz, offered.rate_hz),
            ("channels", request.channels, offered.channels),
            ("frames of buffer", frames, offered.buffer_frames),
            ("frames of period", period or offered.period_frames.min, offered.period_frames),
        ):
            if value not in interval:
                self._seen.fault("offered", f"{value} {what} after {interval.min} to {interval.max} was offered")
        if not offered.formats_mask & request.format.mask:
            self._seen.fault("offered", f"{request.format.xen_name} was not offered")

    def _copy_page(self, ref: int) -> bytes:
        mapping = self._host.map(self._domid, (ref,), writable=False)
        copied = bytes(mapping.pages[0][:PAGE_OCTETS])
        mapping.unmap()
        return copied

    def _close(self) -> None:
        if self._opened is not None:
            self._seen.closed += 1
            try:
                self._host.map(self._domid, self._data).unmap()
            except HostError as error:
                self._seen.fault("close", error)
        self._opened = self._clock = None

    def _move(self, request: RangeRequest) -> None:
        if self._opened is None:
            self._seen.fault("order", f"{request.op.name} before OPEN")
        elif request.offset + request.length > self._opened.buffer_octets:
            self._seen.fault("range", f"{request.length} octets at {request.offset} of {self._opened.buffer_octets}")

    def _trigger(self, request: TriggerRequest, now_ns: int) -> Errno | None:
        clock = self._clock
        if clock is None:
            self._seen.fault("order", f"{request.trigger.name} before OPEN")
            return Errno.EINVAL
        if request.trigger in (Trigger.START, Trigger.RESUME):
            clock.start(now_ns)
        elif request.trigger is Trigger.PAUSE:
            clock.pause(now_ns)
        elif clock.runs:
            self._send_position(clock.stop(now_ns))
        return None

    # -- events -------------------------------------------------------------------------------------------------------

    def send_unknown(self) -> None:
        """Send an event of a type that there is none like; it takes an id as any other."""
        event_id = self._ids.of(self._events.number)[0]
        self._events.push(event_id.to_bytes(2, "little") + bytes((UNKNOWN_TYPE,)) + bytes(SLOT_OCTETS - 3))
        self._event_doorbell.notify()

    def _arm(self) -> None:
        due_ns = self._clock.due_ns if self._clock is not None else None
        if due_ns is None:
            self._timer.disarm()
        else:
            self._timer.arm(due_ns)

    def _tick(self, now_ns: int) -> None:
        if self._clock is not None and self._clock.runs:
            self._send_position(self._clock.tell(now_ns))
        self._arm()

    def _send_position(self, frames: int) -> None:
        if self._conduct.silent or self._opened is None or not self._opened.period_octets:
            return
        seen, ids = self._seen, self._ids.of(self._events.number)
        try:
            room = self._events.room
        except ProtocolError as fault:
            seen.fault("ring", fault)
            return
        if room == EVENT_SLOTS and seen.events_sent >= TAKEN_ENOUGH:
            seen.events_taken = seen.events_sent
        if room < len(ids):
            return
        for event_id in ids:
            self._events.push(pack_event(CurPos(event_id, frames * self._opened.frame_octets)))
        seen.events_sent += 1
        self._event_doorbell.notify()


def _less(frames: Interval) -> Interval:
    """Three quarters of a choice, so that it is seen who keeps to what was offered."""
    return Interval(frames.min, frames.max - (frames.max - frames.min) // 4)
