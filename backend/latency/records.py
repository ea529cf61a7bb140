"""Trace files as numpy arrays.

Each process of a run leaves one file, laid out by `ringproto.trace`.  Files are mapped, not read, and records are
copied out one stream at a time: a ten-minute run of sixteen guests leaves hundreds of MiB, of which little need be in
memory at once.

A process may have died while it wrote.  A file is therefore used up to its last whole record, and one that is no trace
at all is set aside; both are said in the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringproto.trace import HEADER_OCTETS, TRACE_FIELDS, Point, read_header

Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: One-dimensional, of TRACE_DTYPE.
Records = NDArray[np.void]

NEVER_NS = (1 << 63) - 1
"""The time of what did not happen."""
CARD_DOMID = 0
"""Cards write their records as streams of Dom0."""

TRACE_DTYPE = np.dtype(TRACE_FIELDS)
"""`ringproto.trace`'s record.  Its 64-bit fields are read as signed, so that differences are too."""


@dataclass(frozen=True, slots=True)
class Series:
    """Delays, and when each was suffered: int64 ns, of one length."""

    at_ns: Int64s
    delay_ns: Int64s


def joined(parts: Sequence[Series]) -> Series:
    """The parts as one."""
    none = np.zeros(0, dtype=np.int64)
    return Series(
        np.concatenate([none, *(part.at_ns for part in parts)]),
        np.concatenate([none, *(part.delay_ns for part in parts)]),
    )


def only(records: Records, point: Point) -> Records:
    """The records of one point, in their order."""
    chosen: Records = records[records["point"] == point]
    return chosen


@dataclass(frozen=True, slots=True)
class Trace:
    """All records of a run."""

    files: tuple[Records, ...]
    dropped: int
    """Records that their writers had no room for."""
    damaged: tuple[str, ...]
    """Names of files of which only a part could be read, or nothing."""

    @property
    def count(self) -> int:
        """How many records there are."""
        return sum(len(records) for records in self.files)

    def of(self, domid: int, stream: int) -> Records:
        """The records of one stream, from all files, in order of time."""
        parts = [records[(records["domid"] == domid) & (records["stream"] == stream)] for records in self.files]
        merged = np.concatenate([np.zeros(0, TRACE_DTYPE), *parts])
        return merged[np.argsort(merged["time_ns"], kind="stable")]

    def boundaries(self, card: int) -> Records:
        """The period boundaries of the card with this number, in order of time."""
        return only(self.of(CARD_DOMID, card), Point.BOUNDARY)


def load(paths: Sequence[Path]) -> Trace:
    """Map the trace files.  Raises OSError for one that cannot be read."""
    read = [(path, *_read(path)) for path in paths]
    return Trace(
        files=tuple(records for _, records, _, _ in read),
        dropped=sum(dropped for _, _, dropped, _ in read),
        damaged=tuple(path.name for path, _, _, whole in read if not whole),
    )


def _read(path: Path) -> tuple[Records, int, bool]:
    """(the whole records of one file, how many were dropped, whether the file is what its header says)."""
    octets = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
    try:
        header = read_header(octets[:HEADER_OCTETS].tobytes())
    except ValueError:
        return np.zeros(0, TRACE_DTYPE), 0, False
    there = max(len(octets) - HEADER_OCTETS, 0) // TRACE_DTYPE.itemsize
    count = min(header.count, there)
    records = octets[HEADER_OCTETS : HEADER_OCTETS + count * TRACE_DTYPE.itemsize].view(TRACE_DTYPE)
    return records, header.dropped, count == header.count
