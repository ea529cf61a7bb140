"""Who wants to hear of which nodes, and telling them.

A watch hears of its own node and of all below, down to its depth when it has one.  Delivering only puts the event in
the client's queue; a client never runs inside another one's request.

Nobody hears of a node that he may not read (XSA-115), with one exception that a listing would give away as well: who
may read the parent hears that a child came or went.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hosts.xenstore.domains import Domains
from hosts.xenstore.draft import Change
from hosts.xenstore.nodes import Node, find, walk
from hosts.xenstore.paths import names_of, parent_of
from hosts.xenstore.perms import Access, Perms

#: Takes the path as the client named it, and the token.
Deliver = Callable[[str, str], None]


@dataclass(slots=True, eq=False)
class Watch:
    """One registered watch.  Paths are told without their first `hidden` octets: a relative watch hears them so."""

    path: str
    token: str
    domid: int
    deliver: Deliver
    hidden: int = 0
    depth: int | None = None

    def tell(self, path: str) -> None:
        """Queue the event that `path` may have changed."""
        self.deliver(path[self.hidden :], self.token)


class Watches:
    """All watches of the machine, by path, so that a change costs its depth and not their number."""

    def __init__(self, domains: Domains) -> None:
        self._domains = domains
        self._at: dict[str, list[Watch]] = {}

    def add(self, watch: Watch) -> None:
        """Start telling."""
        self._at.setdefault(watch.path, []).append(watch)

    def discard(self, watch: Watch) -> None:
        """Stop telling."""
        at = self._at[watch.path]
        at.remove(watch)
        if not at:
            del self._at[watch.path]

    def fire(self, change: Change, root: Node) -> None:
        """Tell of a change; `root` is the tree after it."""
        parent = find(root, parent_of(change.path))
        ancestor, names = "", names_of(change.path)
        for levels, name in zip(range(len(names), -1, -1), [*names, ""], strict=True):
            for watch in tuple(self._at.get(ancestor or "/", ())):
                if (watch.depth is None or levels <= watch.depth) and self._may_hear(watch.domid, change, parent):
                    watch.tell(change.path)
            ancestor = f"{ancestor}/{name}"
        if change.after is None and change.before is not None:
            self._fire_removed(change.path, change.before)

    def _fire_removed(self, path: str, removed: Node) -> None:
        """Tell those who watch exactly a node that went together with the one above it."""
        for lost, node in walk(path, removed):
            if lost != path and lost in self._at:
                for watch in tuple(self._at[lost]):
                    if self._domains.allows(node.perms, watch.domid, Access.READ):
                        watch.tell(lost)

    def fire_special(self, name: str, domid: int, perms: Perms) -> None:
        """Tell that domain `domid` came or went, by the special `name`, those whom `perms` let read.

        A watch with a depth wants to know which domain; one of `@releaseDomain/3` wants to hear of that domain alone.
        """
        named = f"{name}/{domid}"
        for watch in (*self._at.get(name, ()), *self._at.get(named, ())):
            if watch.depth != 0 and self._domains.allows(perms, watch.domid, Access.READ):
                watch.tell(name if watch.path == name and watch.depth is None else named)

    def _may_hear(self, domid: int, change: Change, parent: Node | None) -> bool:
        before, after = change.before, change.after
        if any(node is not None and self._domains.allows(node.perms, domid, Access.READ) for node in (before, after)):
            return True
        came_or_went = before is None or after is None
        return came_or_went and parent is not None and self._domains.allows(parent.perms, domid, Access.READ)
