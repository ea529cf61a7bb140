"""The rings lose no message and no wake-up in any interleaving; without any one of their fences they would."""

import pytest

from ringproto.abi import (
    IN_CONS,
    IN_PROD,
    PAGE_HEADER_OCTETS,
    PAGE_OCTETS,
    REQ_EVENT,
    REQ_PROD,
    RSP_EVENT,
    RSP_PROD,
    SLOT_OCTETS,
)
from ringproto.eventpage import EventConsumer, EventProducer
from ringproto.rings import BackRing, FrontRing
from tests.ringproto.memorymodel import (
    WORD_OCTETS,
    Access,
    Domain,
    FenceFilter,
    Kind,
    Notes,
    Order,
    Program,
    Side,
    outcomes,
)

REQUESTS: Notes = tuple(bytes([n]) * SLOT_OCTETS for n in (1, 2))
RESPONSES: Notes = tuple(bytes([n]) * SLOT_OCTETS for n in (101, 102))
ALL_DONE = {(RESPONSES, REQUESTS)}
#: The last index before the wrap.
LAST = 2**32 - 1

FRONT, BACK = 0, 1


def send(domain: Domain, ring: FrontRing, *requests: bytes) -> None:
    """Shows the requests in one go."""
    for request in requests:
        ring.push(request)
    if ring.publish():
        domain.notify()


def hear(domain: Domain, ring: FrontRing, *, together: bool = False) -> None:
    """Notes what is answered; between answers it sleeps until the next, or `together` until all that are missing."""
    while True:
        slot = ring.take()
        if slot is not None:
            domain.notes.append(slot)
        elif not ring.final_check(max(len(REQUESTS) - len(domain.notes), 1) if together else 1):
            domain.wait()


def front(start: int, ring_class: type[FrontRing] = FrontRing, requests: Notes = REQUESTS) -> Program:
    """Sends the requests one by one, then notes what is answered."""

    def program(domain: Domain) -> None:
        ring = ring_class(domain.page, domain.fence, start)
        domain.begin()
        for request in requests:
            send(domain, ring, request)
        hear(domain, ring)

    return program


def front_in_one_go(domain: Domain) -> None:
    """Rings for nothing, then sends all requests with one publish."""
    ring = FrontRing(domain.page, domain.fence)
    domain.begin()
    domain.notify()
    send(domain, ring, *REQUESTS)
    hear(domain, ring)


def front_with_patience(domain: Domain) -> None:
    """Sleeps until all is answered."""
    ring = FrontRing(domain.page, domain.fence)
    domain.begin()
    for request in REQUESTS:
        send(domain, ring, request)
    hear(domain, ring, together=True)


def front_that_turns_urgent(domain: Domain) -> None:
    """Would have slept through some answers, but then asks what it wants to be answered at once."""
    ring = FrontRing(domain.page, domain.fence)
    domain.begin()
    send(domain, ring, REQUESTS[0])
    ring.final_check(len(REQUESTS) + 1)
    send(domain, ring, REQUESTS[1])
    hear(domain, ring)


def back(start: int, ring_class: type[BackRing] = BackRing, *, at_once: bool = False) -> Program:
    """Answers what it notes: each request at once, or all before it goes to sleep."""

    def program(domain: Domain) -> None:
        ring = ring_class(domain.page, domain.fence, start)
        domain.begin()
        while True:
            slot = ring.take()
            if slot is not None:
                domain.notes.append(slot)
                ring.push(bytes([slot[0] + 100]) * SLOT_OCTETS)
                if at_once and ring.publish():
                    domain.notify()
            elif not ring.final_check():
                if ring.publish():
                    domain.notify()
                domain.wait()

    return program


def new_ring(start: int) -> dict[int, int]:
    """The words of a request ring as FrontRing makes it."""
    page = memoryview(bytearray(PAGE_OCTETS))
    FrontRing(page, lambda: None, start)
    return {WORD_OCTETS * word: page.cast("I")[word] for word in (REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT)}


def after_slot(access: Access) -> bool:
    return access.kind is Kind.STORE and access.at >= PAGE_HEADER_OCTETS


def after_count(access: Access) -> bool:
    return access.kind is Kind.STORE and access.at in {WORD_OCTETS * REQ_PROD, WORD_OCTETS * RSP_PROD}


def after_wish(access: Access) -> bool:
    return access.kind is Kind.STORE and access.at in {WORD_OCTETS * REQ_EVENT, WORD_OCTETS * RSP_EVENT}


