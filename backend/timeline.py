"""Where a guest's frames lie: on the card's own count of frames, or on the system's clock.

A guest usually follows the card.  Then it is one straight line, in whole numbers.

Frame `g` of the guest is presented while the card presents its frame `d0 + (g - g0) * device_rate / guest_rate`.  The
line holds from START to STOP whatever the guest does: frames that do not come in time are silence and still count, as
on a real card, and frames that come too late are not played.  So a reported position is always the truth about time.

A guest that keeps time by the system's clock is told positions by that, at its nominal rate, from the instant at which
the card begins its first frame.  That is one straight line in whole numbers too: it never drifts, so all streams of
such a guest agree for ever, whichever cards they are on.  Where the card is at what time is an estimate (CardClock),
and the sound is kept to the line by `backend.matching`.
"""

from dataclasses import dataclass

from backend.pacing.dll import CardClock

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """Guest frame `g0` begins at device frame `d0`."""

    guest_rate_hz: int
    device_rate_hz: int
    d0: int
    g0: int

    def begun(self, device_frames: int, now_ns: int) -> int:
        """How many guest frames have begun once the card has presented `device_frames`, whatever the time.

        The frame being presented counts.  So exactly at a period's boundary this is one more than the period: the
        kernel's frontend compares with `>` and would otherwise hear of it a period late (CUR_POS at k*period + 1).
        """
        if device_frames < self.d0:
            return self.g0
        return self.g0 + (device_frames - self.d0) * self.guest_rate_hz // self.device_rate_hz + 1

    def done(self, device_frames: int) -> int:
        """How many guest frames lie wholly before device frame `device_frames`."""
        if device_frames <= self.d0:
            return self.g0
        return self.g0 + (device_frames - self.d0) * self.guest_rate_hz // self.device_rate_hz

    def device_frame(self, guest_frames: int) -> int:
        """The first device frame at which more than `guest_frames` have begun."""
        return self.d0 - (self.g0 - guest_frames) * self.device_rate_hz // self.guest_rate_hz


@dataclass(slots=True)
class SystemTimeline:
    """Guest frame `g0` begins with device frame `d0`, which is at `start_ns`: foretold, until the card gets there."""

    guest_rate_hz: int
    clock: CardClock
    d0: int
    g0: int
    start_ns: int

    def begun(self, device_frames: int, now_ns: int) -> int:
        """How many guest frames have begun by now, the one that is being presented among them."""
        if now_ns < self.start_ns:
            return self.g0
        return self.g0 + (now_ns - self.start_ns) * self.guest_rate_hz // NS_PER_S + 1

    def place(self, device_frame: int) -> float:
        """The guest's frame, and how much of it is over, at the instant when the card begins `device_frame`."""
        return self.g0 + (self.clock.time_of(device_frame) - self.start_ns) * self.guest_rate_hz / NS_PER_S

    def device_frame(self, guest_frames: int) -> int:
        """The first device frame at which, as far as one can tell, more than `guest_frames` have begun."""
        at_ns = self.start_ns - (self.g0 - guest_frames) * NS_PER_S // self.guest_rate_hz
        return self.clock.frame_at(at_ns) + 1
