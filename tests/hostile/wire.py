"""A guest made of nothing but the wire, on any host: it says what no frontend would, and keeps what comes back."""

from collections.abc import Callable
from dataclasses import dataclass

from hosts.api import Grant, Host
from ringproto.abi import RESPONSE, Trigger
from ringproto.buffer import SharedBuffer
from ringproto.card import Transport, format_transport
from ringproto.eventpage import EventConsumer
from ringproto.formats import Format
from ringproto.messages import (
    CurPos,
    OpenRequest,
    Request,
    TriggerRequest,
    WriteRequest,
    pack_request,
    parse_event,
)
from ringproto.pagedir import build_directory, data_pages, directory_pages
from ringproto.rings import FrontRing

MS = 1_000_000
LIMIT_NS = 3_000 * MS


class NoAnswer(Exception):  # noqa: N818  # what came, not what went wrong
    """A request was not answered in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response begins with; the rest may be what we wrote over it ourselves."""

    id: int
    status: int


class RawGuest:
    """One stream of one card of this domain."""

    def __init__(self, host: Host, devid: int = 0, pcm: int = 0, stream: int = 0) -> None:
        self.host = host
        self.path = f"/local/domain/{host.domid}/device/vsnd/{devid}"
        self.stream_path = f"{self.path}/{pcm}/{stream}"
        self.backend_path = f"/local/domain/0/backend/vsnd/{host.domid}/{devid}"
        self.responses: list[Answer] = []
        self.events: list[CurPos] = []
        self.grants: list[Grant] = []
        self.buffer: SharedBuffer | None = None
        self._next_id = 0

    # -- connection ---------------------------------------------------------------------------------------------------

    def publish(self, **overrides: str) -> None:
        """Make the transport, publish it (with some nodes as the case wants them), say Initialised."""
        self.ring_page = self.host.share(0, 1)
        self.event_page = self.host.share(0, 1)
        self.ring = FrontRing(self.ring_page.pages[0], self.host.fence)
        self.event_ring = EventConsumer(self.event_page.pages[0], self.host.fence)
        self.doorbell = self.host.offer_channel(0)
        self.event_doorbell = self.host.offer_channel(0)
        self.doorbell.on_notify(self.read_responses)
        self.event_doorbell.on_notify(self.read_events)
        self.grants += [self.ring_page, self.event_page]
        transport = Transport(
            self.ring_page.refs[0], self.doorbell.port, self.event_page.refs[0], self.event_doorbell.port
        )
        for key, value in (format_transport(transport) | overrides).items():
            self.host.store.write(f"{self.stream_path}/{key}", value)
        self.set_state("3")

    def connect(self, limit_ns: int = LIMIT_NS) -> None:
        """Go through the handshake to Connected.  Raises NoAnswer when the backend does not."""
        if not self.wait(lambda: self.backend_state == "2", limit_ns):
            raise NoAnswer(f"the backend is in state {self.backend_state}, never in 2")
        self.publish()
        if not self.wait(lambda: self.backend_state == "4", limit_ns):
            raise NoAnswer(f"the backend is in state {self.backend_state}, never in 4")
        self.set_state("4")

    def set_state(self, state: str) -> None:
        """Write our state node."""
        self.host.store.write(f"{self.path}/state", state)

    @property
    def backend_state(self) -> str | None:
        """The backend's state node."""
        return self.host.store.read(f"{self.backend_path}/state")

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.wait(lambda: False, ns)

    def wait(self, done: Callable[[], bool], limit_ns: int = LIMIT_NS) -> bool:
        """Run until `done()`, asked every millisecond; whether it came in time."""
        loop = self.host.loop

        def tick(now_ns: int) -> None:
            ticker.arm(now_ns + MS)

        ticker = loop.timer(tick)
        tick(loop.now_ns())
        came = loop.run_until(done, loop.now_ns() + limit_ns)
        ticker.disarm()
        return came

    # -- requests -----------------------------------------------------------------------------------------------------

    def next_id(self) -> int:
        """A fresh request id."""
        self._next_id = (self._next_id + 1) & 0xFFFF
        return self._next_id

    def send(self, *requests: Request) -> None:
        """Push requests and ring once."""
        self.send_slots(*(pack_request(request) for request in requests))

    def send_slots(self, *slots: bytes) -> None:
        """Push raw slots and ring once."""
        for slot in slots:
            self.ring.push(slot)
        if self.ring.publish():
            self.doorbell.notify()

    def call(self, request: Request, limit_ns: int = LIMIT_NS) -> int:
        """Send a request and wait for its status.  Raises NoAnswer."""
        return self.call_slot(pack_request(request), request.id, limit_ns)

    def call_slot(self, slot: bytes, request_id: int, limit_ns: int = LIMIT_NS) -> int:
        """Send a raw slot and wait for the status of the response with that id.  Raises NoAnswer."""
        before = len(self.responses)
        self.send_slots(slot)

        def answers() -> list[int]:
            return [response.status for response in self.responses[before:] if response.id == request_id]

        if not self.wait(lambda: bool(answers()), limit_ns):
            raise NoAnswer(f"request {request_id} was not answered")
        return answers()[0]

    def open(self, buffer_octets: int = 7680, period_octets: int = 3840) -> int:
        """OPEN as 48 kHz s16 stereo with a fresh buffer; the status."""
        data, directory = self.share_buffer(buffer_octets)
        build_directory(data.refs, directory.refs, directory.pages)
        return self.call(
            OpenRequest(self.next_id(), 48000, Format.S16_LE, 2, buffer_octets, directory.refs[0], period_octets)
        )

    def share_buffer(self, buffer_octets: int) -> tuple[Grant, Grant]:
        """Fresh pages for a buffer and its directory, which is not written yet."""
        if self.buffer is not None:
            self.buffer.release()
        data = self.host.share(0, data_pages(buffer_octets))
        directory = self.host.share(0, directory_pages(buffer_octets))
        self.grants += [data, directory]
        self.buffer = SharedBuffer(data.pages, buffer_octets)
        self.data, self.directory = data, directory
        return data, directory

    def write(self, octets: bytes, offset: int = 0) -> WriteRequest:
        """Put octets into the buffer and return the WRITE that announces them."""
        assert self.buffer is not None
        self.buffer.write_from(offset, memoryview(octets))
        return WriteRequest(self.next_id(), offset, len(octets))

    def trigger(self, trigger: Trigger) -> int:
        """Send a trigger; the status."""
        return self.call(TriggerRequest(self.next_id(), trigger))

    def read_responses(self, _now_ns: int = 0) -> None:
        """Take what the ring holds."""
        while True:
            slot = self.ring.take()
            if slot is not None:
                request_id, _, status = RESPONSE.unpack(slot)
                self.responses.append(Answer(request_id, status))
            elif not self.ring.final_check():
                return

    def read_events(self, _now_ns: int = 0) -> None:
        """Take what the event page holds."""
        while (slot := self.event_ring.take()) is not None:
            event = parse_event(slot)
            if event is not None:
                self.events.append(event)

    @property
    def positions(self) -> list[int]:
        """The positions told so far, in octets."""
        return [event.position_octets for event in self.events]

    def close(self) -> None:
        """Take everything back, whatever the backend thinks of it."""
        if self.buffer is not None:
            self.buffer.release()
        if hasattr(self, "ring"):
            self.ring.release()
            self.event_ring.release()
            self.doorbell.close()
            self.event_doorbell.close()
        for grant in self.grants:
            grant.end()
