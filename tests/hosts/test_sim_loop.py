"""Virtual time: order, late wake-ups, timers, and the end of everything."""

from collections.abc import Callable
from errno import EDEADLK, ENOSYS
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosts.api import HostError
from hosts.sim.loop import SimLoop, Timeline


def never() -> bool:
    return False


def must_not_run(_now_ns: int) -> None:
    pytest.fail("ran")


def late(ns: int) -> Callable[[], int]:
    return lambda: ns


def test_time_jumps_to_what_is_due_and_ends_at_the_deadline() -> None:
    timeline, seen = Timeline(), list[int]()
    loop = SimLoop(timeline)
    loop.timer(seen.append).arm(5_000_000_000)
    assert not loop.run_until(never, 7_000_000_000)
    assert seen == [5_000_000_000]
    assert loop.now_ns() == 7_000_000_000


def test_nothing_left_to_happen_is_edeadlk() -> None:
    loop = SimLoop(Timeline())
    loop.call_soon(lambda _now_ns: None)
    with pytest.raises(HostError) as caught:
        loop.run_until(never)
    assert caught.value.errno == EDEADLK


def test_there_are_no_file_descriptors() -> None:
    with pytest.raises(HostError) as caught:
        SimLoop(Timeline()).watch_fd(0, lambda _now_ns: None)
    assert caught.value.errno == ENOSYS


def test_a_failing_callback_comes_out_and_the_loop_goes_on() -> None:
    loop, seen = SimLoop(Timeline(), late(3)), list[int]()

    def fail(_now_ns: int) -> None:
        raise KeyError

    loop.call_soon(fail)
    loop.call_soon(seen.append)
    with pytest.raises(KeyError):
        loop.run_until(never, 10)
    loop.run_until(never, 10)
    assert seen == [0]


def test_running_inside_a_callback_is_our_bug() -> None:
    loop = SimLoop(Timeline())

    def run_inside(_now_ns: int) -> None:
        loop.run_until(never, 1)

    loop.call_soon(run_inside)
    with pytest.raises(AssertionError, match="inside a callback"):
        loop.run_until(never, 10)


def test_a_slow_domain_does_together_what_came_due_while_it_slept() -> None:
    timeline, seen = Timeline(), list[tuple[str, int]]()
    slow, prompt = SimLoop(timeline, late(10)), SimLoop(timeline)
    for due_ns in (1, 5, 30):
        slow.timer(lambda now_ns: seen.append(("slow", now_ns))).arm(due_ns)
        prompt.timer(lambda now_ns: seen.append(("prompt", now_ns))).arm(due_ns)
    timeline.run_until(never, 100)
    assert [now_ns for who, now_ns in seen if who == "prompt"] == [1, 5, 30]
    assert [now_ns for who, now_ns in seen if who == "slow"] == [11, 11, 40]


def test_a_timer_disarmed_or_put_off_while_its_domain_wakes_stays_silent() -> None:
    timeline, seen = Timeline(), list[int]()
    slow, prompt = SimLoop(timeline, late(10)), SimLoop(timeline)
    disarmed, put_off = slow.timer(seen.append), slow.timer(seen.append)
    disarmed.arm(5)
    put_off.arm(5)
    prompt.timer(lambda _now_ns: disarmed.disarm()).arm(7)
    prompt.timer(lambda _now_ns: put_off.arm(50)).arm(7)
    timeline.run_until(never, 100)
    assert seen == [60]


def test_a_watchdog_put_off_for_ever_leaves_nothing_behind() -> None:
    timeline = Timeline()
    loop = SimLoop(timeline)
    dog = loop.timer(must_not_run)
    for now_ns in range(10_000):
        dog.arm(now_ns + 3_000_000)
    assert len(timeline._heap) == 1


def test_a_stopped_domain_never_runs_again() -> None:
    timeline = Timeline()
    for loop in (SimLoop(timeline), SimLoop(timeline, late(10))):
        loop.call_soon(must_not_run)
        loop.arrive(3, must_not_run)
        loop.timer(must_not_run).arm(5)
        loop.stop()
        loop.call_soon(must_not_run)
        loop.timer(must_not_run).arm(timeline.now_ns + 5)
        timeline.run_until(never, timeline.now_ns + 100)


STEPS = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 60))), max_size=30)
Steps = list[tuple[int, int | None]]


@given(STEPS, st.integers(0, 20), st.integers(0, 99))
def test_timers_do_what_a_list_of_deadlines_would(steps: Steps, most_ns: int, seed: int) -> None:
    """Random arming and disarming at every third nanosecond: fired late by at most the delay, never early, once."""
    timeline, random = Timeline(), Random(seed)
    loop = SimLoop(timeline, (lambda: random.randint(0, most_ns)) if most_ns else None)
    fired: list[tuple[int, int]] = []
    armed: dict[int, int] = {}

    def fire(number: int, now_ns: int) -> None:
        due_ns = armed.pop(number)
        assert due_ns <= now_ns <= due_ns + most_ns + 3
        fired.append((due_ns, now_ns))

    timers = [loop.timer(partial(fire, number)) for number in range(4)]
    for number, after_ns in steps:
        timeline.run_until(never, timeline.now_ns + 3)
        if after_ns is None:
            armed.pop(number, None)
            timers[number].disarm()
        else:
            armed[number] = timeline.now_ns + after_ns
            timers[number].arm(armed[number])
    timeline.run_until(never, timeline.now_ns + 200)
    assert not armed
    assert [now_ns for _, now_ns in fired] == sorted(now_ns for _, now_ns in fired)
