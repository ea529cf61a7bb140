"""A crystal that trembles: each period's boundary comes late by as much as a draw says, and the next one knows nothing.

Theory.  The true crystal (`Crystal`) says when each period's boundary is due.  This one adds up to `jitter_ns` to that
instant, drawn for that boundary alone, and between two boundaries it counts evenly.  So nothing accumulates: after a
week it is late by no more than after a second.  Late only, so that no count is ever ahead of the true crystal's.

Card and driver each ask their own, in whatever order.  So a draw is a hash of the seed and the boundary's number, where
a generator would remember what was asked before.
"""

from hashlib import blake2b

from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import SEED_MASK
from backend.devices.crystal import Crystal, ppb_from_ppm


class TremblingCrystal(Crystal):
    """Boundaries are the multiples of `period_frames`; `jitter_ns` must be less than a period."""

    __slots__ = ("_key", "_period_frames", "_span")

    def __init__(self, rate_hz: int, drift_ppb: int, period_frames: int, jitter_ns: int, seed: int) -> None:
        super().__init__(rate_hz, drift_ppb)
        self._period_frames = period_frames
        self._span = jitter_ns + 1
        self._key = (seed & SEED_MASK).to_bytes(8, "little")

    def _reached_at(self, frame: int) -> int:
        """When a boundary, or the frame that it started from, is reached."""
        if frame == self.base_frames:
            return self.start_ns
        drawn = blake2b((frame // self._period_frames).to_bytes(8, "little"), digest_size=8, key=self._key).digest()
        return super().time_of(frame) + int.from_bytes(drawn, "little") % self._span

    def _boundary_before(self, frame: int) -> int:
        """The last boundary before `frame`, or where it started from if that is later."""
        return max(self.base_frames, (frame - 1) // self._period_frames * self._period_frames)

    def frames_at(self, time_ns: int) -> int:
        """Frames wholly counted at `time_ns`; never less than at the last start."""
        nominal = super().frames_at(time_ns)
        if not self.running or time_ns <= self.start_ns:
            return nominal
        end = nominal - nominal % self._period_frames + self._period_frames
        first = self._boundary_before(end)
        if time_ns < self._reached_at(first):  # by the true crystal it is over, and this one is late
            end, first = first, self._boundary_before(first)
        first_ns = self._reached_at(first)
        return first + (time_ns - first_ns) * (end - first) // (self._reached_at(end) - first_ns)

    def time_of(self, frame: int) -> int:
        """The first nanosecond at which `frames_at` is `frame` or more, were it to run on from its last start."""
        if frame <= self.base_frames:
            return super().time_of(frame)
        first = self._boundary_before(frame)
        end = frame + -frame % self._period_frames
        first_ns = self._reached_at(first)
        return first_ns - (first - frame) * (self._reached_at(end) - first_ns) // (end - first)


def crystal_of(options: ClockedOptions) -> Crystal:
    """The crystal of a card with these options."""
    drift_ppb = ppb_from_ppm(options.drift_ppm)
    if not options.crystal_jitter_ns:
        return Crystal(options.rate_hz, drift_ppb)
    jitter_ns = options.crystal_jitter_ns
    return TremblingCrystal(options.rate_hz, drift_ppb, options.period_frames, jitter_ns, options.seed)
