"""The real loop, left by an exception or woken by a signal: nothing is lost, and it goes on."""

import os
import signal
import threading
from collections.abc import Iterator
from functools import partial

import pytest

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


def test_an_exception_leaves_the_run_and_the_loop_goes_on(loop: RealLoop) -> None:
    def fail(_now_ns: int) -> None:
        raise RuntimeError("ours")

    loop.call_soon(fail)
    with pytest.raises(RuntimeError, match="ours"):
        loop.run_until(lambda: False)
    fired: list[int] = []
    loop.timer(fired.append).arm(loop.now_ns() + MS)
    assert loop.run_until(lambda: bool(fired), loop.now_ns() + 1000 * MS)


def test_an_exception_keeps_no_other_event_from_being_heard(loop: RealLoop) -> None:
    """An edge is reported once: what else was ready, or due, in the same wake-up comes in the next run."""
    fds = [os.eventfd(1, os.EFD_NONBLOCK) for _ in range(5)]
    heard: list[int] = []

    def fail(index: int, _now_ns: int) -> None:
        heard.append(index)
        raise RuntimeError("ours")

    for index, fd in enumerate(fds):
        loop.watch_fd(fd, partial(fail, index))
    for index in (5, 6):
        loop.timer(partial(fail, index)).arm(0)
        loop.call_soon(partial(fail, index + 2))
    for _ in range(9):
        with pytest.raises(RuntimeError):
            loop.run_until(lambda: False, loop.now_ns() + 1000 * MS)
    assert sorted(heard) == list(range(9)), "each once"
    run_for(loop, MS)
    for fd in fds:
        os.close(fd)


def test_timers_go_on_after_a_descriptor_s_exception_in_the_same_wake_up(loop: RealLoop, doorbell: int) -> None:
    def fail(_now_ns: int) -> None:
        raise RuntimeError("ours")

    fired: list[int] = []
    loop.watch_fd(doorbell, fail)
    loop.timer(fired.append).arm(0)
    os.eventfd_write(doorbell, 1)
    with pytest.raises(RuntimeError):
        loop.run_until(lambda: False)
    assert loop.run_until(lambda: bool(fired)), "without a deadline of the run's to wake it"
    loop.timer(fired.append).arm(loop.now_ns() + MS)
    assert loop.run_until(partial(has_length, fired, 2))


def test_a_run_puts_the_wake_up_descriptor_of_others_back(loop: RealLoop) -> None:
    reading, writing = os.pipe2(os.O_NONBLOCK)
    before = signal.set_wakeup_fd(writing)
    inner = RealLoop()
    loop.call_soon(lambda now_ns: inner.close() if inner.run_until(lambda: True) else None)
    caught: list[int] = []
    handler = signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(number))
    loop.timer(lambda now_ns: signal.raise_signal(signal.SIGUSR1)).arm(loop.now_ns() + MS)
    try:
        assert loop.run_until(lambda: bool(caught)), "the outer run is still woken after the inner"
    finally:
        signal.signal(signal.SIGUSR1, handler)
        assert signal.set_wakeup_fd(before) == writing
        os.close(reading)
        os.close(writing)


def test_a_signal_ends_the_wait(loop: RealLoop) -> None:
    caught: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: caught.append(number))
    try:
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert loop.run_until(lambda: bool(caught), loop.now_ns() + 10_000 * MS)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_ctrl_c_passes_through(loop: RealLoop) -> None:
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until(lambda: False, loop.now_ns() + 10_000 * MS)
