from collections.abc import Iterator
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontend.blocking import Caller, Miss, Region, Shape
from frontend.blocking.waiting import SPIN_AHEAD_NS
from hosts.api import HostError
from tests.frontend.blocking.scene import MS, RATE_HZ, STARTS_NS, Scene, due_ns, numbers
from tests.frontend.blocking.virtual import Participant

CALLBACKS = st.lists(st.integers(1, 600), min_size=1, max_size=12)
CALLS = st.lists(st.integers(0, 1500), min_size=1, max_size=12)
#: (frames, how long the application takes before the call, ms)
SLOW_CALLS = st.lists(st.tuples(st.integers(0, 1500), st.sampled_from([0, 0, 0, 3, 11, 25])), min_size=1, max_size=12)


def counted(frames: float) -> Iterator[float]:
    """1, 2, ... so many."""
    return iter(range(1, int(frames) + 1))


@given(CALLBACKS, CALLS)
def test_what_is_received_is_what_callbacks_brought_whatever_their_sizes(sizes: list[int], calls: list[int]) -> None:
    scene = Scene(2, 0)
    received: list[float] = []

    def application(caller: Caller, waiter: Participant) -> None:
        for call in calls:
            into = np.full((call, 2), np.nan, np.float32)
            frames, misses = caller.receive(into)
            assert misses == ()
            assert frames == min(call, sum(sizes) - len(received))
            received.extend(into[:frames, 1].tolist())
        caller.close()

    scene.run(sizes, application)
    assert received == list(counted(min(sum(calls), sum(sizes))))


@given(CALLBACKS, CALLS)
def test_what_is_sent_is_what_callbacks_take_whatever_their_sizes(sizes: list[int], calls: list[int]) -> None:
    scene = Scene(0, 2)
    sent = 0

    def application(caller: Caller, waiter: Participant) -> None:
        nonlocal sent
        for call in calls:
            frames, misses = caller.send(numbers(sent, call, 2))
            assert misses == ()
            sent += call
            if frames < call:
                return
        caller.close()

    scene.run(sizes, application)
    heard = min(sum(calls), sum(sizes))
    complete = heard if sum(calls) <= sum(sizes) else max((s for s in accumulate(sizes) if s <= heard), default=0)
    assert scene.heard[:complete] == list(counted(complete))
    assert not any(scene.heard[heard:])


@given(CALLBACKS, SLOW_CALLS)
def test_what_is_received_goes_on_belonging_to_what_is_sent_whatever_is_missed(
    sizes: list[int], calls: list[tuple[int, int]]
) -> None:
    scene = Scene(1, 1)
    received: list[float] = []

    def application(caller: Caller, waiter: Participant) -> None:
        sent = 0
        for call, pause_ms in calls:
            waiter.sleep_until(waiter.now_ns() + pause_ms * MS)
            into = np.zeros((call, 1), np.float32)
            frames, _ = caller.duplex(numbers(sent, call, 1), into)
            received.extend(into[:frames, 0].tolist())
            sent += call
            if frames < call:
                return
        caller.close()

    scene.run(sizes, application)
    assert received == sorted(set(received)), "each frame once, in order"
    for frame, number in enumerate(scene.heard, start=1):
        if number and number <= len(received):
            assert received[int(number) - 1] == frame


@given(CALLBACKS, SLOW_CALLS)
def test_what_is_missed_is_silence_and_nothing_else_is(sizes: list[int], calls: list[tuple[int, int]]) -> None:
    scene = Scene(0, 1)
    missed: list[Miss] = []

    def application(caller: Caller, waiter: Participant) -> None:
        sent = 0
        for call, pause_ms in calls:
            waiter.sleep_until(waiter.now_ns() + pause_ms * MS)
            missed.extend(caller.send(numbers(sent, call, 1)).misses)
            sent += call

    scene.run(sizes, application)
    heard = [number for number in scene.heard if number]
    assert heard == list(counted(len(heard)))
    if heard:
        first, last = scene.heard.index(heard[0]), scene.heard.index(heard[-1])
        begins = {at for at in range(first + 1, last) if not scene.heard[at] and scene.heard[at - 1]}
        assert begins <= {miss.frame for miss in missed}
        assert not any(scene.heard[miss.frame] for miss in missed)


def test_it_sleeps_until_shortly_before_the_callback_is_due() -> None:
    """Once the pace is known, that is from the second on."""
    scene = Scene(0, 1)
    slept_until_ns: list[int] = []

    def application(caller: Caller, waiter: Participant) -> None:
        sleep_until = waiter.sleep_until

        def noted(due_ns: int) -> None:
            slept_until_ns.extend([due_ns] if due_ns > waiter.now_ns() else [])
            sleep_until(due_ns)

        waiter.sleep_until = noted  # type: ignore[method-assign]  # to see it
        for number in range(4):
            caller.send(numbers(480 * number, 480, 1))

    scene.run([480] * 4, application)
    assert slept_until_ns == [due_ns(k * 480) - SPIN_AHEAD_NS for k in (2, 3)]


def test_it_says_when_the_stream_began() -> None:
    scene = Scene(0, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        assert caller.started_ns is None
        waiter.sleep_until(due_ns(960) - 1)
        caller.send(numbers(0, 480, 1))
        assert caller.started_ns == STARTS_NS

    scene.run([480] * 4, application)


def test_a_call_that_the_stream_has_no_channels_for_is_refused() -> None:
    two = np.zeros((3, 2), np.float32)
    wrong = [
        (Shape(RATE_HZ, 2, 0, 9), "send", (two,)),
        (Shape(RATE_HZ, 0, 2, 9), "receive", (two,)),
        (Shape(RATE_HZ, 0, 2, 9), "duplex", (two, two)),
        (Shape(RATE_HZ, 2, 2, 9), "send", (two,)),
        (Shape(RATE_HZ, 2, 2, 9), "duplex", (two, two[:1])),
        (Shape(RATE_HZ, 0, 2, 9), "send", (two.astype(np.float64),)),
        (Shape(RATE_HZ, 1, 0, 9), "receive", (two,)),
        (Shape(RATE_HZ, 0, 2, 9), "send", (two.reshape(-1),)),
    ]
    for shape, call, arguments in wrong:
        with Region.create(shape) as region, pytest.raises(HostError, match=r"want (receive|send|duplex|float)"):
            getattr(Caller(region), call)(*arguments)


@given(CALLBACKS, CALLS)
def test_in_duplex_all_that_is_sent_is_heard_without_delay_whatever_the_sizes(
    sizes: list[int], calls: list[int]
) -> None:
    """The first frame sent is heard where the first one received was sampled."""
    scene = Scene(1, 1)

    def application(caller: Caller, waiter: Participant) -> None:
        sent = 0
        for call in calls:
            into = np.zeros((call, 1), np.float32)
            frames, misses = caller.duplex(numbers(sent, call, 1), into)
            assert misses == ()
            assert into[:frames, 0].tolist() == list(range(sent + 1, sent + frames + 1))
            sent += call
            if frames < call:
                return
        caller.close()

    scene.run(sizes, application)
    complete = max((end for end in accumulate(sizes) if end <= sum(calls)), default=0)
    assert scene.heard[:complete] == list(counted(complete))
