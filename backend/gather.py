"""Gather: serve the requests that a look provokes together, instead of one wake-up each.

Theory.  A look tells many guests at once that a period has passed, and each answers with a request a moment later.  If
every one rang, the backend would fall asleep and be woken as often as there are guests, and a wake-up costs more than
the request itself: a context switch, and caches that others have used meanwhile.  So a guest that was just told need
not ring for a tenth of its period; then all of them are looked at in one pass, and ring again from there on.

What it costs: the answer to such a request comes up to a tenth of a period later.  Nothing is heard later for it, since
frames are needed at the next look at the earliest.
"""

from hosts.api import Loop, OnTime

PARTS = 10
"""Of a period that a request may wait: short against the period, long against waking up."""


class Gather:
    """One for all guests of a backend."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._timer = loop.timer(self._on_due)
        self._expected: list[OnTime] = []
        self._due_ns = 0

    def expect(self, serve: OnTime, period_ns: int) -> None:
        """Call `serve(now_ns)` within a tenth of `period_ns`."""
        due_ns = self._loop.now_ns() + period_ns // PARTS
        if not self._expected or due_ns < self._due_ns:
            self._due_ns = due_ns
            self._timer.arm(due_ns)
        self._expected.append(serve)

    def _on_due(self, now_ns: int) -> None:
        expected, self._expected = self._expected, []
        for serve in expected:
            serve(now_ns)
