"""Lead: how far ahead a device is filled by whoever looks at it once a period.

Two periods, whatever guests ask for: one being played, one to be late in.  More would only be heard later.
"""

from backend.devices.api import AudioDevice

LEAD_PERIODS = 2


class PeriodLead:
    """What all pacings have in common that look once a period."""

    hungry = False
    """Frames that come in are mixed at the next look, which is soon enough."""

    def __init__(self, device: AudioDevice) -> None:
        self._period_frames = device.params.period_frames
        self._buffer_frames = device.params.buffer_frames
        self.least_frames = LEAD_PERIODS * self._period_frames

    def fill_until(self, position: int, latency_frames: int) -> int:
        """The lead ahead of the position, to the nearest whole period, as far as the device's buffer reaches.

        So lines join at a period's edge, and a guest whose period is a multiple of the device's is told at the very
        look that ends it.
        """
        period = self._period_frames
        until = (position + self.least_frames + period // 2) // period * period
        return until if until <= position + self._buffer_frames else until - period

    def must_until(self, position: int, edge: int) -> int:
        """All of the lead: whose frames are missing then is silent."""
        return self.fill_until(position, self.least_frames)

    def changed(self, now_ns: int) -> None:
        """Nothing to do: the next look is at most a period away."""

    def rewound(self) -> None:
        """Nothing to do, likewise."""
