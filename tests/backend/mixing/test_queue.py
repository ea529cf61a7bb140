import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backend.mixing.queue import FrameQueue


def put(queue: FrameQueue, octets: bytes) -> None:
    first, second = queue.reserve(len(octets))
    first[:] = octets[: len(first)]
    second[:] = octets[len(first) :]
    queue.commit(len(octets))


def front(queue: FrameQueue, frames: int) -> bytes:
    return b"".join(queue.peek(frames))


class QueueAgainstLists(RuleBasedStateMachine):
    """A FrameQueue does what two lists do: one appended to and cut at the front, the other of what was cut."""

    @initialize(capacity=st.integers(1, 40), frame=st.integers(1, 9), history=st.integers(0, 40))
    def build(self, capacity: int, frame: int, history: int) -> None:
        self.queue = FrameQueue(capacity, frame, history)
        self.history_max = -(-history // frame) * frame
        self.model: list[int] = []
        self.past: list[int] = []
        self.place = self.stamp = 0

    @rule(share=st.floats(0, 1), committed=st.floats(0, 1))
    def write(self, share: float, committed: float) -> None:
        reserved = round(share * self.queue.room_octets)
        count = round(committed * reserved)
        octets = bytes((self.stamp + k) % 256 for k in range(reserved))
        first, second = self.queue.reserve(reserved)
        assert len(first) + len(second) == reserved
        first[:], second[:] = octets[: len(first)], octets[len(first) :]
        self.queue.commit(count)
        self.model += octets[:count]
        self.stamp += count

    @rule(share=st.floats(0, 1))
    def drop(self, share: float) -> None:
        octets = round(share * len(self.model))
        self.queue.drop(octets)
        self.past = (self.past + self.model[:octets])[-self.history_max :] if self.history_max else []
        del self.model[:octets]
        self.place += octets

    @rule(share=st.floats(0, 1))
    def rewind(self, share: float) -> None:
        octets = round(share * len(self.past))
        self.queue.rewind(octets)
        kept = len(self.past) - octets
        self.model = self.past[kept:] + self.model
        del self.past[kept:]
        self.place -= octets

    @rule(share=st.floats(0, 1))
    def take_back(self, share: float) -> None:
        octets = round(share * len(self.model))
        self.queue.take_back(octets)
        del self.model[len(self.model) - octets :]

    @rule(frames=st.integers(0, 100))
    def peek(self, frames: int) -> None:
        whole = len(self.model) // self.queue.frame_octets * self.queue.frame_octets
        assert list(front(self.queue, frames)) == self.model[: min(frames * self.queue.frame_octets, whole)]

    @rule()
    def forget(self) -> None:
        self.queue.forget()
        self.past.clear()

    @rule()
    def clear(self) -> None:
        self.queue.clear()
        self.model.clear()
        self.past.clear()

    @invariant()
    def sizes_agree(self) -> None:
        assert self.queue.fill_octets == len(self.model)
        assert self.queue.room_octets == max(self.queue.capacity_octets - len(self.model), 0)
        assert self.queue.history_octets == len(self.past)
        assert self.queue.dropped_octets == self.place


TestQueueAgainstLists = QueueAgainstLists.TestCase
TestQueueAgainstLists.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_capacity_is_rounded_up_to_whole_frames() -> None:
    assert FrameQueue(10, 4).capacity_octets == 12
    assert FrameQueue(12, 4).capacity_octets == 12


def test_whole_frames_are_never_torn_by_the_wrap() -> None:
    queue = FrameQueue(12, 4)
    for k in range(20):
        put(queue, bytes([k] * 8))
        assert all(len(part) % 4 == 0 for part in queue.peek(2))
        assert front(queue, 2) == bytes([k] * 8)
        queue.drop(8)


def test_a_frame_that_is_not_whole_yet_is_not_shown() -> None:
    queue = FrameQueue(12, 4)
    put(queue, b"abcdef")
    assert front(queue, 3) == b"abcd"
    put(queue, b"gh")
    assert front(queue, 3) == b"abcdefgh"


def test_what_was_reserved_counts_only_once_committed() -> None:
    queue = FrameQueue(8, 2)
    queue.reserve(8)
    assert (queue.fill_octets, queue.room_octets) == (0, 8)


def test_more_than_room_or_fill_is_our_own_mistake() -> None:
    queue = FrameQueue(8, 2)
    with pytest.raises(AssertionError):
        queue.reserve(9)
    with pytest.raises(AssertionError):
        queue.commit(9)
    with pytest.raises(AssertionError):
        queue.drop(1)
    with pytest.raises(AssertionError):
        queue.rewind(1)


def test_what_was_dropped_can_be_read_again_and_what_was_cleared_cannot() -> None:
    queue = FrameQueue(8, 2, history_octets=4)
    put(queue, b"abcdefgh")
    queue.drop(6)
    assert queue.history_octets == 4
    queue.rewind(4)
    assert front(queue, 9) == b"cdefgh"
    queue.drop(2)
    queue.clear()
    assert queue.history_octets == 0


def test_history_takes_no_room_from_a_writer_but_what_is_put_back_does() -> None:
    queue = FrameQueue(8, 2, history_octets=8)
    for k in range(5):
        put(queue, bytes([k] * 8))
        assert queue.room_octets == 0
        queue.drop(8)
        assert queue.room_octets == 8
    put(queue, bytes([5] * 8))
    queue.rewind(8)
    assert (queue.fill_octets, queue.room_octets) == (16, 0)
    queue.drop(10)
    assert queue.room_octets == 2


def test_frames_of_a_history_are_not_torn_by_the_wrap_whatever_its_size() -> None:
    queue = FrameQueue(12, 4, history_octets=5)
    for k in range(20):
        put(queue, bytes([k] * 8))
        queue.drop(8)
        queue.rewind(4)
        assert [len(part) % 4 for part in queue.peek(1)] == [0, 0]
        assert front(queue, 1) == bytes([k] * 4)
        queue.drop(4)
