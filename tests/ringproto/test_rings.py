from collections import deque
from struct import pack_into, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.abi import PAGE_OCTETS, REQ_EVENT, RING_SLOTS, RSP_EVENT, SLOT_OCTETS
from ringproto.rings import BackRing, FrontRing
from tests.ringproto.ringpages import STARTS, WRAP, RingEnds, no_fence, page_of, slot_of


def test_the_frontend_initialises_the_page_and_leaves_no_old_octets_in_its_header() -> None:
    page = page_of(0xAA)
    FrontRing(page, no_fence)
    assert page[:16].cast("I").tolist() == [0, 1, 0, 1]
    assert not any(page[16:64])


@pytest.mark.parametrize("start", STARTS)
def test_requests_and_responses_share_the_slots_behind_the_header(start: int) -> None:
    ends = RingEnds(start)
    at = 64 + start % 32 * 64
    ends.request(1)
    assert ends.page[at : at + 64] == slot_of(0)
    assert ends.back.take() == slot_of(0)
    ends.back.push(slot_of(7))
    ends.back.publish()
    assert ends.page[at : at + 64] == slot_of(7)
    assert ends.front.take() == slot_of(7)


def test_the_backend_meets_a_frontend_of_another_make() -> None:
    """Only octets here: two requests that begin with index 30, and a wish to hear of the second response."""
    page = page_of()
    back = BackRing(page, no_fence, 30)
    pack_into("<4I", page, 0, 32, 0, 30, 32)  # req_prod, req_event, rsp_prod, rsp_event
    page[64 + 30 * 64 : 64 + 32 * 64] = slot_of(1) + slot_of(2)
    assert [back.take(), back.take(), back.take()] == [slot_of(1), slot_of(2), None]
    assert not back.final_check()
    assert unpack_from("<4I", page) == (32, 33, 30, 32)
    back.push(slot_of(3))
    assert not back.publish()
    back.push(slot_of(4))
    assert back.publish()
    assert unpack_from("<4I", page) == (32, 33, 32, 32)
    assert page[64 + 30 * 64 : 64 + 32 * 64] == slot_of(3) + slot_of(4)


def test_the_frontend_meets_a_backend_of_another_make() -> None:
    page = page_of()
    front = FrontRing(page, no_fence)
    front.push(slot_of(1))
    assert front.publish()
    assert unpack_from("<4I", page) == (1, 1, 0, 1)
    assert page[64:128] == slot_of(1)
    pack_into("<I", page, 4, 3)  # req_event: hear of the third request
    front.push(slot_of(2))
    assert not front.publish()
    page[64:192] = slot_of(5) + slot_of(6)
    pack_into("<I", page, 8, 2)  # rsp_prod
    assert [front.take(), front.take(), front.take()] == [slot_of(5), slot_of(6), None]
    assert not front.final_check()
    assert unpack_from("<4I", page) == (2, 3, 2, 3)


def test_nothing_is_seen_before_it_is_published() -> None:
    ends = RingEnds()
    ends.front.push(slot_of(0))
    assert ends.back.take() is None
    ends.front.publish()
    assert ends.back.take() == slot_of(0)
    ends.back.push(slot_of(1))
    assert ends.front.take() is None


@pytest.mark.parametrize("start", STARTS)
def test_a_slot_is_in_use_from_request_to_response(start: int) -> None:
    ends = RingEnds(start)
    ends.request(RING_SLOTS)
    assert ends.front.free == 0
    with pytest.raises(AssertionError):
        ends.front.push(slot_of(0))
    assert ends.back.take() is not None
    assert ends.front.free == 0
    ends.back.push(slot_of(0))
    ends.back.publish()
    assert ends.front.take() is not None
    assert ends.front.free == 1


def test_a_response_needs_a_request_taken() -> None:
    ends = RingEnds()
    ends.request(1)
    with pytest.raises(AssertionError):
        ends.back.push(slot_of(0))


@pytest.mark.parametrize("octets", [0, SLOT_OCTETS - 1, SLOT_OCTETS + 1])
def test_only_whole_slots_are_pushed(octets: int) -> None:
    with pytest.raises(AssertionError):
        RingEnds().front.push(bytes(octets))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("event", "wanted"), [(-1, False), (0, False), (1, True), (3, True), (4, False), (33, False)])
def test_publishing_notifies_when_it_passes_the_index_asked_for(start: int, event: int, wanted: bool) -> None:
    ends = RingEnds(start)
    ends.words[REQ_EVENT] = (start + event) % WRAP
    for _ in range(3):
        ends.front.push(slot_of(0))
    assert ends.front.publish() is wanted


@given(
    old=st.integers(0, WRAP - 1) | st.integers(WRAP - 40, WRAP - 1),
    messages=st.integers(0, RING_SLOTS),
    ahead=st.integers(-40, 40) | st.integers(0, WRAP - 1),
)
def test_publishing_notifies_exactly_when_the_message_asked_for_is_among_those_shown(
    old: int, messages: int, ahead: int
) -> None:
    ends = RingEnds(old)
    ends.words[REQ_EVENT] = (old + ahead) % WRAP
    for number in range(messages):
        ends.front.push(slot_of(number))
    shown = {(old + n) % WRAP for n in range(1, messages + 1)}
    assert ends.front.publish() is ((old + ahead) % WRAP in shown)


