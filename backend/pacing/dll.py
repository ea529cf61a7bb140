"""CardClock: the card's own clock as far as it is known, from positions read now and then.

Theory.  A second-order delay-locked loop, as JACK and PipeWire have: a straight line of frames over time, which each
position pulls at.  With `omega = 2 pi B dt`, an error `e` moves the line by `sqrt(2) omega e` and its slope by
`omega**2 e / dt`.  Here `dt` is what really passed since the last position, so that looks may be milliseconds or
seconds apart, and some may be missing.

Bandwidth.  At age `T` of the line, `B = sqrt(2) / (pi T)` gives each position the weight that a least-squares line
through all of them would, so the loop locks as fast as can be.  The age counts no further than `MEMORY_NS`, or
`MEMORY_LOOKS` looks if those take longer: from then on it forgets, and follows a crystal that warms up.  `OMEGA_MAX`
keeps the first steps, of which nothing is known, far from where such a loop swings.

Positions that move in steps.  One of grain `g` says that the card is somewhere in [frame, frame + g).  The error is the
distance to there: inside, there is nothing to correct, so steps however coarse do not make the line hunt.

Time that jumps, or a card that does (suspended, stalled, restarted), shows as an error that no crystal could make.
Then the line starts anew where the card is, with the slope it had: the crystal is still the same.
"""

from math import ceil, floor, pi, sqrt

NS_PER_S = 1_000_000_000
MEMORY_NS = 16 * NS_PER_S
MEMORY_LOOKS = 64
MEMORY_GRAINS = 30_000
"""As long as the longest of these: with positions that are 200 us wrong, the slope is right to 1 ppm."""
OMEGA_MAX = 0.5
RATIO_ERROR_MAX = 0.002
"""How wrong a crystal may be; real ones are within 100 ppm."""
RELOCK_MS = 20
"""An error of more is none of the crystal's."""


class CardClock:
    """Which frame a card is at when.  Frames and ns are whole outside, floats inside."""

    def __init__(self, rate_hz: int, grain_frames: int = 1) -> None:
        self._nominal = rate_hz / NS_PER_S
        self._grain_frames = grain_frames
        self._relock_frames = RELOCK_MS * rate_hz / 1000
        self._frame = 0.0
        self._at_ns = 0
        self._age_ns = 0
        self._memory_ns = max(MEMORY_NS, MEMORY_GRAINS * grain_frames * NS_PER_S // rate_hz)
        self.ratio = 1.0
        """The card's rate, by our clock, over the nominal one."""
        self.relocks = 0
        """How often it had to start anew."""
        self.error_frames = 0.0
        """How far the last position was from what was foretold: positive, the card was ahead."""

    def start(self, frame: int, now_ns: int) -> None:
        """The card is at `frame` now, whatever was known before."""
        self._frame, self._at_ns = float(frame), now_ns
        self._age_ns = 0
        self.error_frames = 0.0

    def observe(self, frame: int, now_ns: int) -> None:
        """The card shows `frame` now."""
        dt_ns = now_ns - self._at_ns
        if dt_ns == 0:
            return
        foretold = self._foretold(now_ns)
        error = self._distance(frame, foretold)
        if dt_ns < 0 or abs(error) > self._relock_frames:
            self.relocks += 1
            self.start(frame, now_ns)
        else:
            self._pull(foretold, error, dt_ns)
            self._at_ns = now_ns
        self.error_frames = error

    def _foretold(self, now_ns: int) -> float:
        return self._frame + (now_ns - self._at_ns) * self._nominal * self.ratio

    def _distance(self, frame: int, foretold: float) -> float:
        return frame - foretold + min(max(foretold - frame, 0.0), self._grain_frames)

    def _pull(self, foretold: float, error: float, dt_ns: int) -> None:
        self._memory_ns = max(self._memory_ns, MEMORY_LOOKS * dt_ns)
        self._age_ns = min(self._age_ns + dt_ns, self._memory_ns)
        bandwidth = sqrt(2) / (pi * self._age_ns)  # per ns
        omega = min(2 * pi * bandwidth * dt_ns, OMEGA_MAX)
        self._frame = foretold + sqrt(2) * omega * error
        ratio = self.ratio + omega**2 * error / (dt_ns * self._nominal)
        self.ratio = min(max(ratio, 1 - RATIO_ERROR_MAX), 1 + RATIO_ERROR_MAX)

    def frame_at(self, now_ns: int) -> int:
        """How many frames the card will have presented, or sampled."""
        return floor(self._foretold(now_ns))

    def time_of(self, frame: int) -> int:
        """When the card gets to `frame`, on our clock in ns."""
        return self._at_ns + ceil((frame - self._frame) / (self._nominal * self.ratio))
