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


class QueueAgainstBytearray(RuleBasedStateMachine):
    """A FrameQueue does what a bytearray does that is appended to and cut at the front."""

    @initialize(capacity=st.integers(1, 40), frame=st.integers(1, 9))
    def build(self, capacity: int, frame: int) -> None:
        self.queue = FrameQueue(capacity, frame)
        self.model = bytearray()
        self.stamp = 0

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
        del self.model[:octets]

    @rule(frames=st.integers(0, 50))
    def peek(self, frames: int) -> None:
        whole = len(self.model) // self.queue.frame_octets * self.queue.frame_octets
        assert front(self.queue, frames) == self.model[: min(frames * self.queue.frame_octets, whole)]

    @rule()
    def clear(self) -> None:
        self.queue.clear()
        self.model.clear()

    @invariant()
    def sizes_agree(self) -> None:
        assert self.queue.fill_octets == len(self.model)
        assert self.queue.room_octets == self.queue.capacity_octets - len(self.model)


TestQueueAgainstBytearray = QueueAgainstBytearray.TestCase
TestQueueAgainstBytearray.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


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
