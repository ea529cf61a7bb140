"""What both sides know of time, and how long they have patience."""

from functools import partial
from typing import Final, Protocol

from frontend.blocking.region import Region
from hosts.channel.atomics import SharedWords, operations
from ringproto.turns import Wait

LOST_NS: Final = 1_000_000_000
"""Without a callback for so long after it was due, a call fails; without a call for so long, callbacks wait no more."""

SPIN_AHEAD_NS: Final = 500_000
"""So long before a callback is due its caller stops sleeping and begins to look.  A sleep ends 0.1 ms late, in one case
of a hundred 1.2 ms; then the callback waits a little.  Looking for longer would take more of a processor, each time."""


class Waiter(Protocol):
    """Time, and waiting.  `hosts.spinner.Spinner` is the real one."""

    def now_ns(self) -> int:
        """The time on a clock that both sides share."""
        ...

    def sleep_until(self, due_ns: int) -> None:
        """Sleep; at once over if that is past."""

    def wait_while(self, word: memoryview, value: int, until_ns: int) -> bool:
        """Wait while `word[0]` is `value`, not longer than `until_ns`; whether it is something else now."""
        ...


def words_and_wait(region: Region, waiter: Waiter) -> tuple[SharedWords, Wait]:
    """One side's own view of the region's word, and how it waits for a change.

    Looking needs no atomic load: who sees a change looks again with one.  Raises HostError(ENOSYS).
    """
    return SharedWords(region.word, 1, operations()), partial(waiter.wait_while, region.word.cast("I"))
