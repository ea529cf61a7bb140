r"""Trace records: what happened when, in the one vocabulary of guests, backend and card.

A trace is a memory (a mapped file) with a header page and records of 32 octets behind it; it is written in place, so a
process that dies leaves all but its last record.  When it is full the first records stay, and the rest is counted.

    header: 0 magic "vtrace1\0" | 8 u64 records | 16 u64 capacity | 24 u64 dropped
    record: 0 s64 time_ns | 8 s64 frame | 16 u16 domid | 18 u16 stream | 20 u16 point | 22 u16 flags (0) | 24 s64 value

All little-endian; what a peer sends beyond s64 is taken modulo 2**64.  `stream` is 16 * pcm + stream of a guest; of
domain 0 it is the number of a card.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Protocol

from ringproto.abi import PAGE_OCTETS

HEADER_OCTETS = PAGE_OCTETS
MAGIC = b"vtrace1\0"

_HEADER = Struct("<8sQQQ")
_COUNT_WORD, _DROPPED_WORD = 1, 3
_RECORD = Struct("<qqHHHHq")
_RECORD_MODULO = Struct("<QQHHHHQ")  # the same octets, for numbers taken modulo 2**64
RECORD_OCTETS = _RECORD.size
assert RECORD_OCTETS == _RECORD_MODULO.size == 32

TRACE_FIELDS = [
    ("time_ns", "<i8"),
    ("frame", "<i8"),
    ("domid", "<u2"),
    ("stream", "<u2"),
    ("point", "<u2"),
    ("flags", "<u2"),
    ("value", "<i8"),
]
"""A record, as `numpy.dtype` takes it."""

U64 = (1 << 64) - 1

RATION = 8000
"""Records a second: what a stream with periods of 1 ms makes, and then some."""
RATION_NS = 1_000_000_000


class Point(IntEnum):
    """Where a record was made; t0 to t8 are the way of a frame and of the news of it.  Frames are the guest's."""

    QUEUED = 0
    """t0: the application handed frames over.  frame: after the last; value: how many."""
    PUSHED = 1
    """t1: their WRITE is about to be pushed, or a READ of so many.  As QUEUED."""
    WOKE_BACKEND = 2
    """t2: the backend woke up to the stream's requests."""
    COPIED = 3
    """t3: the backend copied and answered.  As QUEUED."""
    RENDERED = 4
    """t4: frames were given to the device.  frame: after the last; value: the device's frame after the last."""
    BOUNDARY = 5
    """t5: the card's period boundary at its ideal instant.  frame: the device's; value: ns until the card saw to it."""
    EVENT = 6
    """t6: a position event was pushed.  frame: the newest boundary told of; value: the position in octets."""
    WOKE_GUEST = 7
    """t7: the guest woke up to it.  value: the position in octets."""
    TOLD = 8
    """t8: the application was told.  frame: the boundary; value: the position in octets."""
    STARTED = 9
    """The stream's time began.  frame: g0; value: d0 of the line between its frames and the device's."""
    STOPPED = 10
    """It ended.  frame: the position."""
    UNDERRUN = 11
    """The guest met an underrun or overrun.  frame: after the last handed over."""
    OPENED = 12
    """frame: the rate in Hz; value: the period in frames."""
    TAKEN = 13
    """The application was handed recorded frames.  As QUEUED."""
    MISSED = 14
    """Silence was mixed for want of frames; when recording, frames found no room.  frame: after the last; value: how
    many."""
    DRY = 15
    """The card had run dry, or over, before it was looked at: that was silence.  As MISSED."""
    STARVED = 16
    """The card had to play what was not there, or stood still.  frame: the device's after the last; value: how many."""
    INTERRUPT = 17
    """The card interrupted late, or never.  frame: the device's boundary; value: ns after that, less than 0: never."""
    WAITED = 18
    """The guest was to be told of a period, and awake to see that it was not.  value: ns it saw to that late."""


class Tracer(Protocol):
    """What writes records."""

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        """Write one record."""


class NoTrace:
    """Writes none."""

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        """Do nothing."""


class TraceWriter:
    """Writes records into `memory`, which must have room for a header page."""

    __slots__ = ("_at", "_end", "_memory", "_words", "dropped")

    def __init__(self, memory: memoryview) -> None:
        capacity = (len(memory) - HEADER_OCTETS) // RECORD_OCTETS
        assert capacity >= 0
        self._memory = memory
        self._words = memory[: _HEADER.size].cast("Q")
        self._at = HEADER_OCTETS
        self._end = HEADER_OCTETS + capacity * RECORD_OCTETS
        self.dropped = 0
        """Records that found no room."""
        _HEADER.pack_into(memory, 0, MAGIC, 0, capacity, 0)

    @property
    def used_octets(self) -> int:
        """Octets of the memory in use: the header and the records."""
        return self._at

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        """Write one record; `frame` and `value` may be negative, modulo 2**64."""
        at = self._at
        if at == self._end:
            self.dropped += 1
            self._words[_DROPPED_WORD] = self.dropped
            return
        _RECORD_MODULO.pack_into(self._memory, at, time_ns, frame & U64, domid, stream, point, 0, value & U64)
        self._at = at + RECORD_OCTETS
        self._words[_COUNT_WORD] += 1  # last: a record counts once it is whole

    def release(self) -> None:
        """Let go of the memory."""
        self._words.release()
        self._memory.release()


class Ration:
    """Passes on to `tracer` no more than RATION records in any second, and counts the others.

    For what a guest can cause at will, such as wake-ups: a storm of one guest must not use up the room of all.
    """

    __slots__ = ("_left", "_put", "_until_ns", "left_out")

    def __init__(self, tracer: Tracer) -> None:
        self._put = tracer.put
        self._left = RATION
        self._until_ns = 0
        self.left_out = 0
        """Records that were too many."""

    def put(self, time_ns: int, point: int, domid: int, stream: int, frame: int, value: int) -> None:
        """Write one record, or count it."""
        if time_ns >= self._until_ns:
            self._left = RATION
            self._until_ns = time_ns + RATION_NS
        if self._left:
            self._left -= 1
            self._put(time_ns, point, domid, stream, frame, value)
        else:
            self.left_out += 1


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """What a trace says of itself."""

    count: int
    capacity: int
    dropped: int


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """One record."""

    time_ns: int
    frame: int
    domid: int
    stream: int
    point: int
    flags: int
    value: int


def read_header(octets: bytes) -> TraceHeader:
    """The header of a trace.  Raises ValueError when it is none."""
    if len(octets) < _HEADER.size or octets[: len(MAGIC)] != MAGIC:
        raise ValueError("not a trace: no magic at its start")
    return TraceHeader(*_HEADER.unpack_from(octets)[1:])


def read_trace(octets: bytes) -> Iterator[TraceRecord]:
    """The whole records of a trace, which may be cut short.  Raises ValueError when it is none."""
    header = read_header(octets)
    there = max(len(octets) - HEADER_OCTETS, 0) // RECORD_OCTETS
    end = HEADER_OCTETS + min(header.count, there) * RECORD_OCTETS
    for fields in _RECORD.iter_unpack(octets[HEADER_OCTETS:end]):
        yield TraceRecord(*fields)
