"""Where a guest's frames lie on the card's own count of frames: one straight line, in whole numbers.

Frame `g` of the guest is presented while the card presents its frame `d0 + (g - g0) * device_rate / guest_rate`.  The
line holds from START to STOP whatever the guest does: frames that do not come in time are silence and still count, as
on a real card, and frames that come too late are not played.  So a reported position is always the truth about time.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timeline:
    """Guest frame `g0` begins at device frame `d0`."""

    guest_rate_hz: int
    device_rate_hz: int
    d0: int
    g0: int

    def begun(self, device_frames: int) -> int:
        """How many guest frames have begun once the card has presented `device_frames`.

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
