"""The real loop: in time, in order, edge triggered, and woken by signals."""

import itertools
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from hosts.api import Handle
from hosts.loop import RealLoop

MS = 1_000_000


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    loop = RealLoop()
    yield loop
    loop.close()


@pytest.fixture
def doorbell() -> Iterator[int]:
    fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    yield fd
    os.close(fd)


def has_length(heard: list[int], length: int) -> bool:
    return len(heard) == length


def run_for(loop: RealLoop, ns: int) -> None:
    assert not loop.run_until(lambda: False, loop.now_ns() + ns)


def test_timers_fire_in_the_order_of_their_deadlines_and_never_early(loop: RealLoop) -> None:
    fired: list[tuple[str, int]] = []

    def note(name: str, now_ns: int) -> None:
        fired.append((name, now_ns))

    start = loop.now_ns()
    for name, due_ms in (("c", 9), ("a", 2), ("b", 5)):
        loop.timer(partial(note, name)).arm(start + due_ms * MS)
    run_for(loop, 20 * MS)
    assert [name for name, _ in fired] == ["a", "b", "c"]
    assert all(at >= start + due * MS for (_, at), due in zip(fired, (2, 5, 9), strict=True))


def test_a_deadline_can_be_replaced_and_forgotten(loop: RealLoop) -> None:
    fired: list[int] = []
    earlier, later, never = (loop.timer(fired.append) for _ in range(3))
    start = loop.now_ns()
    earlier.arm(start + 500 * MS)
    earlier.arm(start + 2 * MS)
    later.arm(start + 1 * MS)
    later.arm(start + 10 * MS)
    never.arm(start + 3 * MS)
    never.disarm()
    run_for(loop, 30 * MS)
    assert len(fired) == 2
    assert fired[0] >= start + 2 * MS
    assert fired[1] >= start + 10 * MS


def test_a_timer_armed_by_its_own_callback_keeps_a_grid(loop: RealLoop) -> None:
    start = loop.now_ns()
    ticks: list[int] = []

    def tick(now_ns: int) -> None:
        ticks.append(now_ns)
        timer.arm(start + (len(ticks) + 1) * MS)

    timer = loop.timer(tick)
    timer.arm(start + MS)
    loop.run_until(lambda: len(ticks) == 20, start + 1000 * MS)
    assert all(at >= start + (k + 1) * MS for k, at in enumerate(ticks))


def test_a_deadline_that_is_past_fires_at_once(loop: RealLoop) -> None:
    fired: list[int] = []
    loop.timer(fired.append).arm(0)
    assert loop.run_until(lambda: bool(fired), loop.now_ns() + 1000 * MS)


def test_putting_a_watchdog_off_leaves_nothing_behind(loop: RealLoop) -> None:
    watchdog = loop.timer(lambda now_ns: None)
    for _ in range(1000):
        watchdog.arm(loop.now_ns() + 1000 * MS)
    assert len(loop._heap) == 1


def test_nobody_wakes_up_for_a_deadline_that_was_put_off_or_forgotten(loop: RealLoop) -> None:
    put_off, forgotten = loop.timer(print), loop.timer(print)
    for timer in (put_off, forgotten):
        timer.arm(loop.now_ns() + 10 * MS)
    put_off.arm(loop.now_ns() + 900 * MS)
    forgotten.disarm()
    passes = itertools.count()
    assert not loop.run_until(lambda: next(passes) < 0, loop.now_ns() + 40 * MS)
    assert next(passes) == 2, "one at once, one at the end"


def test_what_is_left_of_earlier_deadlines_does_not_pile_up(loop: RealLoop) -> None:
    """A far deadline replaced by a near one, or forgotten, leaves its entry behind: but only so many."""
    far = loop.now_ns() + 3600_000 * MS
    watchdog, fired = loop.timer(lambda now_ns: None), list[int]()
    ticker = loop.timer(fired.append)
    for count in range(1, 1001):
        watchdog.arm(far)
        watchdog.disarm()
        ticker.arm(far)
        ticker.arm(0)
        assert loop.run_until(partial(has_length, fired, count), loop.now_ns() + 1000 * MS)
    assert len(loop._heap) < 200


def test_many_timers_fire_in_order_however_they_were_put_off(loop: RealLoop, seed: int) -> None:
    random = Random(seed)
    start = loop.now_ns() + 10 * MS
    due: dict[int, int] = {}
    fired: list[tuple[int, int]] = []

    def fire(index: int, now_ns: int) -> None:
        fired.append((index, now_ns))

    timers = [loop.timer(partial(fire, index)) for index in range(100)]
    for _ in range(2000):
        index = random.randrange(len(timers))
        due[index] = start + random.randrange(5 * MS)
        timers[index].arm(due[index])
        if random.random() < 0.1:
            timers[index].disarm()
            del due[index]
    assert loop.run_until(lambda: len(fired) == len(due), start + 1000 * MS)
    run_for(loop, 2 * MS)
    assert [due[index] for index, _ in fired] == sorted(due.values()), "in order, each once"
    assert all(at >= due[index] for index, at in fired), "never early"


def test_a_timer_put_off_does_not_overtake_when_the_loop_is_late(loop: RealLoop) -> None:
    fired: list[str] = []
    first, second = loop.timer(lambda now_ns: fired.append("put off")), loop.timer(lambda now_ns: fired.append("not"))
    first.arm(1)
    first.arm(3)
    second.arm(2)
    assert loop.run_until(lambda: len(fired) == 2, loop.now_ns() + 1000 * MS)
    assert fired == ["not", "put off"]


