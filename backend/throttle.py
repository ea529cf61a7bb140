"""Throttle: look when asked to, soon, but not as often as a guest can ask.

A guest changes its state as often as it likes, and each change may make us read, map and bind.  Changes merge here: one
look sees them all.  A guest that connects or leaves needs a handful of looks, which come at once; one that does nothing
else is looked at some twenty times a second, and so costs its neighbours the same whatever it does.

Theory: a leaky bucket.  Each look costs `EVERY_NS` of time, and up to `BURST` of them may be run up as a debt.
"""

from hosts.api import Loop, OnTime

EVERY_NS = 50_000_000
BURST = 20
"""The whole way up and down again, three times over: no guest in good faith ever waits."""


class Throttle:
    """One for each card."""

    def __init__(self, loop: Loop, look: OnTime) -> None:
        self._loop = loop
        self._look = look
        self._timer = loop.timer(self._on_time)
        self._due_ns: int | None = None
        self._paid_ns = 0  # when all looks so far have been paid for

    def ask(self, not_before_ns: int = 0) -> None:
        """Look soon (but not before the given time), unless that is due already."""
        due_ns = max(self._loop.now_ns(), not_before_ns, self._paid_ns - BURST * EVERY_NS)
        if self._due_ns is None or due_ns < self._due_ns:
            self._due_ns = due_ns
            self._timer.arm(due_ns)

    def close(self) -> None:
        """Look no more; not to be asked again."""
        self._timer.disarm()
        del self._timer  # no cycle: a backend runs without a garbage collector

    def _on_time(self, now_ns: int) -> None:
        self._due_ns = None
        self._paid_ns = max(self._paid_ns, now_ns) + EVERY_NS
        self._look(now_ns)
