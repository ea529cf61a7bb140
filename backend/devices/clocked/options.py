"""What can be chosen of a virtual card, and what follows from it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from backend.devices.api import DeviceParams
from backend.devices.crystal import Crystal, ppb_from_ppm
from ringproto.formats import Format

PositiveInt = Annotated[int, Meta(ge=1)]
Nanoseconds = Annotated[int, Meta(ge=0)]
PPM = 1_000_000

SLACK_S = 1
"""For how long the card's process may be kept from running before what it should have played is lost.

Only an emulated card needs it: the DMA ring is so much larger than the buffer, so that a driver that is in time never
overwrites what a late card has yet to fetch.
"""


class ClockedOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A virtual card.  Raises ValueError for a combination that no card could have."""

    rate_hz: Annotated[int, Meta(ge=1, le=768_000)] = 48_000
    channels: Annotated[int, Meta(ge=1, le=32)] = 2
    format: Literal["s16_le", "s24_le", "s32_le", "float_le"] = "s16_le"
    period_frames: PositiveInt = 480
    """Interval of the interrupts."""
    buffer_frames: PositiveInt = 1920
    """How far ahead can be written; at least two periods."""
    burst_frames: PositiveInt | None = None
    """How many frames the card fetches at a time, just before they are played; a quarter of a period unless given."""
    drift_ppm: Annotated[float, Meta(gt=-500_000, lt=500_000)] = 0.0
    """How much faster than nominal its crystal is."""
    crystal_jitter_ns: Nanoseconds = 0
    """Each period ends late by up to this much, evenly spread, with all that hangs on it; it does not add up."""
    interrupt_latency_ns: Nanoseconds = 0
    """Interrupts come late by this much."""
    interrupt_jitter_ns: Nanoseconds = 0
    """Interrupts come late by up to this much more, evenly spread.  All three together are less than a period."""
    lost_interrupts_ppm: Annotated[int, Meta(ge=0, le=PPM)] = 0
    """How many of a million interrupts never come."""
    position_granularity_frames: PositiveInt = 1
    """Steps in which the card shows its position, less than the buffer.

    `burst_frames`: it moves with each burst that is over (where a period is whole bursts); `period_frames`: with each
    interrupt, and is known at no other time.
    """
    play_to: str | None = None
    """Path of the WAV file that holds what was played: its frame `n` is the card's frame `n`."""
    record_from: str | None = None
    """Path of the WAV file that is recorded from, over and over; silence unless given."""
    loop_back: str | None = None
    """Path of a file of memory through which the card records what it plays, a tenth of a second later."""
    trace_to: str | None = None
    """Path of the trace file for the period boundaries on the card's own clock."""
    trace_card: Annotated[int, Meta(ge=0, le=65_535)] = 0
    """The card's number in the trace."""
    seed: int = 0
    """Of jitter and losses."""

    def __post_init__(self) -> None:
        if self.buffer_frames < 2 * self.period_frames:
            raise ValueError(f"buffer_frames: {self.buffer_frames} is less than two periods of {self.period_frames}")
        if self.record_from is not None and self.loop_back is not None:
            raise ValueError("loop_back: the card already records from a file, `record_from`")
        if self.burst > self.period_frames:
            raise ValueError(f"burst_frames: {self.burst} is more than a period of {self.period_frames}")
        if self.position_granularity_frames >= self.buffer_frames:
            steps = self.position_granularity_frames
            raise ValueError(f"position_granularity_frames: {steps} is no less than the buffer of {self.buffer_frames}")
        late_ns = self.crystal_jitter_ns + self.interrupt_latency_ns + self.interrupt_jitter_ns
        if late_ns >= self._period_ns:
            late = "crystal_jitter_ns + interrupt_latency_ns + interrupt_jitter_ns"
            raise ValueError(f"{late}: {late_ns} is no less than the period of {self._period_ns}")

    @property
    def _period_ns(self) -> int:
        """What a period lasts by the card's own clock."""
        return Crystal(self.rate_hz, ppb_from_ppm(self.drift_ppm)).time_of(self.period_frames)

    @property
    def params(self) -> DeviceParams:
        """What the driver says it granted."""
        format_ = Format.from_name(self.format)
        return DeviceParams(self.rate_hz, self.channels, format_, self.period_frames, self.buffer_frames)

    @property
    def burst(self) -> int:
        """Frames fetched at a time."""
        return self.burst_frames or -(-self.period_frames // 4)

    @property
    def ring_frames(self) -> int:
        """Frames of the DMA ring."""
        return self.buffer_frames + SLACK_S * self.rate_hz
