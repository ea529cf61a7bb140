"""Virtual time for a callback and its caller: each in a thread, but only one ever runs, and waiting takes no time.

Theory.  Whoever waits says until when, and for what.  When all wait, the first goes on whose wish has come true;
if none has, the one whose wait ends first, and that is what time it is then.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

BEGINNING_NS = 1_000_000_000


class Participant:
    """One thread's `Waiter`."""

    def __init__(self, time: "VirtualTime") -> None:
        self.due_ns = 0
        self.came_true: Callable[[], bool] = lambda: True
        self.over = False
        self.error: BaseException | None = None
        self.may_run = threading.Semaphore(0)
        self._time = time

    def now_ns(self) -> int:
        return self._time.now_ns

    def sleep_until(self, due_ns: int) -> None:
        if due_ns > self._time.now_ns:
            self._pause(due_ns, lambda: False)

    def wait_while(self, word: memoryview, value: int, until_ns: int) -> bool:
        self._pause(until_ns, lambda: word[0] != value)
        return word[0] != value

    def run(self, program: Callable[["Participant"], None]) -> None:
        """The thread."""
        self.may_run.acquire()
        try:
            program(self)
        except BaseException as error:
            self.error = error
        self.over = True
        self._time.paused.release()

    def _pause(self, due_ns: int, came_true: Callable[[], bool]) -> None:
        self.due_ns, self.came_true = due_ns, came_true
        self._time.paused.release()
        self.may_run.acquire()


class VirtualTime:
    """Runs programs until all are over."""

    def __init__(self) -> None:
        self.now_ns = BEGINNING_NS
        self.paused = threading.Semaphore(0)

    def run(self, *programs: Callable[[Participant], None]) -> None:
        """Raises what the first program that failed raised."""
        participants = [Participant(self) for _ in programs]
        threads = [
            threading.Thread(target=participant.run, args=(program,), daemon=True)
            for participant, program in zip(participants, programs, strict=True)
        ]
        for thread in threads:
            thread.start()
        with suppress(ValueError):  # all are over
            while True:
                self._resume(self._next([one for one in participants if not one.over]))
        for thread in threads:
            thread.join()
        for participant in participants:
            if participant.error is not None:
                raise participant.error

    def _next(self, waiting: list[Participant]) -> Participant:
        for participant in waiting:
            if participant.came_true():
                return participant
        return min(waiting, key=lambda participant: participant.due_ns)

    def _resume(self, participant: Participant) -> None:
        if not participant.came_true():
            self.now_ns = max(self.now_ns, participant.due_ns)
        participant.came_true = lambda: False
        participant.may_run.release()
        self.paused.acquire()
