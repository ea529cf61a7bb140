"""The one region that a backend shares with a local application: a header page, a ring of blocks out, one in.

    0     magic "vsndlocl", version u32, rate_hz, period_frames, ring_periods, playback_channels, capture_channels u32
    64    words (u64) that the backend writes: see `Word`
    128   words that the application writes
    1024  a stamp (u64) for each block of the ring out, written by the application
    2048  the same for the ring in, written by the backend
    4096  the ring out: blocks of `period_frames` frames of float32, channels interleaved
    ...   the ring in, from the next page on

All in the machine's own byte order, since both ends are on it.  The header is written once, before the application sees
it; the backend never reads it again, and knows all sizes by itself.

Every word is written by one side only and only counts up.  So neither side ever waits for the other, whatever that
does; and a word that goes back, or too far, is a fault.  Words of one side have a cache line of their own.
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from ringproto.abi import PAGE_OCTETS
from ringproto.errors import Errno, ProtocolError

MAGIC = b"vsndlocl"
VERSION = 1
_HEADER = Struct("=8s6I")
HEADER_OCTETS = PAGE_OCTETS

SAMPLE_OCTETS = 4
"""float32."""
CHANNELS_MAX = 32
RING_PERIODS_MAX = 64
PERIOD_FRAMES_MAX = 1 << 16
REGION_OCTETS_MAX = 16 << 20
"""Two rings of 32 blocks of 20 ms at 192 kHz, of eight channels."""

LOCAL_DOMID_FIRST = 0x8000
"""In traces and figures a local application is a domain of this number or above; Xen's own end at 0x7FFF."""
PLAYBACK_STREAM, CAPTURE_STREAM = 0, 1
"""Its streams there."""


class Word(IntEnum):
    """Where each word is, in octets / 8."""

    CONSUMED = 8
    """Blocks of the ring out that the backend has mixed, or passed over."""
    RECORDED = 9
    """Blocks of the ring in that the backend has come past, written or dropped."""
    POSITION = 10
    """Frames since the start that the card has presented."""
    POSTS = 11
    """How often the backend has rung."""
    DEPTH = 12
    """So many blocks the application is to be ahead, at most the ring's."""
    ENDED = 13
    """Not 0 once the backend serves this application no more: an errno."""
    PRODUCED = 16
    """The block after the newest that the application has written."""
    TAKEN = 17
    """The block of the ring in after the newest that it has read, or passed over."""
    WOKEN = 18
    """POSTS as of when it last woke up."""


OUTPUT_STAMPS_AT, INPUT_STAMPS_AT = 1024 // 8, 2048 // 8
"""In words."""
assert RING_PERIODS_MAX <= INPUT_STAMPS_AT - OUTPUT_STAMPS_AT


@dataclass(frozen=True, slots=True)
class Shape:
    """What the region holds.  Raises ProtocolError(EINVAL) naming the field that is out of bounds."""

    rate_hz: int
    period_frames: int
    """Of a block, which is one cycle: the device's period."""
    ring_periods: int
    playback_channels: int
    """0 for none, and so for `capture_channels`."""
    capture_channels: int

    def __post_init__(self) -> None:
        _within("rate_hz", self.rate_hz, 1, 1 << 20)
        _within("period_frames", self.period_frames, 1, PERIOD_FRAMES_MAX)
        _within("ring_periods", self.ring_periods, 1, RING_PERIODS_MAX)
        _within("playback_channels", self.playback_channels, 0, CHANNELS_MAX)
        _within("capture_channels", self.capture_channels, 0, CHANNELS_MAX)
        if not self.playback_channels and not self.capture_channels:
            raise ProtocolError(Errno.EINVAL, "playback_channels, capture_channels: 0, want one of them at least")
        if self.octets > REGION_OCTETS_MAX:
            raise ProtocolError(Errno.EINVAL, f"ring_periods: {self.octets} octets in all, want {REGION_OCTETS_MAX}")

    def _ring_octets(self, channels: int) -> int:
        octets = self.ring_periods * self.period_frames * channels * SAMPLE_OCTETS
        return -(-octets // PAGE_OCTETS) * PAGE_OCTETS

    @property
    def output_at(self) -> int:
        """Where the ring out begins."""
        return HEADER_OCTETS

    @property
    def input_at(self) -> int:
        """Where the ring in begins."""
        return HEADER_OCTETS + self._ring_octets(self.playback_channels)

    @property
    def octets(self) -> int:
        """Of the whole region: whole pages."""
        return self.input_at + self._ring_octets(self.capture_channels)


def _within(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ProtocolError(Errno.EINVAL, f"{field}: {value}, want {low} to {high}")


def write_header(shape: Shape, region: memoryview) -> None:
    """Say in the region's header what it holds."""
    _HEADER.pack_into(
        region, 0, MAGIC, VERSION, shape.rate_hz, shape.period_frames, shape.ring_periods,
        shape.playback_channels, shape.capture_channels,
    )  # fmt: skip


def read_header(region: memoryview) -> Shape:
    """What a region holds, by its header.  Raises ProtocolError(EINVAL) for what is none, or of another version."""
    if len(region) < HEADER_OCTETS:
        raise ProtocolError(Errno.EINVAL, f"region: {len(region)} octets, want {HEADER_OCTETS} at least")
    magic, version, *sizes = _HEADER.unpack_from(region)
    if magic != MAGIC or version != VERSION:
        raise ProtocolError(Errno.EINVAL, f"region: {magic!r} of version {version}, want {MAGIC!r} of {VERSION}")
    shape = Shape(*sizes)
    if shape.octets > len(region):
        raise ProtocolError(Errno.EINVAL, f"region: {len(region)} octets, want {shape.octets}")
    return shape


def words_of(region: memoryview) -> memoryview:
    """The header page as words."""
    return region[:HEADER_OCTETS].cast("Q")
