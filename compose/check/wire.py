"""A frontend's end of one stream, and nothing more: it sends what it is told and keeps what comes back.

It uses the protocol's own front ends, not our frontend, so it can say what no frontend would.
"""

from compose.check.kernel import KernelEvents
from compose.check.rule import Broken
from hosts.api import Grant, Host
from ringproto.abi import Trigger
from ringproto.buffer import SharedBuffer
from ringproto.card import StreamConfig, Transport
from ringproto.errors import ProtocolError
from ringproto.hwparams import HwParams, Interval
from ringproto.limits import Limits
from ringproto.messages import (
    CloseRequest,
    HwParamResponse,
    OpenRequest,
    Request,
    Response,
    TriggerRequest,
    pack_request,
    parse_response,
)
from ringproto.pagedir import build_directory, data_pages, directory_pages
from ringproto.rings import FrontRing

MS = 1_000_000
ANSWER_LIMIT_NS = 3_000 * MS
"""The kernel's patience with a request: VSND_WAIT_BACK_MS."""


class Wire:
    """One stream's ring, event page and doorbells, shared with domain `peer`."""

    def __init__(self, host: Host, peer: int, config: StreamConfig) -> None:
        self.config = config
        self.slots: list[bytes] = []
        """Responses, as they came."""
        self.last_heard: dict[str, int] = {}
        """Of how many periods each kernel heard in the last opening, if somebody wrote that down."""
        self._host = host
        self._peer = peer
        self._last_id = 0
        self._buffers: list[Grant] = []
        self._ring_page = host.share(peer, 1)
        self.event_page = host.share(peer, 1)
        self.ring = FrontRing(self._ring_page.pages[0], host.fence)
        self.older = KernelEvents(self.event_page.pages[0], newer=False)
        """What the older kernel makes of our events.  The two read the same page; only this one moves its count."""
        self.newer = KernelEvents(self.event_page.pages[0], newer=True, reads_only=True)
        self.doorbell = host.offer_channel(peer)
        self.event_doorbell = host.offer_channel(peer)
        self.doorbell.on_notify(self._on_responses)
        self.event_doorbell.on_notify(self.on_events)

    @property
    def transport(self) -> Transport:
        """What to publish."""
        return Transport(self._ring_page.refs[0], self.doorbell.port, self.event_page.refs[0], self.event_doorbell.port)

    @property
    def responses(self) -> list[Response | HwParamResponse]:
        """What came back."""
        return [parse_response(slot) for slot in self.slots]

    def close(self) -> None:
        """Take everything back."""
        self.doorbell.close()
        self.event_doorbell.close()
        self.ring.release()
        self.older.release()
        self.newer.release()
        for grant in (self._ring_page, self.event_page, *self._buffers):
            grant.end()

    def next_id(self) -> int:
        """An id not used before."""
        self._last_id = (self._last_id + 1) & 0xFFFF
        return self._last_id

    def send(self, *slots: bytes) -> None:
        """Push raw slots and ring once."""
        for slot in slots:
            self.ring.push(slot)
        if self.ring.publish():
            self.doorbell.notify()

    def answers(self, count: int, limit_ns: int = ANSWER_LIMIT_NS) -> bool:
        """Whether so many responses have come, all together, within the limit."""
        loop = self._host.loop
        return loop.run_until(lambda: len(self.slots) >= count, loop.now_ns() + limit_ns)

    def call(self, request: Request) -> int:
        """Send a request and wait for the status.  Raises Broken without an answer."""
        return self.ask(request).status

    def ask(self, request: Request) -> Response | HwParamResponse:
        """Send a request and wait for its response.  Raises Broken without one."""
        before = len(self.slots)
        self.send(pack_request(request))
        if not self.answers(before + 1):
            raise Broken(f"{type(request).__name__} was not answered in 3 s")
        response = self.responses[before]
        if response.id != request.id:
            raise Broken(f"{type(request).__name__} {request.id} was answered with id {response.id}")
        return response

    def trigger(self, trigger: Trigger) -> int:
        """Send a trigger; the status."""
        return self.call(TriggerRequest(self.next_id(), trigger))

    def shut(self) -> int:
        """Send CLOSE; the status."""
        status = self.call(CloseRequest(self.next_id()))
        for kernel in (self.older, self.newer):
            kernel.reset()
        return status

    def open_request(self, periods: int = 4) -> OpenRequest:
        """OPEN in the plainest way that the configuration allows, with a buffer of our own."""
        limits = self.config.limits
        rate_hz, period_frames = plain_rate(limits), plain_rate(limits) // 100
        sample = limits.formats[0]
        channels = max(limits.channels_min, min(2, limits.channels_max))
        frame_octets = channels * sample.sample_octets
        size = min(periods * period_frames * frame_octets, limits.buffer_octets // frame_octets * frame_octets)
        data = self._host.share(self._peer, data_pages(size))
        self.directory = self._host.share(self._peer, directory_pages(size))
        build_directory(data.refs, self.directory.refs, self.directory.pages)
        self._buffers += [data, self.directory]
        self.buffer = SharedBuffer(data.pages, size)
        self.frame_octets = frame_octets
        self.period_frames = period_frames
        return OpenRequest(
            self.next_id(), rate_hz, sample, channels, size, self.directory.refs[0], period_frames * frame_octets
        )

    def open(self, periods: int = 4) -> int:
        """OPEN so; the status."""
        request = self.open_request(periods)
        for kernel in (self.older, self.newer):
            kernel.reset(self.frame_octets, self.period_frames)
        return self.call(request)

    def _on_responses(self, now_ns: int) -> None:
        while True:
            slot = self.ring.take()
            if slot is not None:
                self.slots.append(slot)
            elif not self.ring.final_check():
                return

    def on_events(self, now_ns: int) -> None:
        """Have both kernels look at the events, the one that moves the count last."""
        self.newer.interrupt(now_ns)
        self.older.interrupt(now_ns)


def plain_rate(limits: Limits) -> int:
    """48000 Hz if it may be, or what comes closest below, or the lowest."""
    if isinstance(limits.rates_hz, Interval):
        return max(limits.rates_hz.min, min(48_000, limits.rates_hz.max))
    return max((rate for rate in limits.rates_hz if rate <= 48_000), default=min(limits.rates_hz))


def everything(limits: Limits) -> HwParams:
    """All that a configuration allows, as a query."""
    try:
        return limits.hw_params()
    except ProtocolError as error:  # pragma: no cover  # a card that allows nothing was refused before
        raise Broken(str(error)) from error
