"""Trace files as numpy arrays.

Each process of a run leaves one file, laid out by `ringproto.trace`.  A ten-minute run of sixteen guests leaves
hundreds of MiB, of which little need be in memory at once.  So files are read in chunks, not mapped (a mapped page
counts as ours once it was looked at), and a stream's records are picked out of them.  Whoever wants many streams asks
for `each` of them: as many as are few records together are picked out in one reading.

A process may have died while it wrote.  A file is therefore used up to its last whole record, and one that is no trace
at all is set aside; both are said in the result.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ringproto.trace import HEADER_OCTETS, TRACE_FIELDS, Point, read_header

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: One-dimensional, of TRACE_DTYPE.
Records = NDArray[np.void]
#: (domid, stream).
Key = tuple[int, int]

NEVER_NS = (1 << 63) - 1
"""The time of what did not happen."""
CARD_DOMID = 0
"""Cards write their records as streams of Dom0."""

TRACE_DTYPE = np.dtype(TRACE_FIELDS)
"""`ringproto.trace`'s record.  Its 64-bit fields are read as signed, so that differences are too."""
OWNER_DTYPE = np.dtype({"names": ["owner"], "formats": ["<u4"], "offsets": [16], "itemsize": TRACE_DTYPE.itemsize})
"""The same record: its domid and stream, which lie side by side, as one number."""
assert TRACE_DTYPE.fields is not None
assert (TRACE_DTYPE.fields["domid"][1], TRACE_DTYPE.fields["stream"][1]) == (16, 18)

CHUNK_RECORDS = 1 << 16
"""Read at a time: 2 MiB."""
BATCH_RECORDS = 1 << 20
"""Picked out at a time, where it is more than one stream: 32 MiB."""


@dataclass(frozen=True, slots=True)
class Series:
    """Delays, and when each was suffered: int64 ns, of one length."""

    at_ns: Int64s
    delay_ns: Int64s

    def since(self, at_ns: int) -> "Series":
        """Those suffered then or later."""
        chosen = self.at_ns >= at_ns
        return Series(self.at_ns[chosen], self.delay_ns[chosen])


@dataclass(frozen=True, slots=True)
class Levels:
    """How far ahead of the card a guest was, in its own frames, at which instants: int64, of one length.

    They come in pairs of one instant: just before a hand-over and just after it.
    """

    at_ns: Int64s
    frames: Int64s

    @property
    def before(self) -> Int64s:
        """Those just before a hand-over."""
        return self.frames[::2]

    def since(self, at_ns: int) -> "Levels":
        """Those then or later."""
        chosen = self.at_ns >= at_ns
        return Levels(self.at_ns[chosen], self.frames[chosen])


def joined(parts: Sequence[Series]) -> Series:
    """The parts as one."""
    return Series(_as_one([part.at_ns for part in parts]), _as_one([part.delay_ns for part in parts]))


def joined_levels(parts: Sequence[Levels]) -> Levels:
    """The parts as one."""
    return Levels(_as_one([part.at_ns for part in parts]), _as_one([part.frames for part in parts]))


def _as_one(parts: Sequence[Int64s]) -> Int64s:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def only(records: Records, point: Point) -> Records:
    """The records of one point, in their order."""
    chosen: Records = records[records["point"] == point]
    return chosen