def test_publishing_nothing_notifies_nobody() -> None:
    ends = RingEnds()
    assert not ends.front.publish()
    ends.request(1)
    assert not ends.front.publish()


@pytest.mark.parametrize("start", STARTS)
def test_the_final_check_asks_for_the_next_message(start: int) -> None:
    ends = RingEnds(start)
    ends.request(2)
    assert ends.back.take() is not None
    assert ends.back.final_check()
    assert ends.back.take() is not None
    assert not ends.back.final_check()
    assert ends.words[REQ_EVENT] == (start + 3) % WRAP
    assert not ends.front.final_check()
    assert ends.words[RSP_EVENT] == (start + 1) % WRAP


@pytest.mark.parametrize("start", STARTS)
def test_the_final_check_may_ask_for_several_messages(start: int) -> None:
    ends = RingEnds(start)
    ends.request(3)
    for _ in range(3):
        assert ends.back.take() is not None
    assert not ends.front.final_check(3)
    for number, wanted in enumerate([False, False, True]):
        ends.back.push(slot_of(number))
        assert ends.back.publish() is wanted
        assert ends.front.final_check(3) is wanted
    assert ends.front.take() == slot_of(0)
    assert not ends.front.final_check(3)
    assert ends.front.final_check(), "it may ask for fewer at any time, and hears of those that are there"
    assert ends.words[RSP_EVENT] == (start + 2) % WRAP


def test_the_final_check_sees_what_came_at_its_fence() -> None:
    page = page_of()
    front = FrontRing(page, no_fence)

    def request() -> None:
        front.push(slot_of(0))
        front.publish()

    assert BackRing(page, request).final_check()


@given(
    start=st.integers(0, WRAP - 1) | st.integers(WRAP - 200, WRAP - 1),
    acts=st.lists(st.sampled_from(["push", "publish", "take", "answer", "respond", "hear"]), max_size=300),
)
def test_a_ring_is_two_queues(start: int, acts: list[str]) -> None:
    ends = RingEnds(start)
    asked, answered = deque[bytes](), deque[bytes]()
    unpublished, unsent, owed = deque[bytes](), deque[bytes](), deque[bytes]()
    for number, act in enumerate(acts):
        if act == "push" and ends.front.free:
            ends.front.push(slot_of(number))
            unpublished.append(slot_of(number))
        elif act == "publish":
            ends.front.publish()
            asked += unpublished
            unpublished.clear()
        elif act == "take":
            slot = ends.back.take()
            assert slot == (asked.popleft() if asked else None)
            owed += [slot] if slot else []
        elif act == "answer" and owed:
            unsent.append(slot_of(-number))
            owed.popleft()
            ends.back.push(slot_of(-number))
        elif act == "respond":
            ends.back.publish()
            answered += unsent
            unsent.clear()
        elif act == "hear":
            assert ends.front.take() == (answered.popleft() if answered else None)


class Backend:
    """Serves at those fences of the frontend's that the bits of `pattern` say, and when notified."""

    def __init__(self, page: memoryview, start: int, pattern: int) -> None:
        self.ring = BackRing(page, no_fence, start)
        self.served: list[bytes] = []
        self.notified = False
        self._pattern = pattern

    def at_fence(self) -> None:
        self._pattern, serves = divmod(self._pattern, 2)
        if serves:
            self.serve()

    def serve(self) -> None:
        while (slot := self.ring.take()) is not None or self.ring.final_check():
            if slot is not None:
                self.served.append(slot)
                self.ring.push(slot)
        self.notified = self.ring.publish() or self.notified


@pytest.mark.parametrize("start", [0, WRAP - 2])
@pytest.mark.parametrize("pattern", range(2**8))
def test_on_real_memory_the_other_side_may_run_at_any_fence(pattern: int, start: int) -> None:
    page = page_of()
    back = Backend(page, start, pattern)
    front = FrontRing(page, back.at_fence, start)
    for number in range(3):
        front.push(slot_of(number))
        if front.publish():
            back.serve()
    answers: list[bytes] = []
    while back.notified:
        back.notified = False
        while (slot := front.take()) is not None or front.final_check():
            answers += [slot] if slot else []
    assert back.served == answers == [slot_of(number) for number in range(3)]


def test_after_release_the_page_can_be_unmapped() -> None:
    memory = bytearray(PAGE_OCTETS)
    page = memoryview(memory)
    ends = FrontRing(page, no_fence), BackRing(page, no_fence)
    ends[0].push(slot_of(0))
    ends[0].publish()
    ends[1].take()
    for end in ends:
        end.release()
        end.release()
    page.release()
    memory.clear()  # refused (BufferError) while any view is left
