"""Turns: how often one application's commands are seen to, whatever it sends.

A turn takes so many messages and no more, so that the others' sound is seen to in between.  Each message costs some
time, and so much of that may be run up as a debt: somebody who sets a volume a hundred times a second never waits.
"""

from collections.abc import Callable

from hosts.api import Loop

MESSAGES_PER_TURN = 16
MESSAGE_NS = 2_000_000
"""What one costs: no more than five hundred in a second, in the long run."""
CREDIT_NS = 1_000_000_000
REST_FACTOR = 9
"""After a turn that was used up it rests so many times as long as that took: it gets a tenth of us."""


class Turns:
    """One connection's.  `take()` sees to one message, and is False when there was none."""

    def __init__(self, loop: Loop, take: Callable[[], bool]) -> None:
        self._loop = loop
        self._take = take
        self._timer = loop.timer(self._on_time)
        self._is_resting = False
        self._paid_ns = 0  # when all messages so far have been paid for

    def on_readable(self, now_ns: int) -> None:
        """Something may have come."""
        if not self._is_resting:
            self._turn()

    def close(self) -> None:
        """Take no more."""
        self._is_resting = True
        self._timer.disarm()
        self._take = _nothing  # no cycles: a backend runs without a garbage collector
        self._timer = self._loop.timer(_never)

    def _on_time(self, now_ns: int) -> None:
        self._is_resting = False
        self._turn()

    def _turn(self) -> None:
        began_ns = self._loop.now_ns()
        taken = 0
        while taken < MESSAGES_PER_TURN and self._take():
            taken += 1
        self._paid_ns = max(self._paid_ns, began_ns) + taken * MESSAGE_NS
        if self._take is not _nothing and (taken == MESSAGES_PER_TURN or self._paid_ns > began_ns + CREDIT_NS):
            ended_ns = self._loop.now_ns()
            self._is_resting = True
            self._timer.arm(max(ended_ns + REST_FACTOR * (ended_ns - began_ns), self._paid_ns - CREDIT_NS))


def _nothing() -> bool:
    return False


def _never(_now_ns: int) -> None:
    """Take no turn."""
