"""What a device offers to guests, as the answer to HW_PARAM_QUERY: known beforehand, computed in microseconds.

Formats, rates and channels are the mixer's, which converts.  The buffer must at least cover what is mixed ahead of the
card plus a period: a guest with less would always be late, however quick it is.
"""

from backend.input import Input
from backend.mixing.convert import supported_formats
from backend.output import Output
from ringproto.hwparams import HwParams, Interval

RATE_HZ = Interval(4000, 192000)
CHANNELS = Interval(1, 8)
PERIOD_NS_MIN = 1_000_000
"""Shortest period: a guest must not be able to ask for an event storm."""
BUFFER_FRAMES_MAX = 1 << 20

FORMATS_MASK = sum(sample_format.mask for sample_format in supported_formats())


def offered(port: Output | Input, asked: HwParams) -> HwParams:
    """The device's ranges, in frames at the slowest rate still asked for."""
    rate_hz = max(asked.rate_hz.min, RATE_HZ.min)
    period_min = max(-(-PERIOD_NS_MIN * rate_hz // 1_000_000_000), 1)
    lead_frames = -(-port.lead_frames * rate_hz // port.spec.rate_hz)
    return HwParams(
        formats_mask=FORMATS_MASK,
        rate_hz=RATE_HZ,
        channels=CHANNELS,
        buffer_frames=Interval(lead_frames + period_min, BUFFER_FRAMES_MAX),
        period_frames=Interval(period_min, BUFFER_FRAMES_MAX),
    )
