from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from frontend.blocking.overflow import Incoming, Outgoing, Overflow
from frontend.process import FloatArray

ROOM = 10


def frames(*values: float) -> FloatArray:
    return np.array(values, np.float32)[:, np.newaxis]


@given(st.lists(st.tuples(st.sampled_from(["put", "drop", "cut"]), st.integers(0, ROOM)), max_size=50))
def test_it_is_a_queue(steps: list[tuple[str, int]]) -> None:
    queue, model, number = Overflow(ROOM, 1), deque[int](), 0
    for step, count in steps:
        if step == "put":
            added = [number + one for one in range(min(count, ROOM - len(model)))]
            queue.put(frames(*added))
            model.extend(added)
            number += len(added)
        elif step == "drop":
            queue.drop(min(count, len(model)))
            model = deque(list(model)[count:])
        else:
            cut = min(count, len(model))
            queue.cut(cut)
            model = deque(list(model)[: len(model) - cut])
        into = np.full((ROOM, 1), -1, np.float32)
        assert queue.copy_to(into) == len(queue) == len(model)
        assert into[: len(model), 0].tolist() == list(model)


def test_what_came_in_can_be_undone() -> None:
    incoming, into = Incoming(ROOM, 1), np.zeros((3, 1), np.float32)
    incoming.begin(into)
    incoming.undo(incoming.add(frames(1, 2, 3, 4)))
    assert (incoming.done, incoming.missing) == (0, 3)
    incoming.add(frames(5, 6, 7, 8))
    assert into[:, 0].tolist() == [5, 6, 7]
    incoming.begin(into[:2])
    assert (incoming.done, incoming.missing) == (1, 1)
    assert into[0, 0] == 8


def test_what_goes_out_stays_until_it_is_dropped_and_ends_in_silence() -> None:
    outgoing, block = Outgoing(ROOM, 1), np.full((4, 1), np.nan, np.float32)
    outgoing.begin(frames(1, 2))
    outgoing.keep()
    outgoing.begin(frames(3))
    for _ in range(2):
        outgoing.copy_to(block)
        assert block[:, 0].tolist() == [1, 2, 3, 0]
    outgoing.drop(2)
    assert (len(outgoing), outgoing.rest) == (1, 1)
    outgoing.drop(9)
    assert len(outgoing) == 0


def test_what_is_too_late_is_dropped_when_it_comes() -> None:
    outgoing = Outgoing(ROOM, 1)
    outgoing.begin(frames(1, 2))
    outgoing.drop_later(5)
    assert len(outgoing) == 0
    outgoing.begin(frames(3, 4, 5, 6))
    assert len(outgoing) == 1
