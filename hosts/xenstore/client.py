"""What one client can ask of the xenstore: paths as he names them, his transactions, his watches.

The wire (`hosts.xsserver`) and simulated domains stand on this alike.  Paths may be relative to the client's home.
`tx` is a number from `start`, or 0 for none.  Every method raises HostError with the store's errno.
"""

from collections.abc import Sequence
from errno import E2BIG, EACCES, EEXIST, EINVAL, ENOENT

from hosts.api import HostError
from hosts.xenstore.nodes import Node
from hosts.xenstore.paths import ABSOLUTE_OCTETS_MAX, home_of, resolve, special_of
from hosts.xenstore.perms import PRIVILEGED, Access, format_perms, parse_perms
from hosts.xenstore.quota import Quota
from hosts.xenstore.store import XenStore
from hosts.xenstore.transaction import COST_OCTETS, Edit, Transaction
from hosts.xenstore.watches import Deliver, Watch
from hosts.xswire import PAYLOAD_OCTETS_MAX, encode_text

#: So that an event, the longest path and the token with a NUL each, always fits a message of 4096 octets.
TOKEN_OCTETS_MAX = PAYLOAD_OCTETS_MAX - ABSOLUTE_OCTETS_MAX - 2


def _cost_octets(watch: Watch) -> int:
    return COST_OCTETS + len(watch.path) + len(watch.token)


class StoreClient:
    """One connection of domain `domid`; `deliver(path, token)` queues a watch event and returns."""

    def __init__(self, store: XenStore, domid: int, deliver: Deliver) -> None:
        self._store = store
        self._domid = domid
        self._deliver = deliver
        self._transactions: dict[int, Transaction] = {}
        self._last_tx = 0
        self._watches: dict[tuple[str, str], Watch] = {}

    def read(self, path: str, tx: int = 0) -> bytes:
        """The node's value."""
        return self._get(path, tx).value

    def children(self, path: str, tx: int = 0) -> tuple[str, ...]:
        """The names of the node's children, oldest first."""
        return tuple(self._get(path, tx).children)

    def generation(self, path: str, tx: int = 0) -> int:
        """A number that is new whenever the node's value, permissions or list of children changed."""
        return self._get(path, tx).generation

    def get_perms(self, path: str, tx: int = 0) -> tuple[str, ...]:
        """The node's permissions, such as `("n1", "r0")`."""
        if path not in self._store.special_perms:
            return format_perms(self._get(path, tx).perms)
        perms = self._store.special_perms[path]
        if not self._store.domains.allows(perms, self._domid, Access.READ):
            raise HostError(EACCES, f"domain {self._domid} may not", path)
        return format_perms(perms)

    def write(self, path: str, value: bytes, tx: int = 0) -> None:
        """Set the value, making missing parents; E2BIG when path and value do not fit a message."""
        node = self._resolve(path)
        if len(path) + 1 + len(value) > PAYLOAD_OCTETS_MAX:
            raise HostError(E2BIG, "the value is longer than a message", path)
        self._edit(node, lambda draft: draft.write(self._domid, node, value), tx, len(node) + len(value))

    def mkdir(self, path: str, tx: int = 0) -> None:
        """Make the node and missing parents, unless it exists."""
        node = self._resolve(path)
        self._edit(node, lambda draft: draft.mkdir(self._domid, node), tx, len(node))

    def remove(self, path: str, tx: int = 0) -> None:
        """Remove the node and all below; ENOENT only when its parent is missing as well."""
        node = self._resolve(path)
        self._edit(node, lambda draft: draft.remove(self._domid, node), tx, len(node))

    def set_perms(self, path: str, texts: Sequence[str], tx: int = 0) -> None:
        """Replace the permissions.  Dom0 says who hears of domains by those of the special names."""
        perms = parse_perms(texts)
        if path in self._store.special_perms:
            self.privileged_store().special_perms[path] = perms
            return
        node = self._resolve(path)
        self._edit(node, lambda draft: draft.set_perms(self._domid, node, perms), tx, len(node) + 8 * len(perms))

    def start(self) -> int:
        """Begin a transaction and return its number, never 0."""
        self._store.usage.take(Quota.TRANSACTIONS, self._domid, 1)
        self._last_tx = self._last_tx % 0xFFFFFFFF + 1
        assert self._last_tx not in self._transactions
        self._transactions[self._last_tx] = Transaction(self._store, self._domid)
        return self._last_tx

    def end(self, tx: int, *, commit: bool) -> None:
        """End a transaction; HostError(EAGAIN) when it cannot be committed because others interfered."""
        transaction = self._transaction(tx)
        del self._transactions[tx]
        self._store.usage.add(Quota.TRANSACTIONS, self._domid, -1)
        transaction.close()
        if commit:
            transaction.commit()

    def watch(self, path: str, token: str, depth: int | None = None) -> None:
        """Deliver an event for each change at `path` or below; EEXIST when there is such a watch.

        The event that every watch starts with is the caller's to send, after whatever he answers first.
        """
        absolute = self._resolve_watched(path)
        if len(encode_text(token)) > TOKEN_OCTETS_MAX:
            raise HostError(EINVAL, "the watch token is too long")
        if (absolute, token) in self._watches:
            raise HostError(EEXIST, "watched already", path)
        watch = Watch(absolute, token, self._domid, self._deliver, len(absolute) - len(path), depth)
        self._store.usage.check(Quota.WATCHES, self._domid, 1)
        self._store.usage.take(Quota.MEMORY, self._domid, _cost_octets(watch))
        self._store.usage.add(Quota.WATCHES, self._domid, 1)
        self._watches[absolute, token] = watch
        self._store.watches.add(watch)

    def unwatch(self, path: str, token: str) -> None:
        """End a watch; ENOENT when there is none."""
        watch = self._watches.pop((self._resolve_watched(path), token), None)
        if watch is None:
            raise HostError(ENOENT, "not watched", path)
        self._forget(watch)

    @property
    def features(self) -> int:
        """What the store does for this domain beyond what it has always done."""
        return self._store.domains.features(self._domid)

    def privileged_store(self) -> XenStore:
        """The store itself, to introduce and release domains; HostError(EACCES) unless this is Dom0."""
        if self._domid != PRIVILEGED:
            raise HostError(EACCES, "only Dom0 may")
        return self._store

    def close(self) -> None:
        """End all transactions and watches."""
        watches, self._watches = self._watches, {}
        for watch in watches.values():
            self._forget(watch)
        for tx in tuple(self._transactions):
            self.end(tx, commit=False)

    def _resolve(self, path: str) -> str:
        return resolve(path, home_of(self._domid))

    def _resolve_watched(self, path: str) -> str:
        return self._resolve(path) if special_of(path) is None else path

    def _forget(self, watch: Watch) -> None:
        self._store.watches.discard(watch)
        self._store.usage.add(Quota.WATCHES, self._domid, -1)
        self._store.usage.add(Quota.MEMORY, self._domid, -_cost_octets(watch))

    def _transaction(self, tx: int) -> Transaction:
        if tx not in self._transactions:
            raise HostError(ENOENT, f"no transaction {tx}")
        return self._transactions[tx]

    def _get(self, path: str, tx: int) -> Node:
        node = self._resolve(path)
        if tx:
            return self._transaction(tx).get(node)
        return self._store.draft().get(self._domid, node, Access.READ)

    def _edit(self, path: str, edit: Edit, tx: int, octets: int) -> None:
        if tx:
            self._transaction(tx).edit(path, edit, octets)
            return
        draft = self._store.draft()
        edit(draft)
        self._store.commit(draft)
