"""One stream's ring, event page and doorbells as a frontend has them, and nothing more.

It sends what it is told and keeps what comes back.  It uses the protocol's own front ends, not our frontend, so it can
say what no frontend would.  Who looks at the event page, and how, is each user's own.
"""

from collections.abc import Callable

from compose.check.rule import NoAnswer
from hosts.api import Grant, Host
from ringproto.abi import RESPONSE, Trigger
from ringproto.buffer import SharedBuffer
from ringproto.card import Transport
from ringproto.errors import ProtocolError
from ringproto.messages import HwParamResponse, Request, Response, TriggerRequest, pack_request, parse_response
from ringproto.pagedir import build_directory, data_pages, directory_pages
from ringproto.rings import FrontRing

MS = 1_000_000
ANSWER_LIMIT_NS = 3_000 * MS
"""The kernel's patience with a request: VSND_WAIT_BACK_MS."""


class RawWire:
    """A wire to domain `peer`; there is nothing of it before `make`."""

    ring: FrontRing
    buffer: SharedBuffer
    """The one shared last."""
    data: Grant
    """Its pages."""
    directory: Grant
    """Its page directory."""

    def __init__(self, host: Host, peer: int) -> None:
        self.host = host
        self.peer = peer
        self.slots: list[bytes] = []
        """Responses, as they came."""
        self.responses: list[Response | HwParamResponse] = []
        """The same, parsed, as far as they can be."""
        self.grants: list[Grant] = []
        self._last_id = 0

    def make(self) -> None:
        """Share the pages, initialise the ring, offer the doorbells.  The event page is left as it is, zeroed."""
        self.ring_page = self.host.share(self.peer, 1)
        self.event_page = self.host.share(self.peer, 1)
        self.grants += [self.ring_page, self.event_page]
        self.ring = FrontRing(self.ring_page.pages[0], self.host.fence)
        self.doorbell = self.host.offer_channel(self.peer)
        self.event_doorbell = self.host.offer_channel(self.peer)
        self.doorbell.on_notify(self.read_responses)
        self.event_doorbell.on_notify(self.read_events)

    @property
    def transport(self) -> Transport:
        """What to publish."""
        return Transport(self.ring_page.refs[0], self.doorbell.port, self.event_page.refs[0], self.event_doorbell.port)

    def close(self) -> None:
        """Take everything back."""
        if hasattr(self, "ring"):
            self.doorbell.close()
            self.event_doorbell.close()
            self.ring.release()
        if hasattr(self, "buffer"):
            self.buffer.release()
        while self.grants:
            self.grants.pop().end()

    # -- requests -----------------------------------------------------------------------------------------------------

    def next_id(self) -> int:
        """An id not used before."""
        self._last_id = (self._last_id + 1) & 0xFFFF
        return self._last_id

    def send(self, *requests: Request) -> None:
        """Push requests and ring once."""
        self.send_slots(*(pack_request(request) for request in requests))

    def send_slots(self, *slots: bytes) -> None:
        """Push raw slots and ring once."""
        for slot in slots:
            self.ring.push(slot)
        if self.ring.publish():
            self.doorbell.notify()

    def wait(self, done: Callable[[], bool], limit_ns: int = ANSWER_LIMIT_NS) -> bool:
        """Run the domain's loop until `done()`; whether it came within the limit.

        It is asked whenever something happened here, and at least every millisecond: the peer may do what wakes nobody.
        """
        loop = self.host.loop

        def tick(now_ns: int) -> None:
            ticker.arm(now_ns + MS)

        ticker = loop.timer(tick)
        tick(loop.now_ns())
        came = loop.run_until(done, loop.now_ns() + limit_ns)
        ticker.disarm()
        return came

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.wait(lambda: False, ns)

    def answers(self, count: int, limit_ns: int = ANSWER_LIMIT_NS) -> bool:
        """Whether so many responses have come, all together, within the limit."""
        return self.wait(lambda: len(self.slots) >= count, limit_ns)

    def ask(self, request: Request, limit_ns: int = ANSWER_LIMIT_NS) -> Response | HwParamResponse:
        """Send a request and wait for the response with its id.  Raises NoAnswer."""
        before = len(self.responses)
        self.send(request)

        def found() -> list[Response | HwParamResponse]:
            return [response for response in self.responses[before:] if response.id == request.id]

        if not self.wait(lambda: bool(found()), limit_ns):
            others = [response.id for response in self.responses[before:]]
            raise NoAnswer(
                f"{type(request).__name__} {request.id} was not answered in {limit_ns / 1e9:g} s"
                + (f", but {others[:4]} were" if others else "")
            )
        return found()[0]

    def call(self, request: Request, limit_ns: int = ANSWER_LIMIT_NS) -> int:
        """Send a request and wait for its status.  Raises NoAnswer."""
        return self.ask(request, limit_ns).status

    def trigger(self, trigger: Trigger) -> int:
        """Send a trigger; the status.  Raises NoAnswer."""
        return self.call(TriggerRequest(self.next_id(), trigger))

    def share_buffer(self, size_octets: int) -> int:
        """A fresh buffer of that size, and its page directory; the directory's reference."""
        self.data = self.host.share(self.peer, data_pages(size_octets))
        self.directory = self.host.share(self.peer, directory_pages(size_octets))
        self.grants += [self.data, self.directory]
        build_directory(self.data.refs, self.directory.refs, self.directory.pages)
        self.buffer = SharedBuffer(self.data.pages, size_octets)
        return self.directory.refs[0]

    def take_buffer_back(self) -> None:
        """End the grants of the buffer shared last.  In simulation BufferError when the peer still has it mapped."""
        self.buffer.release()
        for grant in (self.data, self.directory):
            self.grants.remove(grant)
            grant.end()

    # -- doorbells ----------------------------------------------------------------------------------------------------

    def read_responses(self, now_ns: int = 0) -> None:
        """Take what the ring holds."""
        while True:
            slot = self.ring.take()
            if slot is not None:
                self.slots.append(slot)
                self.responses.append(_parse(slot))
            elif not self.ring.final_check():
                return

    def read_events(self, now_ns: int = 0) -> None:
        """Take what the event page holds.  Each user's own."""
        raise AssertionError


def _parse(slot: bytes) -> Response | HwParamResponse:
    """Judging is not done here: a response that cannot be is returned as it is."""
    try:
        return parse_response(slot)
    except ProtocolError:
        return Response(*RESPONSE.unpack(slot))
