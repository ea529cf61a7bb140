"""Several requests that happen at one instant, or not at all.

A transaction sees the tree as it was at its start, plus its own changes.  It succeeds exactly when everything it read
is still so; then its changes are made again, in order, on the tree of today.  So two transactions that only write
never disturb each other, even below one parent, and a read-modify-write loses no update: what was read before it was
written counts as read.
"""

from collections.abc import Callable
from errno import EAGAIN

from hosts.api import HostError
from hosts.xenstore.draft import Draft
from hosts.xenstore.nodes import Node, find
from hosts.xenstore.perms import Access
from hosts.xenstore.quota import Quota
from hosts.xenstore.store import XenStore

Edit = Callable[[Draft], None]

COST_OCTETS = 200
"""What anything remembered takes beside paths and values, in round numbers."""


class Transaction:
    """One open transaction of domain `domid`."""

    def __init__(self, store: XenStore, domid: int) -> None:
        self._store = store
        self._domid = domid
        self._start = store.root
        self._draft = store.draft()
        self._edits: list[Edit] = []
        self._read: set[str] = set()
        self._written: set[str] = set()
        self._memory_octets = 0

    def get(self, path: str) -> Node:
        """The node to read; HostError as outside a transaction.  That a node is missing has been read as well."""
        if path not in self._written and path not in self._read:
            self._take_room(len(path))
            self._read.add(path)
        return self._draft.get(self._domid, path, Access.READ)

    def edit(self, path: str, edit: Edit, octets: int) -> None:
        """Make a change, here and again at the commit; it has `octets` to remember.  One that is refused is none."""
        draft = self._draft.fork()
        edit(draft)
        self._take_room(octets)
        self._draft = draft
        self._edits.append(edit)
        self._written.add(path)

    def close(self) -> None:
        """It is over, one way or the other."""
        self._store.usage.add(Quota.MEMORY, self._domid, -self._memory_octets)

    def commit(self) -> None:
        """Make the changes for everybody; HostError(EAGAIN) when others interfered."""
        if any(_generation(self._start, path) != _generation(self._store.root, path) for path in self._read):
            raise HostError(EAGAIN, "what the transaction read has changed")
        draft = self._store.draft()
        try:
            for edit in self._edits:
                edit(draft)
        except HostError as error:
            raise HostError(EAGAIN, "the transaction's changes are no longer possible") from error
        self._store.commit(draft)

    def _take_room(self, octets: int) -> None:
        """One more to remember."""
        usage, octets = self._store.usage, octets + COST_OCTETS
        usage.check(Quota.TRANSACTION_NODES, self._domid, len(self._read) + len(self._edits) + 1)
        usage.take(Quota.MEMORY, self._domid, octets)
        self._memory_octets += octets


def _generation(root: Node, path: str) -> int | None:
    node = find(root, path)
    return None if node is None else node.generation
