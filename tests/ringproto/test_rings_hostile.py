"""What a hostile peer may write into a ring's page, and that it gets a ProtocolError at most."""

import pytest

from ringproto.abi import IN_CONS, IN_PROD, REQ_EVENT, REQ_PROD, RING_SLOTS, RSP_EVENT, RSP_PROD
from ringproto.errors import Errno, ProtocolError
from ringproto.eventpage import EventConsumer, EventProducer
from ringproto.rings import BackRing, FrontRing
from tests.ringproto.memorymodel import WORD_OCTETS, Domain, Kind, Moment, Program, Side
from tests.ringproto.ringpages import STARTS, WRAP, RingEnds, slot_of


def test_a_slot_is_copied_behind_the_fence_that_follows_its_count() -> None:
    ends = RingEnds()
    ends.request(1)

    def rewrite() -> None:
        ends.page[64:128] = slot_of(9)

    assert BackRing(ends.page, rewrite).take() == slot_of(9)


def test_a_slot_taken_is_private() -> None:
    ends = RingEnds()
    ends.request(1)
    taken = ends.back.take()
    ends.page[64:128] = slot_of(9)
    assert taken == slot_of(0)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("served", [0, 5, RING_SLOTS])
@pytest.mark.parametrize("claim", [RING_SLOTS + 1, RING_SLOTS + 2, 2**31, WRAP - 1])
def test_more_requests_than_slots_are_refused(start: int, served: int, claim: int) -> None:
    ends = RingEnds(start)
    ends.request(served)
    for _ in range(served):
        assert ends.back.take() is not None
        ends.back.push(slot_of(0))
    ends.words[REQ_PROD] = (start + served + claim) % WRAP
    with pytest.raises(ProtocolError, match="req_prod") as refused:
        ends.back.take()
    assert refused.value.errno is Errno.EINVAL


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("back_by", [1, 31, 32])
def test_requests_that_were_taken_cannot_be_taken_back(start: int, back_by: int) -> None:
    ends = RingEnds(start)
    ends.request(RING_SLOTS)
    for _ in range(RING_SLOTS):
        assert ends.back.take() is not None
    ends.words[REQ_PROD] = (start + RING_SLOTS - back_by) % WRAP
    assert ends.back.final_check(), "it is for take to refuse"
    with pytest.raises(ProtocolError, match="went back"):
        ends.back.take()


def test_a_guest_that_takes_no_responses_is_served_no_more_than_the_ring_holds() -> None:
    ends = RingEnds()
    ends.request(RING_SLOTS)
    for _ in range(RING_SLOTS):
        assert ends.back.take() is not None
    assert ends.back.take() is None
    ends.words[REQ_PROD] += 1
    with pytest.raises(ProtocolError):
        ends.back.take()


def test_the_backends_words_are_never_read_back() -> None:
    ends = RingEnds()
    ends.request(2)
    assert ends.back.take() is not None
    ends.words[RSP_PROD], ends.words[REQ_EVENT] = 0xDEAD, 0xBEEF
    ends.back.push(slot_of(0))
    ends.back.publish()
    assert ends.words[RSP_PROD] == 1
    assert ends.back.take() is not None
    assert not ends.back.final_check()
    assert ends.words[REQ_EVENT] == 3


@pytest.mark.parametrize("claim", [2, 33, 2**31, WRAP - 1])
@pytest.mark.parametrize("start", STARTS)
def test_responses_to_what_was_never_asked_are_refused(start: int, claim: int) -> None:
    ends = RingEnds(start)
    ends.request(1)
    ends.front.push(slot_of(1))  # not published, so not asked yet
    ends.words[RSP_PROD] = (start + claim) % WRAP
    with pytest.raises(ProtocolError, match="rsp_prod"):
        ends.front.take()


@pytest.mark.parametrize("garbage", [0, 1000, 2**31, WRAP - 1])
def test_a_garbage_wish_of_the_peers_costs_only_its_own_notifications(garbage: int) -> None:
    ends = RingEnds()
    ends.request(1)
    assert ends.back.take() is not None
    ends.words[RSP_EVENT] = garbage
    ends.back.push(slot_of(0))
    assert not ends.back.publish()
    assert ends.front.take() == slot_of(0)


def front_takes(domain: Domain) -> None:
    ring = FrontRing(domain.page, domain.fence)
    ring.push(slot_of(0))
    ring.publish()
    domain.begin()
    ring.take()


def back_takes(domain: Domain) -> None:
    ring = BackRing(domain.page, domain.fence)
    domain.begin()
    ring.take()


def consumer_takes(domain: Domain) -> None:
    events = EventConsumer(domain.page, domain.fence)
    domain.begin()
    events.take()


def producer_looks_for_room(domain: Domain) -> None:
    events = EventProducer(domain.page, domain.fence)
    for _ in range(3):
        events.push(slot_of(0))
    domain.begin()
    _ = events.room


@pytest.mark.parametrize(
    ("program", "word", "value", "then"),
    [
        (front_takes, RSP_PROD, 1, [64]),
        (back_takes, REQ_PROD, 1, [64]),
        (consumer_takes, IN_PROD, 1, [64]),
        (producer_looks_for_room, IN_CONS, WRAP - 2, []),
    ],
)
def test_a_peers_count_and_slot_are_each_loaded_once(program: Program, word: int, value: int, then: list[int]) -> None:
    made = {word * WORD_OCTETS: value}
    moment, loads = Moment(Side(program), made), list[int]()
    while (access := moment.access) is not None:
        if access.kind is Kind.LOAD:
            loads.append(access.at)
        moment = moment.after(made.get(access.at, access.value))
    assert loads == [word * WORD_OCTETS, *then]
