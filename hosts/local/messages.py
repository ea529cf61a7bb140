"""What a local application asks of a backend, and the answers: bodies of `hosts.channel.calls`, one message each.

Answers come in the order of the requests; after the notice `Ended` comes nothing more.  The sound itself is not in
here: it lies in the region that comes with `Registered`.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hosts.channel.calls import Tagged
from ringproto.local.region import CHANNELS_MAX, RING_PERIODS_MAX

NAME_MAX = 64
"""Characters of an application's name, and of a device's."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
Channels = Annotated[int, Meta(ge=0, le=CHANNELS_MAX)]
Way = Literal["playback", "capture"]


class Describe(msgspec.Struct, frozen=True, tag=True):
    """What is this device like?  Without a name: the first that there is."""

    device: Name | None = None


class Register(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Let me play and record.  Once for each connection."""

    name: Name
    """What others call me."""
    device: Name | None = None
    playback_channels: Channels = 0
    capture_channels: Channels = 0
    ring_periods: Annotated[int, Meta(ge=1, le=RING_PERIODS_MAX)] = 3


class Start(msgspec.Struct, frozen=True, tag=True):
    """My ring is full: play it from now on, and record for me."""


class SetVolume(msgspec.Struct, frozen=True, tag=True):
    """Turn my channels up or down."""

    way: Way
    levels_mdb: Annotated[list[Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]], Meta(max_length=CHANNELS_MAX)]
    """Thousandths of a decibel, one for each channel."""


class Latency(msgspec.Struct, frozen=True, tag=True):
    """I want to be heard within so much: be ahead by no more than that takes."""

    latency_ns: Annotated[int, Meta(ge=0, le=60_000_000_000)]


class Ask(msgspec.Struct, frozen=True, tag=True):
    """How do I fare?"""


class Unregister(msgspec.Struct, frozen=True, tag=True):
    """Goodbye."""


class Described(msgspec.Struct, frozen=True, tag=True):
    """The device that was asked for."""

    device: str
    rate_hz: int
    period_frames: int
    playback_channels: int
    """0 where it does not play; likewise the next."""
    capture_channels: int


class Registered(msgspec.Struct, frozen=True, tag=True):
    """You are in.  The descriptors of the region and of the bell come along."""

    domid: int
    """What you are called in traces."""


class Granted(msgspec.Struct, frozen=True, tag=True):
    """How far ahead you are to be from now on, and in how much you are heard then at the latest."""

    depth_periods: int
    latency_ns: int


class Statistics(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What the backend counted of you since you started."""

    frames: int = 0
    """Played, or recorded for one who only records."""
    posts: int = 0
    """How often you were rung."""
    missed_blocks: int = 0
    """Blocks that were silence since they were not there."""
    unposted_blocks: int = 0
    """Of these: since we had not rung in time."""
    asleep_blocks: int = 0
    """Of these: rung in time, and not awake by your own word."""
    lost_blocks: int = 0
    """Recorded blocks that found no room."""
    delay_ns: int | None = None
    """In so long the block that is to be written next is heard; None while nothing is."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """It is done."""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It is not done."""

    errno: int
    why: str


class Ended(msgspec.Struct, frozen=True, tag=True):
    """You are served no more."""

    errno: int
    why: str


Request = Describe | Register | Start | SetVolume | Latency | Ask | Unregister
Answer = Described | Registered | Granted | Statistics | Done | Refused
Reply = Answer | Ended

requests = msgspec.msgpack.Decoder(Tagged[Request])
replies = msgspec.msgpack.Decoder(Tagged[Reply])
