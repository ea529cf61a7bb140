"""Follower: reads what a backend shows of itself, through its going and coming back.

Reading costs the backend nothing: no system call of its own, no lock, no answer.
"""

import mmap
import os
from collections.abc import Sequence
from pathlib import Path

from backend.live.layout import LayoutError, unpack_snapshot
from backend.live.memory import is_written
from backend.live.slots import MEMORY_OCTETS, SlotReader
from backend.live.snapshot import Snapshot

Identity = tuple[int, int]
"""Of a file: its device and inode."""


class Follower:
    """Of the backend that shows itself at the first of `paths` where there is one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._opened: _Opened | None = None
        self.problem = ""
        """Why there was nothing at the last look: one line."""

    def look(self) -> Snapshot | None:
        """The newest snapshot; None while there is no backend."""
        found = self._find()
        if self._opened is not None and (found is None or self._opened.identity != found[1]):
            self.close()
        if found is None:
            self.problem = f"no backend shows itself at {' or '.join(map(str, self._paths))}"
            return None
        try:
            return self._look_at(*found)
        except (OSError, LayoutError) as error:
            self.problem = f"{found[0]}: {error.strerror if isinstance(error, OSError) else error}"
            return None

    def _find(self) -> tuple[Path, Identity] | None:
        for path in self._paths:
            try:
                status = path.stat()
            except OSError:
                continue
            return path, (status.st_dev, status.st_ino)
        return None

    def _look_at(self, path: Path, identity: Identity) -> Snapshot | None:
        if self._opened is None:
            self._opened = _Opened(path, identity)
        if not self._opened.is_written:
            self.problem = f"the backend that was at {path} is gone"
            return None
        body = self._opened.reader.read()
        self.problem = f"{path}: nothing to read yet"
        return None if body is None else unpack_snapshot(body)

    def close(self) -> None:
        """Let go of it."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


class _Opened:
    """One file, mapped.  Raises OSError, LayoutError."""

    def __init__(self, path: Path, identity: Identity) -> None:
        self.identity = identity
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if os.fstat(self._fd).st_size != MEMORY_OCTETS:
                raise LayoutError("not what a backend of this version shows")
            self._map = mmap.mmap(self._fd, MEMORY_OCTETS, prot=mmap.PROT_READ)
        except BaseException:
            os.close(self._fd)
            raise
        self._memory = memoryview(self._map)
        self.reader = SlotReader(self._memory)
        if not self.reader.fits:
            self.close()
            raise LayoutError("not what a backend of this version shows")

    @property
    def is_written(self) -> bool:
        return is_written(self._fd)

    def close(self) -> None:
        self._memory.release()
        self._map.close()
        os.close(self._fd)
