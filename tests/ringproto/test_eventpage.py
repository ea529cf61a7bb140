from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.abi import EVENT_SLOTS, IN_CONS, IN_PROD, PAGE_OCTETS
from ringproto.errors import Errno, ProtocolError
from ringproto.eventpage import EventConsumer, EventProducer
from tests.ringproto.ringpages import STARTS, WRAP, no_fence, page_of, slot_of


class Ends:
    """Both ends of an event page."""

    def __init__(self, start: int = 0) -> None:
        self.page = page_of()
        self.words = self.page.cast("I")
        self.consumer = EventConsumer(self.page, no_fence, start)
        self.producer = EventProducer(self.page, no_fence)


def test_the_frontend_initialises_the_page_and_leaves_no_old_octets_in_its_header() -> None:
    page = page_of(0xAA)
    EventConsumer(page, no_fence)
    assert not any(page[:64])


@pytest.mark.parametrize("start", STARTS)
def test_event_n_lies_in_slot_n_modulo_63_behind_the_header(start: int) -> None:
    ends = Ends(start)
    ends.producer.push(slot_of(5))
    at = 64 + start % 63 * 64
    assert ends.page[at : at + 64] == slot_of(5)
    assert ends.words[IN_PROD] == (start + 1) % WRAP
    assert ends.consumer.take() == slot_of(5)
    assert ends.words[IN_CONS] == (start + 1) % WRAP
    assert ends.consumer.take() is None


def test_the_producer_goes_on_from_what_was_consumed() -> None:
    page = page_of()
    words = page.cast("I")
    words[IN_CONS], words[IN_PROD] = 17, 99
    producer = EventProducer(page, no_fence)
    assert producer.count == words[IN_PROD] == 17
    producer.push(slot_of(0))
    assert producer.count == 18


def test_a_slot_is_written_before_the_fence_and_counted_behind_it() -> None:
    page = page_of()
    consumer = EventConsumer(page, no_fence)
    at_fence: list[tuple[bytes, bytes | None]] = []
    producer = EventProducer(page, lambda: at_fence.append((bytes(page[64:128]), consumer.take())))
    producer.push(slot_of(3))
    assert at_fence == [(slot_of(3), None)]
    assert consumer.take() == slot_of(3)


@pytest.mark.parametrize("start", [0, 62, 63 * 5])
def test_a_guest_asleep_for_hours_has_63_events_when_it_wakes_and_no_count_is_lost(start: int) -> None:
    ends = Ends(start)
    for number in range(EVENT_SLOTS):
        assert ends.producer.room
        ends.producer.push(slot_of(number))
    assert [ends.producer.room for _ in range(1000)] == [False] * 1000
    assert ends.producer.count == start + EVENT_SLOTS
    assert [ends.consumer.take() for _ in range(EVENT_SLOTS)] == [slot_of(number) for number in range(EVENT_SLOTS)]
    assert ends.producer.room


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("ahead", [1, 1000, 2**31, WRAP - 64])
def test_events_consumed_before_they_were_produced_are_refused(start: int, ahead: int) -> None:
    ends = Ends(start)
    ends.words[IN_CONS] = (start + ahead) % WRAP
    with pytest.raises(ProtocolError, match="in_cons") as refused:
        _ = ends.producer.room
    assert refused.value.errno is Errno.EINVAL


def test_the_producers_word_is_never_read_back() -> None:
    ends = Ends()
    ends.words[IN_PROD] = 0xDEAD
    ends.producer.push(slot_of(0))
    assert ends.words[IN_PROD] == 1


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("claim", [EVENT_SLOTS + 1, 2**31, WRAP - 1])
def test_more_events_than_slots_are_refused(start: int, claim: int) -> None:
    ends = Ends(start)
    ends.words[IN_PROD] = (start + claim) % WRAP
    with pytest.raises(ProtocolError, match="in_prod"):
        ends.consumer.take()


@pytest.mark.parametrize("lag", range(EVENT_SLOTS + 1))
def test_across_the_wrap_no_unread_event_is_overwritten(lag: int) -> None:
    """The consumer reads as late as it is let: `lag` events behind, or when there is no room."""
    ends = Ends(WRAP - 100)
    read: list[bytes | None] = []
    for number in range(200):
        while number - len(read) > lag or not ends.producer.room:
            read.append(ends.consumer.take())
        ends.producer.push(slot_of(number))
    while len(read) < 200:
        read.append(ends.consumer.take())
    assert read == [slot_of(number) for number in range(200)]
    assert ends.consumer.take() is None


