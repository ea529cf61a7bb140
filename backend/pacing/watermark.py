"""Watermark: how long before a device would run dry to wake up, and how that is learnt.  Pure: times are arguments.

Theory (PulseAudio's).  Nobody can say how late a machine wakes, so it is found out.  An underrun raises the watermark
at once; only verified calm lowers it, one step for each `VERIFY_NS`.  A buffer that is too small to hold what is needed
cannot be helped by waking earlier: when the watermark can grow no more, the least latency is raised by the same rule,
so that more is filled.  Calm lowers that again too, once the watermark is at its floor.

Calm.  PulseAudio wants 100 ms left at a wake-up of the timer's own.  A watermark below that could never be found calm,
as a perfect wake-up finds no more than the watermark.  So `SLACK_NS` or half the watermark is asked, whichever is less:
a wake-up that took no more than half of what it was allowed fits into the half as well.  Any other wake-up begins the
verification anew, be it one that found less, or one that somebody else's doing caused: it says nothing of our timer.

Two policies: `shipped` is what PulseAudio does, 10 ms up but at most to the double, 5 ms down but at most to the half;
`text` is what its author's description says, double and halve.
"""

from typing import Literal

MS = 1_000_000

START_NS = 20 * MS
MIN_SLEEP_NS = 10 * MS
"""The watermark leaves so much of the buffer to sleep in."""
MIN_WAKEUP_NS = 4 * MS
"""The watermark's floor.  This and `MIN_SLEEP_NS` are half the usable buffer where that is less."""
RAISE_NS, LOWER_NS = 10 * MS, 5 * MS
VERIFY_NS = 20_000 * MS
SLACK_NS = 100 * MS
"""The figures above are PulseAudio's."""
MIN_LATENCY_NS = 2 * MIN_WAKEUP_NS
"""The least latency to begin with, and the least that calm leads back to."""
USABLE_NS = 2_000 * MS
"""PulseAudio's buffer: what is usable unless `limit` says otherwise, and the most that any latency is raised to."""

Policy = Literal["shipped", "text"]


class Watermark:
    """One device's.  `max_latency_ns` is what its buffer holds."""

    def __init__(self, policy: Policy = "shipped", max_latency_ns: int = USABLE_NS) -> None:
        self._policy = policy
        self._max_latency_ns = max_latency_ns
        self._usable_ns = min(USABLE_NS, max_latency_ns)
        self._learnt_ns = START_NS  # what the machine needs, whatever is usable just now
        self._calm_since_ns: int | None = None
        self.ns = self._clamp(START_NS)
        """Wake up so long before the device would run dry."""
        self.min_latency_ns = MIN_LATENCY_NS
        """Nobody is served a latency below this."""

    @property
    def _floor_ns(self) -> int:
        return min(MIN_WAKEUP_NS, self._usable_ns // 2)

    def _clamp(self, ns: int) -> int:
        least_sleep_ns = min(MIN_SLEEP_NS, self._usable_ns // 2)
        return max(min(ns, self._usable_ns - least_sleep_ns), self._floor_ns)

    def _raised(self, ns: int) -> int:
        return 2 * ns if self._policy == "text" else min(2 * ns, ns + RAISE_NS)

    def _lowered(self, ns: int) -> int:
        return ns // 2 if self._policy == "text" else max(ns // 2, ns - LOWER_NS)

    def limit(self, usable_ns: int) -> None:
        """So much of the buffer is used from now on.  What was learnt is kept for when there is more again."""
        self._usable_ns = usable_ns
        self.ns = self._clamp(self._learnt_ns)

    def underran(self, now_ns: int) -> None:
        """The device ran dry."""
        self._calm_since_ns = None
        raised_ns = self._clamp(self._raised(self.ns))
        if raised_ns > self.ns:
            self.ns = self._learnt_ns = raised_ns
        else:  # what was usable did not do, whoever asked for it
            in_use_ns = max(self.min_latency_ns, self._usable_ns)
            self.min_latency_ns = max(self.min_latency_ns, min(self._raised(in_use_ns), self._max_latency_ns))

    def woke(self, left_ns: int, now_ns: int, by_timer: bool) -> None:
        """The device was looked at, and had `left_ns` left; `by_timer`: a timer of ours was the cause."""
        if not by_timer or left_ns < min(SLACK_NS, self.ns // 2):
            self._calm_since_ns = None
        elif self._calm_since_ns is None:
            self._calm_since_ns = now_ns
        elif now_ns - self._calm_since_ns >= VERIFY_NS:
            self._calm_since_ns = now_ns
            self._lower()

    def _lower(self) -> None:
        if self.ns > self._floor_ns:
            self.ns = self._learnt_ns = self._clamp(self._lowered(self.ns))
        else:
            self.min_latency_ns = max(self._lowered(self.min_latency_ns), MIN_LATENCY_NS)
