"""The names of processes and threads, in the order in which they are to be shown."""

from collections.abc import Iterator

from backend.latency.perfetto.events import Metadata


class Tracks:
    """Numbers for processes and threads.  None is given twice, since a thread may be looked up without its process."""

    def __init__(self) -> None:
        self._names: list[tuple[int, int, str]] = []  # (pid, tid or 0, name); a number is its place here, from 1

    def process(self, name: str) -> int:
        """The number of a new process, shown below those before it."""
        pid = len(self._names) + 1
        self._names.append((pid, 0, name))
        return pid

    def thread(self, pid: int, name: str) -> int:
        """The number of a new thread, shown below those before it."""
        tid = len(self._names) + 1
        self._names.append((pid, tid, name))
        return tid

    def metadata(self) -> Iterator[Metadata]:
        """What the viewers must be told."""
        for place, (pid, tid, name) in enumerate(self._names):
            yield Metadata("thread_name" if tid else "process_name", pid, {"name": name}, tid)
            yield Metadata("thread_sort_index" if tid else "process_sort_index", pid, {"sort_index": place}, tid)
