"""What an application asks of a PCM, and what the backend offers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import OpenRequest

#: Interleaved frames in a stream's own format: octets, or an array of any shape.
Frames = bytes | bytearray | memoryview | NDArray[Any]


def octets_of(frames: Frames) -> memoryview:
    """The octets of `frames`, not copied unless an array is scattered in memory."""
    if isinstance(frames, np.ndarray):
        return np.ascontiguousarray(frames).reshape(-1).view(np.uint8).data
    return memoryview(frames).cast("B")


@dataclass(frozen=True, slots=True)
class PcmParams:
    """One interleaved stream's hardware parameters, in ALSA's terms."""

    rate_hz: int
    channels: int
    format: Format
    period_frames: int
    buffer_frames: int

    @property
    def frame_octets(self) -> int:
        """Octets of one frame."""
        return self.channels * self.format.sample_octets

    @property
    def period_octets(self) -> int:
        """Octets of one period."""
        return self.period_frames * self.frame_octets

    @property
    def buffer_octets(self) -> int:
        """Octets of the whole buffer."""
        return self.buffer_frames * self.frame_octets

    def as_query(self) -> HwParams:
        """These very parameters as a HW_PARAM_QUERY."""
        return HwParams(
            formats_mask=self.format.mask,
            rate_hz=Interval(self.rate_hz, self.rate_hz),
            channels=Interval(self.channels, self.channels),
            buffer_frames=Interval(self.buffer_frames, self.buffer_frames),
            period_frames=Interval(self.period_frames, self.period_frames),
        )

    def as_open(self, request_id: int, gref_directory: int) -> OpenRequest:
        """These very parameters as an OPEN, the buffer being the one in that page directory."""
        return OpenRequest(
            id=request_id,
            rate_hz=self.rate_hz,
            format=self.format,
            channels=self.channels,
            buffer_octets=self.buffer_octets,
            gref_directory=gref_directory,
            period_octets=self.period_octets,
        )
