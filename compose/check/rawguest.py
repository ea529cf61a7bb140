"""A guest made of nothing but one wire, on any host, for tests that say to a backend what no frontend would.

Attaching the card is the caller's: that needs Dom0's store.  It publishes one stream only; `compose.check.guest`
connects whole cards.
"""

from compose.check.rawwire import ANSWER_LIMIT_NS, MS, RawWire
from compose.check.rule import NoAnswer
from hosts.api import Host
from ringproto.abi import Trigger
from ringproto.card import format_transport
from ringproto.eventpage import EventConsumer
from ringproto.formats import Format
from ringproto.messages import CloseRequest, CurPos, OpenRequest, WriteRequest, parse_event

__all__ = ["ANSWER_LIMIT_NS", "MS", "NoAnswer", "RawGuest", "Trigger"]

FRAME_OCTETS = 4
"""Of 16 bit stereo, in which it opens its stream."""
BUFFER_FRAMES, PERIOD_FRAMES = 1920, 480


class RawGuest(RawWire):
    """Stream `stream` of PCM `pcm` of the host's card `devid`, alone."""

    event_ring: EventConsumer

    def __init__(self, host: Host, devid: int = 0, pcm: int = 0, stream: int = 0, *, peer: int = 0) -> None:
        super().__init__(host, peer)
        self.path = f"/local/domain/{host.domid}/device/vsnd/{devid}"
        self.stream_path = f"{self.path}/{pcm}/{stream}"
        self.backend_path = f"/local/domain/{peer}/backend/vsnd/{host.domid}/{devid}"
        self.events: list[CurPos] = []
        self.event_times_ns: list[int] = []

    # -- connection ---------------------------------------------------------------------------------------------------

    def publish(self, **overrides: str) -> None:
        """Make the wire, publish it (with some nodes as the test wants them), say Initialised."""
        self.make()
        self.event_ring = EventConsumer(self.event_page.pages[0], self.host.fence)
        for key, value in (format_transport(self.transport) | overrides).items():
            self.host.store.write(f"{self.stream_path}/{key}", value)
        self.set_state("3")

    def connect(self, limit_ns: int = ANSWER_LIMIT_NS) -> None:
        """Go through the handshake to Connected.  Raises NoAnswer when the backend does not."""
        self._expect("2", limit_ns)
        self.publish()
        self._expect("4", limit_ns)
        self.set_state("4")

    def _expect(self, state: str, limit_ns: int) -> None:
        if not self.wait(lambda: self.backend_state == state, limit_ns):
            raise NoAnswer(f"the backend is in state {self.backend_state}, never in {state}")

    def set_state(self, state: str) -> None:
        """Write our state node."""
        self.host.store.write(f"{self.path}/state", state)

    @property
    def backend_state(self) -> str | None:
        """The backend's state node."""
        return self.host.store.read(f"{self.backend_path}/state")

    def close(self) -> None:
        """Take everything back, whatever the backend thinks of it."""
        if hasattr(self, "event_ring"):
            self.event_ring.release()
        super().close()

    # -- sound --------------------------------------------------------------------------------------------------------

    def open(self, buffer_frames: int = BUFFER_FRAMES, period_frames: int = PERIOD_FRAMES, rate_hz: int = 48000) -> int:
        """OPEN as 16 bit stereo with a fresh buffer; the status.  Raises NoAnswer."""
        size, period = buffer_frames * FRAME_OCTETS, period_frames * FRAME_OCTETS
        directory = self.share_buffer(size)
        return self.call(OpenRequest(self.next_id(), rate_hz, Format.S16_LE, 2, size, directory, period))

    def shut(self) -> int:
        """Send CLOSE; the status.  Raises NoAnswer."""
        return self.call(CloseRequest(self.next_id()))

    def write(self, octets: bytes, offset: int = 0) -> WriteRequest:
        """Put octets into the buffer and return the WRITE that announces them."""
        self.buffer.write_from(offset, memoryview(octets))
        return WriteRequest(self.next_id(), offset, len(octets))

    @property
    def data_pages(self) -> tuple[memoryview, ...]:
        """The pages of the buffer."""
        return self.data.pages

    @property
    def positions(self) -> list[int]:
        """The positions told so far, in frames."""
        return [event.position_octets // FRAME_OCTETS for event in self.events]

    def read_events(self, now_ns: int = 0) -> None:
        """Take what the event page holds."""
        while (slot := self.event_ring.take()) is not None:
            event = parse_event(slot)
            if event is not None:
                self.events.append(event)
                self.event_times_ns.append(now_ns)
