"""A simulated domain's view of the machine's xenstore.

Requests take no virtual time; watch events come late by the domain's `watch_ns`, and equal ones on their way merge.
"""

from collections.abc import Callable, Sequence
from errno import EAGAIN, ENOENT
from itertools import count

from hosts.api import HostError, OnWatch, StoreView
from hosts.sim.loop import SimLoop
from hosts.xenstore.client import StoreClient
from hosts.xenstore.store import XenStore
from hosts.xswire import decode_text, encode_text

#: In a simulated machine nobody interferes twice by chance: a transaction that fails so often interferes with itself.
ATTEMPTS_MAX = 100


class SimStoreView:
    """The store as transaction `tx` sees it; 0 is the store itself."""

    def __init__(self, client: StoreClient, tx: int) -> None:
        self._client = client
        self._tx = tx

    def read(self, path: str) -> str | None:
        """The value, or None when there is no such node."""
        try:
            return decode_text(self._client.read(path, self._tx))
        except HostError as error:
            if error.errno != ENOENT:
                raise
            return None

    def write(self, path: str, value: str) -> None:
        """Set the value, making missing parents."""
        self._client.write(path, encode_text(value), self._tx)

    def mkdir(self, path: str) -> None:
        """Make the node, with an empty value, unless it exists."""
        self._client.mkdir(path, self._tx)

    def remove(self, path: str) -> None:
        """Remove the node and all below; a missing node is fine."""
        try:
            self._client.remove(path, self._tx)
        except HostError as error:
            if error.errno != ENOENT:
                raise

    def list(self, path: str) -> tuple[str, ...]:
        """Names of the children; empty when there is no such node."""
        try:
            return self._client.children(path, self._tx)
        except HostError as error:
            if error.errno != ENOENT:
                raise
            return ()

    def set_perms(self, path: str, perms: Sequence[str]) -> None:
        """Replace the permissions."""
        self._client.set_perms(path, perms, self._tx)


class SimStore(SimStoreView):
    """The machine's xenstore, as domain `domid` sees it; `watch_ns()` is how late events are."""

    def __init__(self, store: XenStore, domid: int, loop: SimLoop, watch_ns: Callable[[], int]) -> None:
        super().__init__(StoreClient(store, domid, self._deliver), 0)
        self._loop = loop
        self._watch_ns = watch_ns
        self._tokens = count(1)
        self._watches: dict[str, SimWatch] = {}

    def transact(self, change: Callable[[StoreView], None]) -> None:
        """Apply `change` to a transaction and commit; again from the start while others interfere."""
        for _ in range(ATTEMPTS_MAX):
            if self._attempt(change):
                return
        raise HostError(EAGAIN, f"a transaction met interference {ATTEMPTS_MAX} times")

    def watch(self, path: str, callback: OnWatch) -> "SimWatch":
        """Call `callback(path)` soon once, and again whenever `path` or a node below it may have changed."""
        token = str(next(self._tokens))
        self._client.watch(path, token)
        watch = self._watches[token] = SimWatch(self, path, token, callback)
        self._deliver(path, token)
        return watch

    @property
    def watches(self) -> int:
        """How many are set."""
        return len(self._watches)

    def unwatch(self, path: str, token: str) -> None:
        """Forget a watch, if it is still there."""
        if self._watches.pop(token, None) is not None:
            self._client.unwatch(path, token)

    def close(self) -> None:
        """End all watches."""
        for watch in tuple(self._watches.values()):
            watch.cancel()
        self._client.close()

    def _attempt(self, change: Callable[[StoreView], None]) -> bool:
        tx = self._client.start()
        try:
            change(SimStoreView(self._client, tx))
        except BaseException:
            self._client.end(tx, commit=False)
            raise
        try:
            self._client.end(tx, commit=True)
        except HostError as error:
            if error.errno != EAGAIN:
                raise
            return False
        return True

    def _deliver(self, path: str, token: str) -> None:
        watch = self._watches[token]
        if path not in watch.on_their_way:
            watch.on_their_way.add(path)
            self._loop.arrive(self._watch_ns(), lambda _now_ns: watch.hear(path))


class SimWatch:
    """One watch, and the paths whose events it has not heard yet."""

    def __init__(self, store: SimStore, path: str, token: str, callback: OnWatch) -> None:
        self.on_their_way: set[str] = set()
        self._store = store
        self._path = path
        self._token = token
        self._callback: OnWatch | None = callback

    def hear(self, path: str) -> None:
        """An event has arrived."""
        self.on_their_way.discard(path)
        if self._callback is not None:
            self._callback(path)

    def cancel(self) -> None:
        """Stop the callbacks.  Harmless when called twice."""
        self._callback = None
        self._store.unwatch(self._path, self._token)
