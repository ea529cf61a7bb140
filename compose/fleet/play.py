"""All hosts at once: prepared side by side, started at one moment, each run waited for by all who are left.

A host that fails is lost: the others go on without it, now and in later runs.
"""

import selectors
import time
from collections.abc import Callable, Sequence

from compose.fleet.worker import Worker

LAGGARD_LIMIT_S = 180.0
"""How long those who are ready wait for one that is not."""

GLANCE_S = 0.2

OnProgress = Callable[[Sequence[Worker]], None]


def play(workers: Sequence[Worker], on_progress: OnProgress, limit_s: float = LAGGARD_LIMIT_S) -> dict[str, str]:
    """Play all their runs; which hosts were lost, and why.  All workers have ended, or have been asked to."""
    with selectors.DefaultSelector() as selector:
        hosts = Hosts(workers, selector, limit_s)
        while hosts.living:
            hosts.hear()
            hosts.begin_together()
            hosts.leave_laggards()
            on_progress(workers)
    return hosts.lost


class Hosts:
    """Who is still there, and who is lost."""

    def __init__(self, workers: Sequence[Worker], selector: selectors.BaseSelector, limit_s: float) -> None:
        self.living = list(workers)
        self.lost: dict[str, str] = {}
        self._selector = selector
        self._limit_s = limit_s
        self._waiting_since_s: float | None = None
        for worker in workers:
            selector.register(worker.fd, selectors.EVENT_READ, worker)

    def hear(self) -> None:
        """Take what is said, for a while."""
        for key, _ in self._selector.select(GLANCE_S):
            worker: Worker = key.data
            worker.hear()
            if worker.ended:
                self._leave(worker, worker.why_lost())

    def begin_together(self) -> None:
        """Let a run begin when it can everywhere."""
        if self.living and all(worker.ready for worker in self.living):
            for worker in self.living:
                worker.go()

    def leave_laggards(self) -> None:
        """Give up those for whom the others have waited too long."""
        if not any(worker.ready for worker in self.living):
            self._waiting_since_s = None
            return
        now_s = time.monotonic()
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s
        if now_s - self._waiting_since_s > self._limit_s:
            for worker in [worker for worker in self.living if not worker.ready]:
                worker.ask_to_end()
                self._leave(worker, f"it was not ready {self._limit_s:g} s after the first")

    def _leave(self, worker: Worker, why: str) -> None:
        self._selector.unregister(worker.fd)
        self.living.remove(worker)
        if why:
            self.lost[worker.name] = why
