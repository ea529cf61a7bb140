"""The backend's end of a wire: passes, doorbells, and peers that break its rules."""

import pytest

from backend.gather import Gather
from backend.wire import CREDIT_NS, REQUESTS_PER_PASS, TURN_NS, GuestWire, Peer
from hosts.api import HostError
from hosts.sim.machine import SimMachine
from ringproto.abi import EVENT_SLOTS, Op
from ringproto.card import Transport
from ringproto.eventpage import EventConsumer
from ringproto.messages import CloseRequest, CurPos, pack_request, pack_status, parse_event, parse_response
from ringproto.rings import FrontRing
from ringproto.trace import NoTrace
from tests.backend.rawguest import MS


class Ends:
    """A guest's end made by hand, and what a backend's end does to it."""

    def __init__(self) -> None:
        self.machine = SimMachine()
        self.dom0, self.guest = self.machine.host(0), self.machine.host(1)
        self.ring_page, self.event_page = self.guest.share(0, 1), self.guest.share(0, 1)
        self.ring = FrontRing(self.ring_page.pages[0], self.guest.fence)
        self.events = EventConsumer(self.event_page.pages[0], self.guest.fence)
        self.doorbell, self.event_doorbell = self.guest.offer_channel(0), self.guest.offer_channel(0)
        self.rings: list[str] = []
        self.doorbell.on_notify(lambda now_ns: self.rings.append("answer"))
        self.event_doorbell.on_notify(lambda now_ns: self.rings.append("event"))
        self.transport = Transport(
            self.ring_page.refs[0], self.doorbell.port, self.event_page.refs[0], self.event_doorbell.port
        )
        self.served: list[bytes] = []
        self.faults: list[Exception] = []

    def wire(self, **other: int) -> GuestWire:
        """The backend's end, which serves by taking note."""
        peer = Peer(self.dom0, 1, NoTrace(), Gather(self.dom0.loop), self.faults.append)
        fields = {name: getattr(self.transport, name) for name in Transport.__slots__} | other
        return GuestWire(peer, 0, Transport(**fields), lambda slot, now_ns: self.served.append(slot))

    def ask(self, count: int, *, ring: bool = True) -> None:
        """Push requests with the ids 0, 1, ..."""
        for request_id in range(count):
            self.ring.push(pack_request(CloseRequest(request_id)))
        if self.ring.publish() and ring:
            self.doorbell.notify()

    def settle(self) -> None:
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + 2 * MS)

    def claim(self, requests: int) -> None:
        """Say that so many requests were ever made."""
        self.ring_page.pages[0].cast("I")[0] = requests
        self.doorbell.notify()

    def leave(self) -> None:
        """Both domains go; pages that anybody still looks at are found out here."""
        self.ring.release()
        self.events.release()
        self.guest.close()
        self.dom0.close()


@pytest.fixture
def ends() -> Ends:
    return Ends()


def test_requests_that_were_there_before_it_listened_are_served(ends: Ends) -> None:
    ends.ask(3, ring=False)
    ends.wire()
    ends.settle()
    assert len(ends.served) == 3


def test_each_request_is_served_once_in_order_from_a_private_copy(ends: Ends) -> None:
    wire = ends.wire()
    ends.settle()
    ends.ask(5)
    ends.settle()
    assert [slot[0] for slot in ends.served] == [0, 1, 2, 3, 4]
    assert wire.requests == 5
    ends.ring_page.pages[0][64:] = bytes(4096 - 64)
    assert [slot[0] for slot in ends.served] == [0, 1, 2, 3, 4]


def test_an_answer_outside_of_a_pass_is_told_at_once(ends: Ends) -> None:
    wire = ends.wire()
    ends.ask(1)
    ends.settle()
    ends.rings.clear()
    wire.push(pack_status(0, Op.CLOSE, -22))
    ends.settle()
    assert ends.rings == ["answer"]
    slot = ends.ring.take()
    assert slot is not None
    response = parse_response(slot)
    assert (response.id, response.status) == (0, -22)
    assert not any(slot[8:]), "nothing of the backend's memory goes along"


def test_a_guest_that_never_stops_asking_yields_to_its_neighbours(ends: Ends) -> None:
    """It takes each answer and asks anew while the backend is at it; so the pass would never end."""
    wire = ends.wire()
    passes: list[int] = []

    def answer_and_ask_again(slot: bytes, now_ns: int) -> None:
        wire.push(pack_status(slot[0], Op.CLOSE, 0))
        wire._publish()
        ends.ring.take()
        ends.ring.push(slot)
        ends.ring.publish()

    wire._on_request = answer_and_ask_again
    ends.ask(1)
    ends.machine.run_until(lambda: wire.requests > 0)
    for _ in range(3):
        passes.append(wire.requests)
        ends.machine.run_until(lambda: wire.requests > passes[-1])
    assert passes == [REQUESTS_PER_PASS, 2 * REQUESTS_PER_PASS, 3 * REQUESTS_PER_PASS]


