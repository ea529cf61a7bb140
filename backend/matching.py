"""Matching: one stream between two clocks, the system's, which its guest goes by, and the card's.

The guest is told positions by the system's clock (`SystemTimeline`), and it is heard by the card's.  So that the frame
heard is the one that was told of, its sound is resampled, a little faster or slower than the nominal rates say:

    speed = 1 / (card's rate over nominal)  +  phase error / TAU

The first part is what the card's clock is known to need (`CardClock`); the second draws to zero what is left between
where the sound is and where it ought to be, so that neither rounding nor a slope learnt late stays for ever.

Nobody is to hear that.  The pitch of a tone is just noticed to be another one when it differs by 0.1 %, at once; drawn
out, by more.  So:

* the speed changes by no more than 0.05 % in a second: a card 500 ppm off is followed in one;
* it stays within 0.2 % of nominal (`STEER_MAX`).  Crystals are within 0.02 %.  A card that needs more is not what it
  says, which is counted, and said once;
* a phase error of `LEAP_NS` asks for 0.1 % by itself.  One that is greater does not come from any crystal: the card
  stalled, or jumped.  Then the stream leaps: frames are dropped, or silence is played (recorded) in their place.

So as far as the card's clock is known the phase error is within 10 ms, always.  Of a card that is looked at every 10 ms
and shows its position to a frame it is half a millisecond at the most, while nothing is known, and within a frame after
half a minute.  Of one that shows it in steps it is within a step.
"""

from collections.abc import Callable

from backend.devices.api import AudioDevice
from backend.latency.facts import Matched
from backend.mixing.steered import STEER_MAX
from backend.pacing.dll import CardClock
from backend.timeline import NS_PER_S, SystemTimeline

TAU_S = 10
"""A phase error is drawn to a third in so long."""
SPEED_CHANGE_MAX = 0.0005
"""In a second."""
LEAP_NS = 10_000_000


def joined(earlier: Matched | None, later: Matched | None) -> Matched | None:
    """What came of one opening and the next."""
    if earlier is None or later is None:
        return later or earlier
    return Matched(
        rate_ratio_ppm=later.rate_ratio_ppm,
        phase_error_max_ns=max(earlier.phase_error_max_ns, later.phase_error_max_ns),
        limited=earlier.limited + later.limited,
        leaps=earlier.leaps + later.leaps,
    )


class Matching:
    """One open stream's."""

    def __init__(self, device: AudioDevice, guest_rate_hz: int, on_limit: Callable[[], None]) -> None:
        self._device = device
        self._guest_rate_hz = guest_rate_hz
        self._device_rate_hz = device.params.rate_hz
        self._on_limit = on_limit
        self._clock = CardClock(device.params.rate_hz, device.capabilities.position_granularity_frames)
        self._line = SystemTimeline(guest_rate_hz, self._clock, 0, 0, 0)
        self._has_begun = False
        self._steered_at = 0
        self.speed = 1.0
        """Guest frames to a device frame, over the nominal."""
        self._is_limited = False
        self._limited = self._leaps = self._error_max_ns = 0

    def lay(self, g0: int, d0: int, now_ns: int) -> SystemTimeline:
        """Guest frame `g0` is to come with device frame `d0`.  Raises DeviceError."""
        self._clock.start(self._device.position(now_ns), now_ns)
        self._line = SystemTimeline(self._guest_rate_hz, self._clock, d0, g0, self._clock.time_of(d0))
        self._has_begun = False
        self._steered_at = d0
        self.speed = self._wanted(0.0)
        return self._line

    def observe(self, now_ns: int, position: int | None = None) -> None:
        """Learn from where the card is now.  Raises DeviceError."""
        if position is None:
            position = self._device.position(now_ns)
        if self._has_begun:
            self._clock.observe(position, now_ns)
        else:  # a card that takes its time to start is not behind
            self._clock.start(position, now_ns)
            self._line.start_ns = self._clock.time_of(self._line.d0)
            self._has_begun = position > self._line.d0

    def follow(self, device_frame: int, guest_frame: float) -> int:
        """Set the speed from here on, `guest_frame` being the one that comes with `device_frame` if nothing is done.

        Returns how many guest frames are to be leapt over at once; less than none: to wait for.
        """
        error = self._line.place(device_frame) - guest_frame
        leap = int(error) if abs(error) * NS_PER_S > LEAP_NS * self._guest_rate_hz else 0
        error -= leap
        self._leaps += leap != 0
        self._error_max_ns = max(self._error_max_ns, round(abs(error) * NS_PER_S / self._guest_rate_hz))
        change = max(0, device_frame - self._steered_at) * SPEED_CHANGE_MAX / self._device_rate_hz
        self._steered_at = device_frame
        self.speed += min(max(self._wanted(error) - self.speed, -change), change)
        return leap

    def _wanted(self, error: float) -> float:
        wanted = 1 / self._clock.ratio + error / (TAU_S * self._guest_rate_hz)
        allowed = min(max(wanted, 1 - STEER_MAX), 1 + STEER_MAX)
        if allowed != wanted and not self._is_limited:
            self._limited += 1
            self._on_limit()
        self._is_limited = allowed != wanted
        return allowed

    @property
    def matched(self) -> Matched:
        """What came of it so far."""
        return Matched(
            rate_ratio_ppm=(1 / self.speed - 1) * 1_000_000,
            phase_error_max_ns=self._error_max_ns,
            limited=self._limited,
            leaps=self._leaps,
        )
