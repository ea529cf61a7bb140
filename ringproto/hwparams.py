"""What can be negotiated about a stream before it is opened: sets of formats, and ranges of everything else.

HW_PARAM_QUERY carries such a set in both directions.  Both ends narrow it by what they can do; what is left when
nobody objects is what OPEN may ask for.  Buffer and period are in frames here, while OPEN counts them in octets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ringproto.errors import Errno, ProtocolError
from ringproto.formats import formats_in_mask


@dataclass(frozen=True, slots=True)
class Interval:
    """All integers from `min` to `max`, both included."""

    min: int
    max: int

    def __contains__(self, value: int) -> bool:
        return self.min <= value <= self.max

    @property
    def is_empty(self) -> bool:
        """Whether no integer is in it."""
        return self.min > self.max

    def intersect(self, other: "Interval") -> "Interval":
        """What both have in common; empty when nothing."""
        return Interval(max(self.min, other.min), min(self.max, other.max))


@dataclass(frozen=True, slots=True)
class HwParams:
    """A set of ways to open a stream: any format of the mask, any value of each interval."""

    formats_mask: int
    rate_hz: Interval
    channels: Interval
    buffer_frames: Interval
    period_frames: Interval

    @classmethod
    def from_numbers(cls, numbers: Sequence[int]) -> "HwParams":
        """The inverse of `numbers`.  Raises ProtocolError(EINVAL) when a parameter leaves no choice."""
        mask, *bounds = numbers
        rate_hz, channels, buffer_frames, period_frames = (Interval(*bounds[at : at + 2]) for at in range(0, 8, 2))
        params = cls(mask, rate_hz, channels, buffer_frames, period_frames)
        params.check()
        return params

    def numbers(self) -> tuple[int, ...]:
        """The nine numbers in the order of the wire: the mask, then min and max of each interval."""
        intervals = (self.rate_hz, self.channels, self.buffer_frames, self.period_frames)
        return (self.formats_mask, *(bound for interval in intervals for bound in (interval.min, interval.max)))

    def check(self) -> None:
        """Raise ProtocolError(EINVAL) naming the first parameter that leaves no choice."""
        if not formats_in_mask(self.formats_mask):
            raise ProtocolError(Errno.EINVAL, f"formats: no format in mask {self.formats_mask:#x}")
        for name, interval in (
            ("rate", self.rate_hz),
            ("channels", self.channels),
            ("buffer frames", self.buffer_frames),
            ("period frames", self.period_frames),
        ):
            if interval.is_empty:
                raise ProtocolError(Errno.EINVAL, f"{name}: nothing from {interval.min} up to {interval.max}")

    def intersect(self, other: "HwParams") -> "HwParams":
        """What both allow.  Raises ProtocolError(EINVAL), naming the parameter, when they have nothing in common."""
        common = HwParams(
            self.formats_mask & other.formats_mask,
            self.rate_hz.intersect(other.rate_hz),
            self.channels.intersect(other.channels),
            self.buffer_frames.intersect(other.buffer_frames),
            self.period_frames.intersect(other.period_frames),
        )
        common.check()
        return common