def test_room_is_short_for_the_four_slots_that_stand_twice_and_for_no_others() -> None:
    """With a consumer that reads only when there is no room: how many events were unread at each push."""
    ends = Ends(WRAP - 100)
    unread: dict[int, int] = {}
    for _ in range(200):
        while not ends.producer.room:
            assert ends.consumer.take() is not None
        count = ends.producer.count
        unread[count] = (count - ends.words[IN_CONS]) % WRAP
        ends.producer.push(slot_of(count))
    assert [unread[count] for count in range(4)] == [3, 3, 3, 3]
    assert [unread[WRAP - count] for count in range(1, 38)] == [62] * 37
    assert [unread[count] for count in range(4, 64)] == [*range(4, 63), 62]


#: Where the hypothesis tests begin: anywhere, and mostly so that the wrap comes soon.
ANY_START = st.integers(WRAP - 130, WRAP - 1) | st.integers(0, WRAP - 1)


@given(start=ANY_START, bursts=st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=12))
def test_a_page_is_one_queue(start: int, bursts: list[tuple[int, int]]) -> None:
    """In each burst the producer offers some events, then the consumer looks for some."""
    ends, unread, pushed = Ends(start), deque[bytes](), 0
    for offered, looks in bursts:
        for _ in range(offered):
            if ends.producer.room:
                ends.producer.push(slot_of(start + pushed))
                unread.append(slot_of(start + pushed))
                pushed += 1
        assert len(unread) <= EVENT_SLOTS
        for _ in range(looks):
            assert ends.consumer.take() == (unread.popleft() if unread else None)
    while unread:
        assert ends.consumer.take() == unread.popleft()
    assert ends.consumer.take() is None
    assert ends.producer.count == ends.words[IN_CONS] == (start + pushed) % WRAP


@given(start=ANY_START, unread=st.integers(0, EVENT_SLOTS), words=st.lists(st.integers(0, WRAP - 1), max_size=20))
def test_whatever_a_guest_writes_events_go_on_in_their_order(start: int, unread: int, words: list[int]) -> None:
    ends, count = Ends(start), start
    for word in [*words, *((count - back) % WRAP for back in range(unread))]:
        ends.words[IN_CONS], ends.words[IN_PROD] = word, WRAP - 1 - word
        try:
            room = ends.producer.room
        except ProtocolError:
            assert (count - word) % WRAP > EVENT_SLOTS
            continue
        assert (count - word) % WRAP <= EVENT_SLOTS - room
        if room:
            ends.producer.push(slot_of(count))
            at = 64 + count % EVENT_SLOTS * 64
            count = (count + 1) % WRAP
            assert ends.page[at : at + 64] == slot_of(count - 1)
            assert ends.words[IN_PROD] == ends.producer.count == count


def test_the_frontend_may_skip_what_it_has_not_read() -> None:
    """Newer kernels set in_cons to in_prod whenever a stream is opened."""
    ends = Ends()
    for number in range(EVENT_SLOTS):
        ends.producer.push(slot_of(number))
    ends.words[IN_CONS] = ends.words[IN_PROD]
    assert ends.producer.room
    assert ends.producer.count == EVENT_SLOTS


def test_a_full_page_at_the_wrap_waits_until_its_slot_was_read() -> None:
    """Event 0 lies where event 2**32 - 4 does: with that one unread there is no room, and with it read there is."""
    ends = Ends(WRAP - 4)
    for number in range(WRAP - 4, WRAP):
        assert ends.producer.room
        ends.producer.push(slot_of(number))
    assert not ends.producer.room
    assert ends.consumer.take() == slot_of(WRAP - 4)
    assert ends.producer.room
    ends.producer.push(slot_of(0))
    assert not ends.producer.room
    assert [ends.consumer.take() for _ in range(4)] == [slot_of(n) for n in (WRAP - 3, WRAP - 2, WRAP - 1, 0)]


def test_an_event_is_copied_between_two_fences_and_given_back_behind_the_second() -> None:
    page = page_of()
    words = page.cast("I")
    given_back: list[int] = []

    def fence() -> None:
        given_back.append(words[IN_CONS])
        page[64:128] = slot_of(len(given_back))

    consumer = EventConsumer(page, fence)
    EventProducer(page, no_fence).push(slot_of(0))
    assert consumer.take() == slot_of(1)
    assert given_back == [0, 0]
    assert words[IN_CONS] == 1


@pytest.mark.parametrize("octets", [0, 63, 65])
def test_only_whole_slots_are_pushed(octets: int) -> None:
    ends = Ends()
    with pytest.raises(AssertionError):
        ends.producer.push(bytes(octets))


def test_after_release_the_page_can_be_unmapped() -> None:
    memory = bytearray(PAGE_OCTETS)
    page = memoryview(memory)
    consumer = EventConsumer(page, no_fence)
    producer = EventProducer(page, no_fence)
    producer.push(slot_of(0))
    consumer.take()
    for end in (consumer, producer, consumer, producer):
        end.release()
    page.release()
    memory.clear()  # refused (BufferError) while any view is left
