"""Reading a store directory into private memory, once, however its owner made it.

Both drivers read nodes from a directory that a guest may fill as it likes and rewrite at any moment.  A snapshot is
read, checked and used; the store is not asked again.  Each question to the store holds up everything else that its
asker does (some 30 us with the emulated machine's daemon, about as much with Xen's), so only what is known by name is
read, numbered directories are followed from 0 on without a gap, and all in all there is a bound.
"""

from collections.abc import Sequence
from errno import E2BIG

from hosts.api import HostError, StoreView

REQUESTS_MAX = 128
"""What a card of sixteen streams takes, and some milliseconds at most."""


def read_tree(store: StoreView, path: str, levels: Sequence[frozenset[str]]) -> dict[str, str]:
    """The known nodes below `path` by their path relative to it ("0/1/type").

    `levels[0]` are the names known in `path` itself, `levels[1]` those in its directories 0, 1, ..., and so on.  The
    numbered directories themselves are in the result too.  Raises HostError(E2BIG) when it takes more than
    `REQUESTS_MAX` requests.
    """
    return _Reading(store, path, levels).read()


class _Reading:
    """One snapshot being made."""

    def __init__(self, store: StoreView, path: str, levels: Sequence[frozenset[str]]) -> None:
        self._store = store
        self._path = path
        self._levels = levels
        self._nodes: dict[str, str] = {}
        self._requests = 0

    def read(self) -> dict[str, str]:
        self._read_directory("", 0)
        return self._nodes

    def _read_directory(self, at: str, depth: int) -> None:
        """What is below `at`, which is "" or ends with a slash."""
        self._count()
        names = set(self._store.list(f"{self._path}/{at}".rstrip("/")))
        for name in sorted(names & self._levels[depth]):
            self._count()
            self._nodes[at + name] = self._store.read(f"{self._path}/{at}{name}") or ""
        if depth + 1 == len(self._levels):
            return
        index = 0
        while str(index) in names:
            self._nodes[f"{at}{index}"] = ""
            self._read_directory(f"{at}{index}/", depth + 1)
            index += 1

    def _count(self) -> None:
        self._requests += 1
        if self._requests > REQUESTS_MAX:
            raise HostError(E2BIG, f"{self._path}: takes more than {REQUESTS_MAX} requests to read")
