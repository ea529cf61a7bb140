"""Snapshot: what a backend shows of itself at one moment.

All counts are since the backend began, and never go back while it lives.  Times are on the machine's monotonic clock,
so a reader on the same machine can tell how old a snapshot is.
"""

from enum import IntEnum
from typing import NamedTuple

from backend.live.lateness import NONE, Lateness
from ringproto.card import Direction
from ringproto.formats import Format

BUSY_NS, IDLE_NS = 500_000_000, 1_000_000_000
"""A new one is written so often while any stream is open, and while none is."""
NO_STREAM = 0xFFFF
"""The number of a row that stands for a card whose guest is not connected."""


class State(IntEnum):
    """Of a stream, as far as the backend knows."""

    AWAY = 0
    """The card is there, its guest is not connected."""
    CLOSED = 1
    PREPARED = 2
    RUNNING = 3
    PAUSED = 4
    LOST = 5
    """Open, and its device is gone."""


class BackendFigures(NamedTuple):
    """The process."""

    pid: int
    started_ns: int
    sampled_ns: int
    samples: int = 0
    """How many snapshots were taken before this one."""
    sampling_ns: int = 0
    """What taking and writing those has cost."""
    cpu_ns: int = 0
    voluntary_switches: int = 0
    """How often it slept, and so was woken."""
    involuntary_switches: int = 0
    """How often another took its processor."""
    rss_octets_max: int = 0
    hidden_devices: int = 0
    """There was no room to show them."""
    hidden_streams: int = 0


class DeviceFigures(NamedTuple):
    """One open device."""

    name: str
    kind: str
    pacing: str
    rate_hz: int
    channels: int
    format: Format
    period_frames: int
    buffer_frames: int
    streams: int
    """How many are played on it, or recorded from it, now."""
    ahead_ns: int | None
    """Playback: in so long what is mixed next is heard.  None: not running, or unknown."""
    looks: int
    underruns: int


class StreamFigures(NamedTuple):
    """One stream of a guest's, or, with `NO_STREAM`, a card whose guest is not connected."""

    domid: int
    card: int
    number: int
    """pcm * 16 + index."""
    guest: str
    state: State
    direction: Direction = Direction.PLAYBACK
    device: str = ""
    pacing: str = ""
    format: Format | None = None
    """This and the next four: of a stream that is open."""
    channels: int = 0
    rate_hz: int = 0
    period_frames: int = 0
    buffer_frames: int = 0
    fill_ns: int | None = None
    """So much waits in the backend: to be mixed, or to be taken by the guest."""
    delay_ns: int | None = None
    """Playback: in so long the newest frame that the guest handed over is heard.  Capture: so long ago the oldest that
    it has not taken was sampled.  None: not running, or unknown."""
    frames: int = 0
    late_frames: int = 0
    underruns: int = 0
    """Stretches of silence for want of frames that came too late; for capture, of frames that nobody took in time."""
    requests: int = 0
    events: int = 0
    lateness: Lateness = NONE

    @property
    def key(self) -> tuple[int, int, int]:
        """The same stream in every snapshot."""
        return self.domid, self.card, self.number

    @property
    def is_stream(self) -> bool:
        """Not just a card."""
        return self.number != NO_STREAM


class Snapshot(NamedTuple):
    """All of it."""

    backend: BackendFigures
    devices: tuple[DeviceFigures, ...] = ()
    streams: tuple[StreamFigures, ...] = ()