class Part(Protocol):
    """What one process left."""

    @property
    def records(self) -> int:
        """How many are whole."""
        ...

    @property
    def counts(self) -> Mapping[Key, int]:
        """How many of them each stream has."""
        ...

    def chunks(self) -> Iterator[Records]:
        """Its whole records, piece by piece, in the order they were written.  Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class _File:
    """One file of a trace."""

    path: Path
    records: int
    """How many are whole."""
    counts: dict[Key, int]
    """How many of them each stream has."""

    def chunks(self) -> Iterator[Records]:
        """Its whole records, piece by piece.  Raises OSError."""
        with self.path.open("rb") as file:
            file.seek(HEADER_OCTETS)
            for done in range(0, self.records, CHUNK_RECORDS):
                yield np.fromfile(file, TRACE_DTYPE, min(CHUNK_RECORDS, self.records - done))


@dataclass(frozen=True, slots=True)
class Trace:
    """All records of a run."""

    files: tuple[Part, ...]
    dropped: int
    """Records that their writers had no room for."""
    damaged: tuple[str, ...]
    """Names of files of which only a part could be read, or nothing."""

    @property
    def count(self) -> int:
        """How many records there are."""
        return sum(file.records for file in self.files)

    def chunks(self) -> Iterator[Records]:
        """All of them, file by file, piece by piece.  Raises OSError."""
        for file in self.files:
            yield from file.chunks()

    def count_of(self, key: Key) -> int:
        """How many records one stream has."""
        return sum(file.counts.get(key, 0) for file in self.files)

    def of(self, domid: int, stream: int) -> Records:
        """The records of one stream, from all files, in order of time.  Raises OSError."""
        ((_, records),) = self.each([(domid, stream)])
        return records

    def each(self, keys: Iterable[Key]) -> Iterator[tuple[Key, Records]]:
        """The same for each of these streams, one after the other, in few readings of the files."""
        batch: list[Key] = []
        for key in dict.fromkeys(keys):
            if batch and sum(map(self.count_of, [*batch, key])) > BATCH_RECORDS:
                yield from self._read(batch)
                batch = []
            batch.append(key)
        yield from self._read(batch)

    def _read(self, keys: Sequence[Key]) -> Iterator[tuple[Key, Records]]:
        found = {key: np.empty(self.count_of(key), TRACE_DTYPE) for key in keys}
        filled = dict.fromkeys(keys, 0)
        for file in self.files:
            wanted = [key for key in found if key in file.counts]
            for chunk in file.chunks() if wanted else ():
                owners = chunk.view(OWNER_DTYPE)["owner"].copy()
                for key in wanted:
                    picked = chunk[owners == _owner(key)]
                    found[key][filled[key] : filled[key] + len(picked)] = picked
                    filled[key] += len(picked)
        for key in keys:
            records = found.pop(key)
            yield key, records[np.argsort(records["time_ns"], kind="stable")]

    def lives(self, card: int) -> list[Records]:
        """The period boundaries of the card with this number, in order of time, of each of its lives.

        A card that is opened anew, since its backend was started anew, counts its frames from 0 again.
        """
        boundaries = only(self.of(CARD_DOMID, card), Point.BOUNDARY)
        frames = boundaries["frame"]
        begins = np.flatnonzero(frames[1:] < frames[:-1] // 2) + 1  # dates that are estimated may go back a little
        return np.split(boundaries, begins) if len(boundaries) else []

    def boundaries(self, card: int) -> Records:
        """The same, of its first life: the one that its sound file is of."""
        return next(iter(self.lives(card)), np.empty(0, TRACE_DTYPE))


def load(paths: Sequence[Path]) -> Trace:
    """See what the trace files hold.  Raises OSError for one that cannot be read."""
    read = [_look_into(path) for path in paths]
    return Trace(
        files=tuple(file for file, _, _ in read),
        dropped=sum(dropped for _, dropped, _ in read),
        damaged=tuple(file.path.name for file, _, whole in read if not whole),
    )


def _look_into(path: Path) -> tuple[_File, int, bool]:
    """(one file, how many records were dropped, whether it is what its header says)."""
    with path.open("rb") as opened:
        first = opened.read(HEADER_OCTETS)
    try:
        header = read_header(first)
    except ValueError:
        return _File(path, 0, {}), 0, False
    there = max(path.stat().st_size - HEADER_OCTETS, 0) // TRACE_DTYPE.itemsize
    count = min(header.count, there)
    counts: dict[Key, int] = {}
    for chunk in _File(path, count, counts).chunks():
        owners, numbers = np.unique(chunk.view(OWNER_DTYPE)["owner"], return_counts=True)
        for owner, number in zip(owners.tolist(), numbers.tolist(), strict=True):
            key = owner & 0xFFFF, owner >> 16
            counts[key] = counts.get(key, 0) + number
    return _File(path, count, counts), header.dropped, count == header.count


def _owner(key: Key) -> int:
    domid, stream = key
    return domid | stream << 16
