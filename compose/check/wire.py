"""A stream's wire as the check of a backend has it: opened as its configuration allows, and heard by two kernels."""

from dataclasses import replace

from compose.check.kernel import KernelEvents
from compose.check.rawwire import ANSWER_LIMIT_NS, MS, RawWire
from compose.check.rule import Broken
from hosts.api import Host
from ringproto.card import StreamConfig
from ringproto.errors import ProtocolError
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval
from ringproto.limits import Limits
from ringproto.messages import CloseRequest, HwParamRequest, HwParamResponse, OpenRequest

__all__ = ["ANSWER_LIMIT_NS", "MS", "Wire", "everything", "plain_rate", "slowest"]


class Wire(RawWire):
    """The wire of the stream with that configuration, made at once."""

    def __init__(self, host: Host, peer: int, config: StreamConfig) -> None:
        super().__init__(host, peer)
        self.config = config
        self.make()
        self.older = KernelEvents(self.event_page.pages[0], newer=False)
        """What the older kernel makes of our events.  The two read the same page; only this one moves its count."""
        self.newer = KernelEvents(self.event_page.pages[0], newer=True, reads_only=True)

    def close(self) -> None:
        """Take everything back."""
        self.older.release()
        self.newer.release()
        super().close()

    def open_request(self, periods: int = 4, sample: Format | None = None, channels: int | None = None) -> OpenRequest:
        """OPEN in the plainest way that configuration and backend allow, but as asked, with a buffer of our own."""
        limits = self.config.limits
        rate_hz = plain_rate(limits)
        sample = sample or limits.formats[0]
        self.channels = channels or max(limits.channels_min, min(2, limits.channels_max))
        self.frame_octets = self.channels * sample.sample_octets
        largest = limits.buffer_octets // self.frame_octets
        offered = self._offered(rate_hz, sample)
        period_frames = _nearest(rate_hz // 100, offered.period_frames)
        size = _nearest(min(periods * period_frames, largest), offered.buffer_frames) * self.frame_octets
        self.period_octets = period_frames * self.frame_octets
        self.period_ns = period_frames * 1_000_000_000 // rate_hz
        directory = self.share_buffer(size)
        return OpenRequest(self.next_id(), rate_hz, sample, self.channels, size, directory, self.period_octets)

    def _offered(self, rate_hz: int, sample: Format) -> HwParams:
        """What the backend leaves of the buffers that the configuration allows."""
        rate, count = Interval(rate_hz, rate_hz), Interval(self.channels, self.channels)
        frames = Interval(1, self.config.limits.buffer_octets // self.frame_octets)
        asked = HwParams(sample.mask, rate, count, frames, frames)
        answer = self.ask(HwParamRequest(self.next_id(), asked))
        return answer.params if isinstance(answer, HwParamResponse) else asked

    @property
    def period_frames(self) -> int:
        """Of what was asked for last."""
        return self.period_octets // self.frame_octets

    def open(self, periods: int = 4) -> int:
        """OPEN in the plainest way; the status.  Raises NoAnswer."""
        return self.open_as(self.open_request(periods))

    def open_as(self, request: OpenRequest) -> int:
        """OPEN so; the status.  Raises NoAnswer."""
        for kernel in (self.older, self.newer):
            kernel.reset(self.frame_octets, max(request.period_octets // self.frame_octets, 1))
        return self.call(request)

    def shut(self) -> int:
        """Send CLOSE; the status.  Raises NoAnswer."""
        status = self.call(CloseRequest(self.next_id()))
        for kernel in (self.older, self.newer):
            kernel.reset()
        return status

    def read_events(self, now_ns: int = 0) -> None:
        """Have both kernels look at the events, the one that moves the count last."""
        self.newer.interrupt(now_ns)
        self.older.interrupt(now_ns)


def _nearest(wanted: int, offered: Interval) -> int:
    return max(offered.min, min(wanted, offered.max))


def plain_rate(limits: Limits) -> int:
    """48000 Hz if it may be, or what comes closest below, or the lowest."""
    if isinstance(limits.rates_hz, Interval):
        return max(limits.rates_hz.min, min(48_000, limits.rates_hz.max))
    return max((rate for rate in limits.rates_hz if rate <= 48_000), default=min(limits.rates_hz))


def slowest(wire: Wire) -> OpenRequest:
    """OPEN with the buffer that is played the longest."""
    limits = wire.config.limits
    sample = min(limits.formats, key=lambda sample: (not sample.linear, sample.sample_octets))
    rate_hz = limits.rates_hz.min if isinstance(limits.rates_hz, Interval) else min(limits.rates_hz)
    request = wire.open_request(1 << 20, sample, limits.channels_min)
    return replace(request, rate_hz=rate_hz)


def everything(limits: Limits) -> HwParams:
    """All that a configuration allows, as a query."""
    try:
        return limits.hw_params()
    except ProtocolError as error:  # pragma: no cover  # a card that allows nothing was refused before
        raise Broken(str(error)) from error
