"""A trace on disk: a sparse file mapped into memory, so that writing a record is a store and no system call."""

import mmap
from pathlib import Path

from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, TraceWriter

RECORDS = 1 << 20
"""Room unless asked for otherwise: half an hour of a stream with 10 ms periods.  Only what is used takes disk."""


class TraceFile:
    """A new trace file; `writer` is valid until the file is closed, which cuts it to what was written."""

    def __init__(self, path: Path, records: int = RECORDS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        size = HEADER_OCTETS + records * RECORD_OCTETS
        self._file = path.open("w+b")
        self._file.truncate(size)
        self._map = mmap.mmap(self._file.fileno(), size)
        self.writer = TraceWriter(memoryview(self._map))

    def close(self) -> None:
        """Cut the file to its records.  Harmless twice."""
        if self._file.closed:
            return
        used = self.writer.used_octets
        self.writer.release()
        self._map.close()
        self._file.truncate(used)
        self._file.close()

    def __enter__(self) -> "TraceFile":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