def test_a_timer_that_is_always_late_does_not_starve_a_descriptor(loop: RealLoop, doorbell: int) -> None:
    heard: list[int] = []
    late = loop.timer(lambda now_ns: late.arm(now_ns - MS))
    late.arm(0)
    loop.watch_fd(doorbell, heard.append)
    os.eventfd_write(doorbell, 1)
    assert loop.run_until(lambda: bool(heard), loop.now_ns() + 1000 * MS)
    assert not loop.run_until(lambda: False, loop.now_ns() + MS), "nor a deadline"


def test_soon_means_after_what_runs_now_and_in_order(loop: RealLoop) -> None:
    ran: list[str] = []

    def first(_now_ns: int) -> None:
        loop.call_soon(lambda now_ns: ran.append("third"))
        ran.append("first")

    loop.call_soon(first)
    loop.call_soon(lambda now_ns: ran.append("second"))
    assert loop.run_until(lambda: len(ran) == 3, loop.now_ns() + 1000 * MS)
    assert ran == ["first", "second", "third"]


def test_work_that_always_comes_soon_does_not_starve_a_timer(loop: RealLoop) -> None:
    fired: list[int] = []
    loop.timer(fired.append).arm(loop.now_ns() + 2 * MS)

    def again(_now_ns: int) -> None:
        loop.call_soon(again)

    loop.call_soon(again)
    assert loop.run_until(lambda: bool(fired), loop.now_ns() + 2000 * MS)


def test_each_ring_is_heard_though_nobody_reads_the_eventfd(loop: RealLoop, doorbell: int) -> None:
    heard: list[int] = []
    loop.watch_fd(doorbell, heard.append)
    for rings in range(1, 6):
        os.eventfd_write(doorbell, 1)
        assert loop.run_until(partial(has_length, heard, rings), loop.now_ns() + 1000 * MS)
    run_for(loop, 5 * MS)
    assert len(heard) == 5, "readable is not rung"


def test_a_ring_from_before_is_heard(loop: RealLoop, doorbell: int) -> None:
    os.eventfd_write(doorbell, 1)
    heard: list[int] = []
    loop.watch_fd(doorbell, heard.append)
    assert loop.run_until(lambda: bool(heard), loop.now_ns() + 1000 * MS)


def test_a_watch_that_is_cancelled_hears_nothing_even_when_both_were_ready(loop: RealLoop) -> None:
    fds = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(2)]
    heard: list[int] = []
    watches: list[Handle] = []

    def hear(_now_ns: int) -> None:
        heard.append(1)
        for watch in watches:
            watch.cancel()

    watches += [loop.watch_fd(fd, hear) for fd in fds]
    for fd in fds:
        os.eventfd_write(fd, 1)
    run_for(loop, 5 * MS)
    assert len(heard) == 1
    for fd in fds:
        os.close(fd)


def test_a_hang_up_is_heard(loop: RealLoop) -> None:
    reading, writing = os.pipe()
    heard: list[int] = []
    watch = loop.watch_fd(reading, heard.append)
    os.close(writing)
    assert loop.run_until(lambda: bool(heard), loop.now_ns() + 1000 * MS)
    watch.cancel()
    os.close(reading)


def test_a_descriptor_can_be_watched_again_and_an_old_cancel_is_harmless(loop: RealLoop, doorbell: int) -> None:
    heard: list[int] = []
    first = loop.watch_fd(doorbell, lambda now_ns: pytest.fail("cancelled"))
    with pytest.raises(FileExistsError):
        loop.watch_fd(doorbell, lambda now_ns: pytest.fail("refused"))
    first.cancel()
    loop.watch_fd(doorbell, heard.append)
    first.cancel()
    os.eventfd_write(doorbell, 1)
    assert loop.run_until(lambda: bool(heard), loop.now_ns() + 1000 * MS)


def test_a_descriptor_s_number_can_be_used_anew_while_its_old_event_waits(loop: RealLoop) -> None:
    """Both doorbells are rung; whoever is heard first replaces the other by a new one of the same number."""
    *fds, quiet = [os.eventfd(initial, os.EFD_NONBLOCK) for initial in (1, 1, 0)]
    heard: list[int] = []

    def hear(index: int, _now_ns: int) -> None:
        heard.append(index)
        other = 1 - index
        watches[other].cancel()
        os.dup2(quiet, fds[other])
        watches[other] = loop.watch_fd(fds[other], lambda now_ns: heard.append(2))

    watches = [loop.watch_fd(fd, partial(hear, index)) for index, fd in enumerate(fds)]
    loop.run_until(lambda: False, loop.now_ns() + 2 * MS)
    assert heard.count(0) + heard.count(1) == 1, "the old watch is gone"
    assert heard.count(2) <= 1, "at most a spurious hint"
    length = len(heard)
    os.eventfd_write(quiet, 1)
    assert loop.run_until(lambda: len(heard) > length, loop.now_ns() + 1000 * MS)
    for fd in (*fds, quiet):
        os.close(fd)


def test_a_deadline_ends_the_run(loop: RealLoop) -> None:
    start = loop.now_ns()
    assert not loop.run_until(lambda: False, start + 5 * MS)
    assert loop.now_ns() >= start + 5 * MS


def test_a_condition_that_holds_already_needs_no_run(loop: RealLoop) -> None:
    loop.call_soon(lambda now_ns: pytest.fail("ran"))
    assert loop.run_until(lambda: True)


def test_a_loop_runs_in_any_thread(loop: RealLoop) -> None:
    done: list[bool] = []
    loop.timer(lambda now_ns: None).arm(0)
    thread = threading.Thread(target=lambda: done.append(loop.run_until(lambda: False, loop.now_ns() + MS)))
    thread.start()
    thread.join(10)
    assert done == [False]


def test_nothing_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        loop = RealLoop()
        loop.run_until(lambda: False, loop.now_ns() + MS)
        loop.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
