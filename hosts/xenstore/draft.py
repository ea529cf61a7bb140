"""A changed tree that nobody sees yet, and what each request does to it.

A single request is a draft that is committed at once; a transaction is a draft kept for a while.  A request that fails
half-way leaves a draft that is thrown away, so the tree itself never holds half a change.

What a domain may not see is answered EACCES whether it exists or not, unless the nearest existing node above would
allow it: then a missing node is ENOENT.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from errno import EACCES, EINVAL, ENOENT, EPERM
from typing import NamedTuple

from hosts.api import HostError
from hosts.xenstore.domains import Domains
from hosts.xenstore.nodes import Node, find, nearest, walk, with_node
from hosts.xenstore.paths import parent_of, relative_octets
from hosts.xenstore.perms import PRIVILEGED, Access, Perms, inherited
from hosts.xenstore.quota import Quota


class Change(NamedTuple):
    """One node set, made (`before` is None) or removed with all below (`after` is None)."""

    path: str
    before: Node | None
    after: Node | None


def node_octets(node: Node) -> int:
    """What a node counts for: its value, its children's names with their NULs, 8 octets for each permission."""
    children = node.children
    return len(node.value) + sum(map(len, children)) + len(children) + 8 * len(node.perms)


NODE_COST_OCTETS = 100
"""What a node takes beside what is in it, in round numbers; C xenstored's is of that order."""


def account(owned: Counter[tuple[Quota, int]], node: Node, sign: int) -> None:
    """Note in `owned` that the node's owner has it (1), or no more (-1)."""
    owner = node.perms[0].domid
    owned[Quota.NODES, owner] += sign
    owned[Quota.MEMORY, owner] += sign * (NODE_COST_OCTETS + node_octets(node))


class Draft:
    """The tree from `root` on, with `changes` made so far, and how much more each domain owns (`owned`)."""

    def __init__(self, root: Node, domains: Domains, generations: Iterator[int]) -> None:
        self.root = root
        self.changes: list[Change] = []
        self.owned: Counter[tuple[Quota, int]] = Counter()
        self._domains = domains
        self._generations = generations

    def fork(self) -> "Draft":
        """Another draft that goes on from here, with no changes of its own yet."""
        fork = Draft(self.root, self._domains, self._generations)
        fork.owned = Counter(self.owned)
        return fork

    def get(self, domid: int, path: str, wanted: Access) -> Node:
        """The node; HostError(EACCES) or HostError(ENOENT) when the domain cannot have it."""
        node = self._look(domid, path, wanted)
        if node is None:
            raise HostError(ENOENT, "no such node", path)
        return node

    def write(self, domid: int, path: str, value: bytes) -> None:
        """Set the value, making the node and its parents where they are missing."""
        before = self._look(domid, path, Access.WRITE)
        if before is None:
            self._make(domid, path, value)
        else:
            self._put(domid, path, before, replace(before, value=value))
        self._note(path, before)

    def mkdir(self, domid: int, path: str) -> None:
        """Make the node and its missing parents; nothing happens, and no watch fires, when it exists."""
        if self._look(domid, path, Access.WRITE) is None:
            self._make(domid, path, b"")
            self._note(path, None)

    def remove(self, domid: int, path: str) -> None:
        """Remove the node and all below; a missing one is fine when its parent exists, else HostError(ENOENT)."""
        before = self._look(domid, path, Access.WRITE)
        if path == "/":
            raise HostError(EINVAL, "the root stays")
        if find(self.root, parent_of(path)) is None:
            raise HostError(ENOENT, "no such node, nor its parent", path)
        if before is None:
            return
        for _, node in walk(path, before):
            account(self.owned, node, -1)
        old = self.get(PRIVILEGED, parent_of(path), Access.NONE)
        self.root = with_node(self.root, path, None)
        self._put(PRIVILEGED, parent_of(path), old, self.get(PRIVILEGED, parent_of(path), Access.NONE))
        self._note(path, before)

    def set_perms(self, domid: int, path: str, perms: Perms) -> None:
        """Replace the permissions: the owner may, and only Dom0 may give the node to another owner (EPERM)."""
        before = self.get(domid, path, Access.WRITE)
        if not self._domains.owns(before.perms, domid):
            raise HostError(EACCES, "not the owner", path)
        if domid != PRIVILEGED and perms[0].domid != before.perms[0].domid:
            raise HostError(EPERM, "only Dom0 gives nodes away", path)
        self._domains.usage.check(Quota.PERMISSIONS, domid, len(perms))
        self._put(domid, path, before, replace(before, perms=perms))
        self._note(path, before)

    def _look(self, domid: int, path: str, wanted: Access) -> Node | None:
        """The node, or None when it is missing and the domain may know that; HostError(EACCES) otherwise."""
        node, missing = nearest(self.root, path)
        if not self._domains.allows(node.perms, domid, wanted):
            raise HostError(EACCES, f"domain {domid} may not", path)
        return None if missing else node

    def _make(self, domid: int, path: str, value: bytes) -> None:
        """Make the missing nodes down to `path`, the last with `value`."""
        usage = self._domains.usage
        usage.check(Quota.PATH_OCTETS, domid, relative_octets(path))
        stem, missing = nearest(self.root, path)
        perms = inherited(stem.perms, domid)
        node = Node(value, perms, next(self._generations))
        usage.check(Quota.NODE_OCTETS, domid, node_octets(node))
        account(self.owned, node, 1)
        for name in reversed(missing[1:]):
            node = Node(b"", perms, next(self._generations), {name: node})
            account(self.owned, node, 1)
        stem_path = path[: -sum(len(name) + 1 for name in missing)] or "/"
        self._put(domid, stem_path, stem, replace(stem, children={**stem.children, missing[0]: node}))

    def _put(self, domid: int, path: str, before: Node, node: Node) -> None:
        """Replace an existing node by one that has changed, if `domid` may have that much."""
        usage = self._domains.usage
        usage.check(Quota.NODE_OCTETS, domid, node_octets(node))
        account(self.owned, before, -1)
        account(self.owned, node, 1)
        for quota in (Quota.NODES, Quota.MEMORY):
            if self.owned[quota, domid] > 0:
                usage.check(quota, domid, self.owned[quota, domid])
        self.root = with_node(self.root, path, replace(node, generation=next(self._generations)))

    def _note(self, path: str, before: Node | None) -> None:
        self.changes.append(Change(path, before, find(self.root, path)))
