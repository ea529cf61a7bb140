"""Dates: when a device's periods ended, for devices that do not say so themselves.

A virtual card leaves a trace of its periods by its own crystal.  Of other devices nothing is known but the positions
that were seen; a clock that follows these (backend.pacing.dll) says when each period must have ended.  So delays of
real cards are measured against the card's time too, as far as it can be known, and not against when somebody looked.

A sound server that stood still played nothing meanwhile; when that is found out, it is put where the position is then.
"""

from backend.devices.api import AudioDevice
from backend.pacing.dll import CardClock
from ringproto.trace import Point, Tracer


class Dates:
    """Writes BOUNDARY records for one device, under its number in the trace."""

    def __init__(self, device: AudioDevice, tracer: Tracer, number: int) -> None:
        self._clock = CardClock(device.params.rate_hz, device.capabilities.position_granularity_frames)
        self._period_frames = device.params.period_frames
        self._tracer = tracer
        self._number = number
        self._boundary = 0
        self._device = device
        self._stood_still_frames = 0

    def seen(self, position: int, now_ns: int) -> None:
        """The device showed that position.  Of several periods that ended since the last look the last is dated."""
        self._clock.observe(position, now_ns)
        silent = self._device.stood_still_frames - self._stood_still_frames
        if silent:
            self._stood_still_frames += silent
            self._tracer.put(now_ns, Point.STARVED, 0, self._number, position, silent)
        boundary = position - position % self._period_frames
        if boundary > self._boundary:
            self._boundary = boundary
            ended_ns = min(self._clock.time_of(boundary), now_ns)
            self._tracer.put(ended_ns, Point.BOUNDARY, 0, self._number, boundary, now_ns - ended_ns)
