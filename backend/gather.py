"""Gather: do what concerns many guests at once, instead of guest by guest with a wake-up each.

Theory.  A look finds out that a period has passed for many guests.  Whoever is told may run at once, in our place, and
when we run again the caches are his; and each answers with a request, for which we would be woken as often as there are
guests.  Both cost more than the work itself.  So:

* guests are rung when the look is over, all in a row;
* a guest that was just told need not ring for its next request within a tenth of its period, 2 ms at the most.  Then
  all of them are served in one pass, and ring again from there on.

What it costs: news that are late by the look's own microseconds, and answers up to 2 ms later.  Nothing is heard later
for it, since frames are needed at the next look at the earliest.
"""

from typing import Protocol

from hosts.api import Loop, OnTime

PARTS = 10
"""Of a period that a request may wait: short against the period, long against waking up."""
LONGEST_NS = 2_000_000
"""However long the period is: the request may be one to stop."""


class Doorbell(Protocol):
    """A guest's, or a local application's."""

    def notify(self) -> None:
        """Ring it.  Never blocks, never fails."""


class Gather:
    """One for all guests of a backend."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._timer = loop.timer(self._serve)
        self._expected: list[OnTime] = []
        self._due_ns = 0
        self._to_ring: list[Doorbell] = []

    def ring(self, doorbell: Doorbell) -> None:
        """Ring it when the pass that runs now is over."""
        if not self._to_ring:
            self._loop.call_soon(self._ring)
        self._to_ring.append(doorbell)

    def expect(self, serve: OnTime, period_ns: int) -> None:
        """Call `serve(now_ns)` within a tenth of `period_ns`, and 2 ms."""
        due_ns = self._loop.now_ns() + min(period_ns // PARTS, LONGEST_NS)
        if not self._expected or due_ns < self._due_ns:
            self._due_ns = due_ns
            self._timer.arm(due_ns)
        self._expected.append(serve)

    def _ring(self, now_ns: int) -> None:
        to_ring, self._to_ring = self._to_ring, []
        for doorbell in to_ring:
            doorbell.notify()

    def _serve(self, now_ns: int) -> None:
        expected, self._expected = self._expected, []
        for serve in expected:
            serve(now_ns)
