"""Adaptive pacing: fill far ahead, sleep long, and look by a timer that follows the card's own clock.

Theory (timer-based scheduling, as PulseAudio calls it).  A device is filled as far ahead as its most demanding guest
allows, and looked at only when a guest's period ends, or when no more than the *watermark* is left to play.  The
watermark is what this machine needs to wake up in time: it grows with every underrun and shrinks after verified calm.
Interrupts are not listened to.  When it is time is foretold by a clock that is corrected at every look; of what it and
the nominal rate say the earlier counts.

A look may come before the card shows what was expected of it: positions that move in steps, a clock not yet locked.
Then another is made soon, and the next ones aim later by as much; the margin goes down again as looks are in time.

When a guest's frames are missing, nobody waits for it below half a watermark: there its silence is mixed, but only up
to the watermark, so that what comes late misses as little as possible.

What was mixed can be taken back (see backend.output).  Just after that only what is needed is mixed anew: somebody who
moves a slider makes a hundred changes in a second.
"""

from collections.abc import Mapping

from backend.devices.api import AudioDevice
from backend.pacing.api import NEVER, Seen
from backend.pacing.dll import CardClock
from backend.pacing.watermark import MIN_WAKEUP_NS, Policy, Watermark
from hosts.api import Loop, OnTime

NS_PER_S = 1_000_000_000
SOON_NS = 250_000
"""The margin that a first early look makes; each further one doubles it."""
MARGIN_DECAY = 64
"""A look in time takes such a part of the margin away."""
SETTLE_NS = 10_000_000
"""So long after something was taken back the rest is mixed."""


class AdaptiveSource:
    """For a device that knows its position between interrupts and takes back what was written."""

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice, policy: Policy = "shipped") -> None:
        self.name = "adaptive" if policy == "shipped" else "adaptive-text"
        self.looks = 0
        self._look = look
        self._device = device
        self._rate_hz = device.params.rate_hz
        self._buffer_frames = device.params.buffer_frames
        self._clock = CardClock(self._rate_hz, device.capabilities.position_granularity_frames)
        self._watermark = Watermark(policy, self._ns(self._buffer_frames))
        self._timer = loop.timer(self._on_time)
        self._running = False
        self._usable_frames = 0
        self._margin_max_ns = self._ns(device.params.period_frames)
        self._underruns = device.underruns
        self._by_timer = False
        self._settling = False
        self._margin_ns = 0
        self._early_looks = 0
        self.hungry = False
        """Frames that come in now would put the next look off."""

    # -- while it runs ------------------------------------------------------------------------------------------------

    def start(self, now_ns: int) -> None:
        """Nothing is due before the first `looked`."""
        self._running = True
        self._settling = self._by_timer = False
        self._underruns = self._device.underruns
        self._clock.start(self._device.position(now_ns), now_ns)

    def stop(self) -> None:
        """No more looks."""
        self._running = False
        self._timer.disarm()

    def _on_time(self, now_ns: int) -> None:
        self.looks += 1
        self._by_timer = True
        self._settling = False
        self._look(now_ns)

    def looked(self, seen: Seen, now_ns: int) -> None:
        """Learn from it, and arm for the next."""
        if not self._running:
            return
        self._clock.observe(seen.position, now_ns)
        self._learn(seen, now_ns)
        self._by_timer = False
        self._timer.arm(self._next_ns(seen, now_ns))

    def _learn(self, seen: Seen, now_ns: int) -> None:
        underruns = self._device.underruns
        if underruns != self._underruns:
            self._underruns = underruns
            self._watermark.underran(now_ns)
            return
        left_ns = self._ns(seen.left)
        if self._by_timer or left_ns < self._watermark.ns // 2:  # frames that come in prove nothing
            self._watermark.woke(left_ns, now_ns, self._by_timer)

    # -- when ---------------------------------------------------------------------------------------------------------

    def _next_ns(self, seen: Seen, now_ns: int) -> int:
        dry_ns = self._dry_ns(seen, now_ns)
        due_ns = self._due_ns(seen.due, now_ns)
        self.hungry = dry_ns < due_ns and not self._settling
        next_ns = min(dry_ns, due_ns)
        return min(next_ns, now_ns + SETTLE_NS) if self._settling else next_ns

    def _dry_ns(self, seen: Seen, now_ns: int) -> int:
        """When the watermark is reached; half of it when that is over, and a quarter's time later at the least."""
        mark = self._mark_frames
        left = seen.edge - seen.position
        target = seen.edge - (mark if left > mark else mark // 2)
        nominal_ns = now_ns + self._ns(target - seen.position)
        return max(min(nominal_ns, self._clock.time_of(target)), now_ns + self._ns(mark // 4))

    def _due_ns(self, due: int, now_ns: int) -> int:
        """When a guest's period ends.  Is it over by our clock, and not by the card's, then this look was early."""
        if due >= NEVER:
            return NEVER
        foretold_ns = self._clock.time_of(due)
        if foretold_ns + self._margin_ns > now_ns:
            self._margin_ns -= self._margin_ns // MARGIN_DECAY
            return foretold_ns + self._margin_ns
        self._early_looks += 1
        self._margin_ns = min(2 * self._margin_ns or SOON_NS, self._margin_max_ns)
        return max(foretold_ns, now_ns) + self._margin_ns

    # -- how far ------------------------------------------------------------------------------------------------------

    @property
    def least_frames(self) -> int:
        """No guest can be heard sooner than that."""
        return self._frames(max(2 * MIN_WAKEUP_NS, self._watermark.min_latency_ns))

    def fill_until(self, position: int, latency_frames: int) -> int:
        """As far as the most demanding guest allows; not so soon after something was taken back."""
        usable = min(max(latency_frames, self.least_frames), self._buffer_frames)
        if usable != self._usable_frames:
            self._usable_frames = usable
            self._watermark.limit(self._ns(usable))
        return position + (min(2 * self._mark_frames, usable) if self._settling else usable)

    def must_until(self, position: int, edge: int) -> int:
        """Up to the watermark, once half of it is gone."""
        mark = self._mark_frames
        return position + mark if edge - position <= mark // 2 else position

    def changed(self, now_ns: int) -> None:
        """Look at once, and plan anew."""
        if self._running:
            self._timer.arm(now_ns)

    def rewound(self) -> None:
        """What was mixed has been taken back."""
        self._settling = True

    # -- units --------------------------------------------------------------------------------------------------------

    @property
    def _mark_frames(self) -> int:
        return max(4, self._frames(self._watermark.ns))

    def _ns(self, frames: int) -> int:
        return frames * NS_PER_S // self._rate_hz

    def _frames(self, ns: int) -> int:
        return ns * self._rate_hz // NS_PER_S

    def statistics(self) -> Mapping[str, int | float | str]:
        """How far ahead, and what was learnt."""
        return {
            "watermark_ms": self._watermark.ns / 1_000_000,
            "min_latency_ms": self._watermark.min_latency_ns / 1_000_000,
            "latency_ms": self._ns(self._usable_frames) / 1_000_000,
            "early_looks": self._early_looks,
            "clock_ppm": (self._clock.ratio - 1) * 1_000_000,
            "relocks": self._clock.relocks,
        }
