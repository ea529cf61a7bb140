"""What is done to a frontend while it plays, to see how it bears it.

In this order, since not every player lives on: a program that ends when a WRITE fails is no fault of its driver's.
Whatever was not reached is "not tried" in the end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from compose.check.rawbackend import RawBackend
from compose.check.rawwire import ANSWER_LIMIT_NS, MS

ENOUGH_TRANSFERS = 40
"""Then it has played for long enough to be judged."""
PLAY_LIMIT_NS = 10_000 * MS
REACTION_LIMIT_NS = 5_000 * MS
RETURN_LIMIT_NS = 10_000 * MS
QUIET_NS = ANSWER_LIMIT_NS + 500 * MS
"""Longer than any frontend is to wait for an answer."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One of them; `run` says whether the frontend came through."""

    name: str
    run: Callable[[RawBackend], bool]


def plays(backend: RawBackend, transfers: int = ENOUGH_TRANSFERS, limit_ns: int = PLAY_LIMIT_NS) -> bool:
    """Whether so many transfers more come within the limit."""
    wanted = backend.seen.transfers + transfers
    return _within(backend, limit_ns, lambda: backend.seen.transfers >= wanted)


def _within(backend: RawBackend, limit_ns: int, happened: Callable[[], bool]) -> bool:
    loop = backend.host.loop
    return loop.run_until(happened, loop.now_ns() + limit_ns)


def _reacts(backend: RawBackend) -> bool:
    """Whether it asks for anything, or leaves."""
    before = len(backend.seen.requests)
    return _within(
        backend, REACTION_LIMIT_NS, lambda: len(backend.seen.requests) > before or not backend.seen.is_connected
    )


def unknown_event(backend: RawBackend) -> bool:
    """An event of a type that there is none like."""
    for stream in backend.streams:
        stream.send_unknown()
    return plays(backend)


def late_answer(backend: RawBackend) -> bool:
    """One transfer is answered when the frontend has given it up."""
    backend.conduct.holds_one = True
    _within(backend, QUIET_NS, lambda: False)
    backend.conduct.holds_one = False
    for stream in backend.streams:
        stream.give_held()
    return _reacts(backend)


def return_of_the_backend(backend: RawBackend) -> bool:
    """The backend goes away, and is there again."""
    count = backend.seen.states.count("3")
    backend.leave_and_return()
    return _within(backend, RETURN_LIMIT_NS, lambda: backend.seen.states.count("3") > count)


def silence(backend: RawBackend) -> bool:
    """Nothing is answered any more; after a while the backend starts over."""
    backend.conduct.silent = True
    _within(backend, QUIET_NS - 1_000 * MS, lambda: False)
    backend.seen.gave_up = _reacts(backend)
    backend.conduct.silent = False
    return return_of_the_backend(backend) and (backend.seen.gave_up or plays(backend, 1))


def failed_transfer(backend: RawBackend) -> bool:
    """A transfer is answered with an error."""
    backend.conduct.refuses_one = True
    _within(backend, REACTION_LIMIT_NS, lambda: not backend.conduct.refuses_one)
    return _reacts(backend)


TRIALS = (
    Trial("unknown event", unknown_event),
    Trial("late answer", late_answer),
    Trial("return", return_of_the_backend),
    Trial("silence", silence),
    Trial("failed transfer", failed_transfer),
)


def try_all(backend: RawBackend) -> Iterator[str]:
    """Try them, as long as the frontend is connected and plays; each name comes before its trial."""
    for trial in TRIALS:
        yield trial.name
        if plays(backend) and backend.is_connected:
            backend.seen.came_through[trial.name] = trial.run(backend)
