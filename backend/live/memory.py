"""The memory that a backend shows itself in: a file that is never on a disk, found by a link.

A page of a file on a disk is written back now and then, and a process that writes to it just then may wait for the
disk.  A backend must not.  So the file is in /dev/shm, and what lies in the machine's folder (or the run's) is a link
to it.  Where there is no /dev/shm the file lies there itself.

A lock tells whether the writer still lives: the kernel lets go of it with the process, however that ends.  A writer
makes a new file and lets the link point to it, so whoever reads an old one is never surprised.  What killed backends
left behind goes when the next one comes: a file has its name only once it is locked, so one without a lock is nobody's.
"""

import fcntl
import mmap
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from backend.live.slots import MEMORY_OCTETS, SlotWriter

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # the file in it is made anew, for us alone
PREFIX, UNLOCKED_PREFIX = "vsnd-live-", "vsnd-new-"


def live_path(machine: Path) -> Path:
    """Where Dom0's backend shows itself: in a folder that no guest is given."""
    return machine / "dom0" / "live"


def live_path_of_run(out: Path) -> Path:
    """Where the backend of a run does so meanwhile."""
    return out / "live"


class LiveMemory:
    """New memory, found at `path` until it is closed.  Raises OSError."""

    def __init__(self, path: Path, shared_memory: Path = SHARED_MEMORY) -> None:
        self._path = path
        folder = shared_memory if os.access(shared_memory, os.W_OK) else path.parent
        _sweep(folder)
        self._fd, name = tempfile.mkstemp(prefix=UNLOCKED_PREFIX, dir=folder)  # mode 0600
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unlocked = Path(name)
        self._file = unlocked.rename(unlocked.with_name(PREFIX + unlocked.name.removeprefix(UNLOCKED_PREFIX)))
        os.ftruncate(self._fd, MEMORY_OCTETS)
        self._map = mmap.mmap(self._fd, MEMORY_OCTETS)
        self._memory = memoryview(self._map)
        self.slots = SlotWriter(self._memory)
        """To write into."""
        try:
            self._appear(shared_memory)
        except OSError:
            self.close()
            raise

    def _appear(self, shared_memory: Path) -> None:
        """In one step, whatever was there before."""
        if self._file.parent != shared_memory:
            self._file.replace(self._path)
            return
        link = self._path.with_name(self._file.name)
        link.symlink_to(self._file)
        try:
            link.replace(self._path)
        except OSError:
            link.unlink()
            raise

    def close(self) -> None:
        """Take it away, unless another has taken its place.  Harmless twice."""
        if self._map.closed:
            return
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), os.fstat(self._fd)):
                self._path.unlink()
        self._file.unlink(missing_ok=True)
        self._memory.release()
        self._map.close()
        os.close(self._fd)


def _sweep(folder: Path) -> None:
    """Remove what nobody writes any more."""
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or something else of that name
            fd = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if not is_written(fd):
                    left.unlink()
            finally:
                os.close(fd)


def is_written(fd: int) -> bool:
    """Whether whoever made this file still lives."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False
