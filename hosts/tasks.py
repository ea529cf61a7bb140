"""Waiting, written as straight lines: the few words of `async` that a driver's connect and open sequences need.

A handshake reads best from top to bottom ("wait for state 2, publish, wait for state 4").  The same text must run in a
process that has nothing else to do, and beside a thousand others in simulated time.  So it is a coroutine here, and
this file runs it on any `hosts.api.Loop`.  The data path does not use it: there, callbacks.

Non-goals: cancellation trees, thread safety, fairness.  A task that fails hands its exception to whoever waits for it.
"""

from collections.abc import Callable, Coroutine, Generator
from errno import ETIMEDOUT
from typing import Any, Generic, TypeVar

from hosts.api import HostError, Loop

T = TypeVar("T")


class Future(Generic[T]):
    """A value, or an exception, that somebody will set once; later settings are ignored."""

    __slots__ = ("_callbacks", "_error", "_value", "done")

    def __init__(self) -> None:
        self.done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[], None]] = []

    def set(self, value: T) -> None:
        """Hand over the value."""
        self._finish(value, None)

    def fail(self, error: BaseException) -> None:
        """Hand over an exception, raised where the future is awaited."""
        self._finish(None, error)

    def _finish(self, value: T | None, error: BaseException | None) -> None:
        if self.done:
            return
        self.done, self._value, self._error = True, value, error
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_done(self, callback: Callable[[], None]) -> None:
        """Call `callback()` once the future is done, at once if it is."""
        if self.done:
            callback()
        else:
            self._callbacks.append(callback)

    def result(self) -> T:
        """The value; raises the exception that was set instead."""
        assert self.done
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # set() took a T

    def __await__(self) -> Generator["Future[T]", None, T]:
        if not self.done:
            yield self
        return self.result()


def spawn(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Start the coroutine now, up to its first wait; the future is its result."""
    outcome: Future[T] = Future()

    def step() -> None:
        try:
            waits_for = coroutine.send(None)
        except StopIteration as stop:
            outcome.set(stop.value)
        except BaseException as error:  # the task's failure belongs to whoever awaits it
            outcome.fail(error)
        else:
            waits_for.on_done(step)

    step()
    return outcome


def run(loop: Loop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine to its end on `loop` and return its result."""
    outcome = spawn(coroutine)
    loop.run_until(lambda: outcome.done)
    return outcome.result()


async def within(loop: Loop, limit_ns: int, future: Future[T], what: str) -> T:
    """Await `future`; raises HostError(ETIMEDOUT) naming `what` when it takes longer than `limit_ns`."""
    timer = loop.timer(lambda now_ns: future.fail(HostError(ETIMEDOUT, f"{what}: no answer in {limit_ns / 1e9:g} s")))
    timer.arm(loop.now_ns() + limit_ns)
    try:
        return await future
    finally:
        timer.disarm()


async def sleep_until(loop: Loop, due_ns: int) -> None:
    """Wait until `due_ns`."""
    woken: Future[None] = Future()
    loop.timer(lambda now_ns: woken.set(None)).arm(due_ns)
    await woken
