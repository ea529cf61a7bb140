"""Whose fault a missing block is, and when it is too many: the application's patience with us is not ours with it.

An application is rung when there is room for another block, and has a period's time to write it.  One that was rung
less than half a period before the block was wanted (or not at all, since we were late ourselves) is not to blame.  One
that was rung in time is; by its own word it was awake or not, which tells a slow one from one that the kernel did not
run, but does not excuse it.

Who is to blame for every block of a stretch that is long, both in time and in blocks, stays away, and is evicted.  One
block in time is all it takes to be welcome again.
"""

from dataclasses import dataclass

from backend.local.config import LocalConfig


@dataclass(slots=True)
class Blamed:
    """What was counted."""

    missed: int = 0
    """Blocks in all."""
    unposted: int = 0
    """Of these: not its fault."""
    asleep: int = 0
    """Of these: its fault, and it was not awake."""


class Blame:
    """One ring's."""

    def __init__(self, period_ns: int, ring_periods: int, config: LocalConfig) -> None:
        self.counted = Blamed()
        self._fair_ns = period_ns // 2
        self._absent_ns = config.absent_ms * 1_000_000
        self._absent_blocks = config.absent_blocks
        self._posted_ns = [0] * ring_periods
        self._posted_until = 0
        self._away_since_ns = -1
        self._away_blocks = 0

    def posted(self, until_block: int, now_ns: int) -> None:
        """It was rung, there being room for the blocks before `until_block`."""
        ring = len(self._posted_ns)
        for block in range(max(self._posted_until, until_block - ring), until_block):
            self._posted_ns[block % ring] = now_ns
        self._posted_until = max(self._posted_until, until_block)

    def there(self) -> None:
        """A block was there in time."""
        self._away_blocks = 0

    def missed(self, block: int, now_ns: int, *, awake: bool) -> bool:
        """That block was wanted now, and not there; True when its writer is to be evicted."""
        self.counted.missed += 1
        if block >= self._posted_until or now_ns - self._posted_ns[block % len(self._posted_ns)] < self._fair_ns:
            self.counted.unposted += 1
            return False
        self.counted.asleep += not awake
        if not self._away_blocks:
            self._away_since_ns = now_ns
        self._away_blocks += 1
        return self._away_blocks >= self._absent_blocks and now_ns - self._away_since_ns >= self._absent_ns
