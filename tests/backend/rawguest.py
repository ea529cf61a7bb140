"""A guest made of nothing but the wire: it sends what a test says and keeps what comes back.

It uses the protocol's own front ends, not our frontend, so it can say what no frontend would.
"""

from collections.abc import Mapping

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.devices.registry import open_device
from compose.toolstack import Attachment, attach
from hosts.api import Grant
from hosts.sim.machine import SimHost, SimMachine
from ringproto.abi import Trigger
from ringproto.buffer import SharedBuffer
from ringproto.card import CardConfig, Direction, Limits, PcmConfig, StreamConfig, Transport, format_transport
from ringproto.eventpage import EventConsumer
from ringproto.formats import Format
from ringproto.messages import (
    CurPos,
    HwParamResponse,
    OpenRequest,
    Request,
    Response,
    TriggerRequest,
    WriteRequest,
    pack_request,
    parse_event,
    parse_response,
)
from ringproto.pagedir import build_directory, data_pages, directory_pages
from ringproto.rings import FrontRing
from ringproto.trace import NoTrace

MS = 1_000_000
FRAME_OCTETS = 4
PERIOD_FRAMES = 480
BUFFER_FRAMES = 1920

LIMITS = Limits(1, 8, (8000, 22050, 44100, 48000), (Format.S16_LE, Format.U8, Format.FLOAT_LE), 1 << 16)


def card(unique_id: str = "speaker", direction: Direction = Direction.PLAYBACK) -> CardConfig:
    """A card with one stream."""
    return CardConfig("raw", "raw", (PcmConfig(0, "raw", (StreamConfig(0, direction, unique_id, LIMITS),)),), LIMITS)


def machine_with_backend(
    options: Mapping[str, object] | None = None, pacing: str = "irq"
) -> tuple[SimMachine, SimHost, Backend]:
    """A simulated machine whose Dom0 serves a virtual card called "speaker"."""
    machine = SimMachine()
    dom0 = machine.host(0)
    device = {"kind": "clocked", "period_frames": PERIOD_FRAMES, **(options or {})}
    config = BackendConfig({"speaker": device}, {"speaker": "speaker"}, "timer" if pacing == "timer" else "irq")

    def open_named(_name: str, kind: str, named: Mapping[str, object], direction: Direction, loop: object) -> object:
        return open_device(kind, named, direction, dom0.loop)

    return machine, dom0, Backend(dom0, config, open_named, NoTrace())  # type: ignore[arg-type]


class RawGuest:
    """Domain `domid` with one stream; connects itself when the backend is in state 2."""

    def __init__(self, machine: SimMachine, dom0: SimHost, domid: int = 1, config: CardConfig | None = None) -> None:
        self.machine = machine
        self.host = machine.host(domid)
        self.path = f"/local/domain/{domid}/device/vsnd/0"
        self.backend_path = f"/local/domain/0/backend/vsnd/{domid}/0"
        attach(dom0.store, Attachment(domid, config or card()))
        self.responses: list[Response | HwParamResponse] = []
        self.events: list[CurPos] = []
        self.event_times_ns: list[int] = []
        self.grants: list[Grant] = []
        self._next_id = 0

    # -- connection ---------------------------------------------------------------------------------------------------

    def publish(self, **overrides: str) -> None:
        """Make the transport, publish it (with some nodes as the test wants them), say Initialised."""
        self.ring_page = self.host.share(0, 1)
        self.event_page = self.host.share(0, 1)
        self.ring = FrontRing(self.ring_page.pages[0], self.host.fence)
        self.event_ring = EventConsumer(self.event_page.pages[0], self.host.fence)
        self.doorbell = self.host.offer_channel(0)
        self.event_doorbell = self.host.offer_channel(0)
        self.doorbell.on_notify(self._on_responses)
        self.event_doorbell.on_notify(self.read_events)
        transport = Transport(
            self.ring_page.refs[0], self.doorbell.port, self.event_page.refs[0], self.event_doorbell.port
        )
        for key, value in (format_transport(transport) | overrides).items():
            self.host.store.write(f"{self.path}/0/0/{key}", value)
        self.set_state("3")

    def connect(self) -> None:
        """Go through the handshake to Connected."""
        self.settle()
        assert self.backend_state == "2"
        self.publish()
        assert self.is_served()
        self.set_state("4")
        self.settle()

    def is_served(self) -> bool:
        """Whether the backend connects within 50 ms: it takes its time to believe a guest that was here before."""
        return self.machine.run_until(lambda: self.backend_state == "4", self.machine.timeline.now_ns + 50 * MS)

    def set_state(self, state: str) -> None:
        """Write our state node."""
        self.host.store.write(f"{self.path}/state", state)

    @property
    def backend_state(self) -> str | None:
        """The backend's state node."""
        return self.host.store.read(f"{self.backend_path}/state")

    def settle(self, ns: int = 2 * MS) -> None:
        """Let time pass."""
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def wait_for_events(self, count: int) -> bool:
        """Whether so many events have come, all together, within 50 ms."""
        return self.machine.run_until(lambda: len(self.events) >= count, self.machine.timeline.now_ns + 50 * MS)

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

    def call(self, request: Request) -> int:
        """Send a request, let the backend serve it, and return the status."""
        before = len(self.responses)
        self.send(request)
        self.settle()
        (answer,) = (response for response in self.responses[before:] if response.id == request.id)
        return answer.status

    def open(self, buffer_frames: int = BUFFER_FRAMES, period_frames: int = PERIOD_FRAMES, rate_hz: int = 48000) -> int:
        """OPEN as s16 stereo with a fresh buffer; the status."""
        size = buffer_frames * FRAME_OCTETS
        data, directory = self.host.share(0, data_pages(size)), self.host.share(0, directory_pages(size))
        build_directory(data.refs, directory.refs, directory.pages)
        self.grants += [data, directory]
        self.data_pages = data.pages
        self.buffer = SharedBuffer(data.pages, size)
        period = period_frames * FRAME_OCTETS
        return self.call(OpenRequest(self.next_id(), rate_hz, Format.S16_LE, 2, size, directory.refs[0], period))

    def write(self, octets: bytes, offset: int = 0) -> WriteRequest:
        """Put octets into the buffer and return the WRITE that announces them."""
        self.buffer.write_from(offset, memoryview(octets))
        return WriteRequest(self.next_id(), offset, len(octets))

    def trigger(self, trigger: Trigger) -> int:
        """Send a trigger; the status."""
        return self.call(TriggerRequest(self.next_id(), trigger))

    @property
    def positions(self) -> list[int]:
        """The positions told so far, in frames."""
        return [event.position_octets // FRAME_OCTETS for event in self.events]

    def _on_responses(self, _now_ns: int) -> None:
        while True:
            slot = self.ring.take()
            if slot is not None:
                self.responses.append(parse_response(slot))
            elif not self.ring.final_check():
                return

    def read_events(self, now_ns: int) -> None:
        """Take what the event page holds."""
        while (slot := self.event_ring.take()) is not None:
            event = parse_event(slot)
            assert isinstance(event, CurPos)
            self.events.append(event)
            self.event_times_ns.append(now_ns)
