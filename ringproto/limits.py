"""What a stream may be opened with, as its card's configuration says, and the judgement of an OPEN by it.

Theory: the configuration gives octets of buffer, lists of formats and rates, and a range of channels.  HW_PARAM_QUERY
speaks in frames and in ranges only, so the answer to it is an envelope; OPEN is then judged exactly.
"""

from dataclasses import dataclass

from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format, formats_in_mask, mask_of
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import OpenRequest

#: Without a list, any rate in this range: the default of the kernel's frontend.
DEFAULT_RATES_HZ = Interval(5512, 48_000)

#: Either the rates that were listed, rising, or all in a range.
Rates = tuple[int, ...] | Interval


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one stream (or of a whole card); the defaults are those of the kernel's frontend."""

    channels_min: int = 1
    channels_max: int = 2
    rates_hz: Rates = DEFAULT_RATES_HZ
    formats: tuple[Format, ...] = (Format.U8, Format.S16_LE)
    buffer_octets: int = 65_536
    """The largest buffer."""

    def hw_params(self) -> HwParams:
        """The smallest HwParams that holds every way to open the stream."""
        frame_octets_min = self.channels_min * min(format_.sample_octets for format_ in self.formats)
        frames = Interval(1, self.buffer_octets // frame_octets_min)
        return HwParams(
            formats_mask=mask_of(self.formats),
            rate_hz=_span(self.rates_hz),
            channels=Interval(self.channels_min, self.channels_max),
            buffer_frames=frames,
            period_frames=frames,
        )

    def negotiate(self, asked: HwParams) -> HwParams:
        """The answer to HW_PARAM_QUERY: the smallest HwParams that holds every way to open that is in `asked`.

        Narrower than `asked.intersect(hw_params())`, since rates are taken from the list, and the largest buffer in
        frames follows from the formats and channels still asked for.  Raises ProtocolError(EINVAL), naming the
        parameter, when no way is left.
        """
        common = asked.intersect(self.hw_params())
        rates_hz = _rates_within(self.rates_hz, common.rate_hz)
        formats = formats_in_mask(common.formats_mask)
        left = Limits(common.channels.min, common.channels.max, rates_hz, formats, self.buffer_octets)
        return common.intersect(left.hw_params())

    def check_open(self, request: OpenRequest) -> None:
        """Raise ProtocolError(EINVAL), naming the field, unless the stream may be opened so."""
        _require(request.rate_hz in self.rates_hz, f"rate: {request.rate_hz} Hz is not among this stream's")
        _require(
            self.channels_min <= request.channels <= self.channels_max,
            f"channels: {request.channels} is none of {self.channels_min}..{self.channels_max}",
        )
        _require(request.format in self.formats, f"format: {request.format.xen_name} is not among this stream's")
        buffer_octets, period_octets, frame_octets = request.buffer_octets, request.period_octets, request.frame_octets
        _require(
            0 < buffer_octets <= self.buffer_octets,
            f"buffer size: {buffer_octets} is none of 1..{self.buffer_octets} octets",
        )
        _require(
            buffer_octets % frame_octets == 0,
            f"buffer size: {buffer_octets} is no multiple of a frame's {frame_octets} octets",
        )
        _require(
            period_octets <= buffer_octets,
            f"period size: {period_octets} is more than the buffer's {buffer_octets} octets",
        )
        _require(
            period_octets % frame_octets == 0,
            f"period size: {period_octets} is no multiple of a frame's {frame_octets} octets",
        )


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ProtocolError(Errno.EINVAL, message)


def _span(rates_hz: Rates) -> Interval:
    return rates_hz if isinstance(rates_hz, Interval) else Interval(min(rates_hz), max(rates_hz))


def _rates_within(rates_hz: Rates, span: Interval) -> Rates:
    if isinstance(rates_hz, Interval):
        return rates_hz.intersect(span)
    within = tuple(rate_hz for rate_hz in rates_hz if rate_hz in span)
    _require(bool(within), f"rate: none of this stream's is from {span.min} up to {span.max} Hz")
    return within
