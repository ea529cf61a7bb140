"""How late periods were told, counted in buckets, so that a reader learns of any stretch of time what it wants to know.

A period's lateness is how far the card was past the period's end, by its own position, when the guest was told of it.
So a late look cannot hide a late period; and where one telling covers several periods, each of them counts, with its
own lateness.  What a position cannot show is not in it: the steps of a card that moves in steps, and what the backend
did between its waking up and the look.

Theory.  Counts only grow.  Whoever has read them twice knows how late the periods in between were, whenever that was
and however many others read too.  The buckets are a quarter of an octave wide: a figure read from them is a bucket's
upper end, never less than the truth and no more than a quarter above it (or 1/16 ms, whichever is more).

Rule: `note` is called once per telling.  It looks a bucket up and adds one; nothing is kept, nothing is asked of the
kernel.  All else waits until somebody takes a sample.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from math import ceil
from operator import add, sub

NS_PER_S = 1_000_000_000
LEAST_NS = 62_500
OCTAVES, STEPS = 15, 4

BOUNDS_NS = (
    *((LEAST_NS << octave) * (STEPS + step) // STEPS for octave in range(OCTAVES) for step in range(STEPS)),
    LEAST_NS << OCTAVES,
)
"""Upper ends of the buckets, themselves included: 1/16 ms to 2.048 s.  One more bucket is for what is beyond."""

BUCKETS = len(BOUNDS_NS) + 1


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of all periods so far, or of those between two samples."""

    counts: tuple[int, ...] = (0,) * BUCKETS
    sum_ns: int = 0

    @property
    def periods(self) -> int:
        """How many were told."""
        return sum(self.counts)

    def __add__(self, other: "Lateness") -> "Lateness":
        if self is NONE or other is NONE:  # as in most sums, each of which is taken twice a second
            return self if other is NONE else other
        return Lateness(tuple(map(add, self.counts, other.counts)), self.sum_ns + other.sum_ns)

    def since(self, earlier: "Lateness") -> "Lateness":
        """What has come since; all of it, if that was another's count."""
        counts = tuple(map(sub, self.counts, earlier.counts))
        return self if min(counts) < 0 else Lateness(counts, self.sum_ns - earlier.sum_ns)

    def quantile_ns(self, part: float) -> int | None:
        """The upper end of the bucket that holds this part of all; None without any.

        Beyond the last bucket it is only known to be more than what is returned.
        """
        wanted = max(1, ceil(part * self.periods))
        passed = 0
        for bucket, count in enumerate(self.counts):
            passed += count
            if passed >= wanted:
                return BOUNDS_NS[min(bucket, len(BOUNDS_NS) - 1)]
        return None


NONE = Lateness()
"""Of no period."""


class LatenessCounter:
    """One open stream's, in its own frames."""

    __slots__ = ("_bounds", "_counts", "_rate_hz", "_sum_frames")

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._bounds = [bound * rate_hz // NS_PER_S for bound in BOUNDS_NS]
        self._counts = array("Q", bytes(8 * BUCKETS))
        self._sum_frames = 0

    def note(self, late_frames: int, beyond: int, period_frames: int) -> None:
        """A period was told so late, and in the same breath so many after it, each a period less late."""
        self._counts[bisect_left(self._bounds, late_frames)] += 1
        self._sum_frames += late_frames
        if beyond:
            self._note_others(late_frames, beyond, period_frames)

    def _note_others(self, late_frames: int, beyond: int, period_frames: int) -> None:
        """A guest may ask for periods of a frame: so they are counted bucket by bucket, not one by one."""
        self._sum_frames += beyond * late_frames - period_frames * beyond * (beyond + 1) // 2
        below = 0
        for bucket, bound in enumerate(self._bounds):
            first = max(1, -((bound - late_frames) // period_frames))  # the first of them that is so early
            within = max(0, beyond - first + 1)
            self._counts[bucket] += within - below
            below = within
            if below == beyond:
                return
        self._counts[BUCKETS - 1] += beyond - below

    @property
    def lateness(self) -> Lateness:
        """What was counted so far."""
        return Lateness(tuple(self._counts), self._sum_frames * NS_PER_S // self._rate_hz)