def test_a_guest_that_asks_all_the_time_is_served_so_often_and_no_more(ends: Ends) -> None:
    wire = ends.wire()
    seconds = 5

    def ask(now_ns: int) -> None:
        while ends.ring.take() is not None:
            pass
        if ends.ring.free:
            ends.ask(1)
        ends.doorbell.notify()
        timer.arm(now_ns + MS // 50)

    def serve(slot: bytes, now_ns: int) -> None:
        ends.served.append(slot)
        wire.push(pack_status(int.from_bytes(slot[:2], "little"), Op.CLOSE, 0))

    wire._on_request = serve
    timer = ends.guest.loop.timer(ask)
    timer.arm(0)
    ends.machine.run_until(lambda: False, seconds * 1000 * MS)
    assert 1000 < len(ends.served) <= (seconds * 1000 * MS + CREDIT_NS) // TURN_NS
    quiet_ns = ends.machine.timeline.now_ns + 2 * CREDIT_NS
    timer.disarm()
    ends.machine.run_until(lambda: False, quiet_ns)
    while ends.ring.take() is not None:
        pass
    before = len(ends.served)
    ends.ask(8)
    ends.settle()
    assert len(ends.served) == before + 8  # all is paid for


@pytest.mark.parametrize("claimed", [33, 40, 1 << 31, (1 << 32) - 1])
def test_an_impossible_count_is_one_fault_and_the_end_of_the_wire(ends: Ends, claimed: int) -> None:
    wire = ends.wire()
    ends.settle()
    ends.claim(claimed)
    ends.settle()
    ends.claim(1)
    ends.settle()
    assert len(ends.faults) == 1
    assert ends.served == []
    assert not wire.send_position(0, 0)
    wire.push(bytes(64))
    assert ends.rings.count("event") == 0


def test_events_are_numbered_by_slot_and_a_full_page_uses_up_no_number(ends: Ends) -> None:
    wire = ends.wire()
    sent = [wire.send_position(4 * n, n) for n in range(EVENT_SLOTS + 5)]
    assert sent == [True] * EVENT_SLOTS + [False] * 5
    taken = [parse_event(ends.events.take() or b"") for _ in range(EVENT_SLOTS)]
    assert wire.send_position(1000, 250)
    taken.append(parse_event(ends.events.take() or b""))
    assert taken[-1] == CurPos(EVENT_SLOTS, 1000)
    assert [event.id for event in taken if event is not None] == list(range(EVENT_SLOTS + 1))
    ends.settle()
    assert "event" in ends.rings
    assert wire.events == EVENT_SLOTS + 1


def test_an_impossible_event_count_is_a_fault(ends: Ends) -> None:
    wire = ends.wire()
    ends.event_page.pages[0].cast("I")[0] = 1
    assert not wire.send_position(4, 1)
    assert not wire.send_position(4, 1)
    assert len(ends.faults) == 1


def test_answers_the_guest_does_not_want_to_hear_of_are_not_rung_for(ends: Ends) -> None:
    wire = ends.wire()
    ends.ring_page.pages[0].cast("I")[3] = 1 << 31  # rsp_event: garbage costs the guest its own wake-ups only
    ends.ask(1)
    ends.settle()
    ends.rings.clear()
    wire.push(pack_status(0, Op.CLOSE, 0))
    ends.settle()
    assert "answer" not in ends.rings
    assert ends.ring.take() is not None
    assert ends.faults == []


def test_a_ring_page_that_is_the_event_page_too_does_no_harm(ends: Ends) -> None:
    wire = ends.wire(evt_ring_ref=ends.transport.ring_ref)
    ends.ask(2)
    ends.settle()
    wire.send_position(4, 1)
    ends.settle()
    wire.close()
    ends.leave()


@pytest.mark.parametrize(
    "other", [{"ring_ref": 4711}, {"evt_ring_ref": 4711}, {"event_channel": 4711}, {"evt_event_channel": 4711}]
)
def test_what_was_not_granted_or_offered_leaves_nothing_mapped(ends: Ends, other: dict[str, int]) -> None:
    with pytest.raises(HostError):
        ends.wire(**other)
    ends.leave()


def test_one_port_for_both_doorbells_is_refused(ends: Ends) -> None:
    with pytest.raises(HostError, match="bound already"):
        ends.wire(evt_event_channel=ends.transport.event_channel)
    ends.leave()


def test_what_was_granted_to_somebody_else_is_refused(ends: Ends) -> None:
    ends.machine.host(2)
    with pytest.raises(HostError, match="not granted"):
        ends.wire(ring_ref=ends.guest.share(2, 1).refs[0])
    ends.leave()


def test_closing_twice_is_harmless_and_leaves_nothing_mapped(ends: Ends) -> None:
    wire = ends.wire()
    ends.ask(1)
    wire.close()
    wire.close()
    ends.settle()
    assert ends.served == []
    assert not wire.send_position(4, 1)
    ends.leave()