class FrontWithoutRecheck(FrontRing):
    __slots__ = ()

    def final_check(self, messages: int = 1) -> bool:
        super().final_check(messages)
        return False


class BackWithoutRecheck(BackRing):
    __slots__ = ()

    def final_check(self, messages: int = 1) -> bool:
        super().final_check(messages)
        return False


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(("start", "at_once"), [(0, False), (31, False), (LAST, False), (LAST, True)])
def test_both_ends_sleep_only_when_all_is_answered(start: int, order: Order, at_once: bool) -> None:
    sides = (Side(front(start)), Side(back(start, at_once=at_once)))
    assert outcomes(new_ring(start), order, sides) == ALL_DONE


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("program", [front_in_one_go, front_with_patience, front_that_turns_urgent])
def test_so_they_do_however_the_frontend_sends_and_waits(program: Program, at_once: bool, order: Order) -> None:
    assert outcomes(new_ring(0), order, (Side(program), Side(back(0, at_once=at_once)))) == ALL_DONE


def test_without_a_full_fence_who_waits_for_several_sleeps_on_them() -> None:
    sides = (Side(front_with_patience, after_wish), Side(back(0, at_once=True)))
    assert outcomes(new_ring(0), Order.X86, sides) > ALL_DONE


@pytest.mark.parametrize("lost_fence", [after_count, after_wish])
@pytest.mark.parametrize("mutant", [FRONT, BACK])
def test_without_a_full_fence_both_ends_sleep_on_unread_messages(mutant: int, lost_fence: FenceFilter) -> None:
    sides = [Side(front(0)), Side(back(0))]
    sides[mutant] = Side(sides[mutant].program, lost_fence)
    ends = outcomes(new_ring(0), Order.X86, (sides[FRONT], sides[BACK]))
    assert ends > ALL_DONE
    assert all(answered == RESPONSES[: len(answered)] for answered, _ in ends), "late, but never wrong"


@pytest.mark.parametrize(
    "sides",
    [
        (Side(front(0, FrontWithoutRecheck)), Side(back(0))),
        (Side(front(0)), Side(back(0, BackWithoutRecheck))),
    ],
    ids=["front", "back"],
)
def test_without_the_final_look_both_ends_sleep_on_unread_messages(sides: tuple[Side, Side]) -> None:
    assert outcomes(new_ring(0), Order.X86, sides) > ALL_DONE


@pytest.mark.parametrize("mutant", [FRONT, BACK])
def test_without_the_fence_behind_a_slot_old_octets_are_taken_but_not_on_x86(mutant: int) -> None:
    sides = [Side(front(0, requests=REQUESTS[:1])), Side(back(0, at_once=True))]
    sides[mutant] = Side(sides[mutant].program, after_slot)
    one_done = {(RESPONSES[:1], REQUESTS[:1])}
    assert outcomes(new_ring(0), Order.WEAK, (sides[FRONT], sides[BACK])) > one_done
    assert outcomes(new_ring(0), Order.X86, (sides[FRONT], sides[BACK])) == one_done


EVENTS: Notes = tuple(bytes([n]) * SLOT_OCTETS for n in (1, 2, 3))


def producer(domain: Domain) -> None:
    """Pushes all events and notifies each time."""
    events = EventProducer(domain.page, domain.fence)
    domain.begin()
    for event in EVENTS:
        assert events.room
        events.push(event)
        domain.notify()


def consumer(start: int) -> Program:
    """Notes what it takes; there is no last look, as every event is notified."""

    def program(domain: Domain) -> None:
        events = EventConsumer(domain.page, domain.fence, start)
        domain.begin()
        while True:
            slot = events.take()
            if slot is not None:
                domain.notes.append(slot)
            else:
                domain.wait()

    return program


def new_events(start: int) -> dict[int, int]:
    return {WORD_OCTETS * IN_CONS: start, WORD_OCTETS * IN_PROD: start}


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("start", [0, 62, 2**32 - 2])
def test_every_event_is_taken(start: int, order: Order) -> None:
    assert outcomes(new_events(start), order, (Side(producer), Side(consumer(start)))) == {((), EVENTS)}


def test_without_the_fence_behind_an_event_old_octets_are_taken_but_not_on_x86() -> None:
    mutant = (Side(producer, after_slot), Side(consumer(0)))
    assert outcomes(new_events(0), Order.WEAK, mutant) > {((), EVENTS)}
    assert outcomes(new_events(0), Order.X86, mutant) == {((), EVENTS)}
