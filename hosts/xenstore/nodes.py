"""The tree as a value: nodes never change, a changed tree is a new root that shares all untouched nodes.

That makes a transaction's snapshot a matter of keeping the old root, and giving up half-done changes a matter of
forgetting the new one.  Changing a node copies only its ancestors.

Everything here walks; nothing recurses.  A guest may nest nodes as deep as a path is long, which is deeper than
Python's stack (XSA-418).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hosts.xenstore.paths import below, names_of
from hosts.xenstore.perms import Perms


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """A value, permissions and children.  `generation` is new each time one of these changes for this very node."""

    value: bytes
    perms: Perms
    generation: int
    children: Mapping[str, "Node"] = field(default_factory=dict[str, "Node"])


def find(root: Node, path: str) -> Node | None:
    """The node at `path`, if there is one."""
    node: Node | None = root
    for name in names_of(path):
        if node is None:
            return None
        node = node.children.get(name)
    return node


def nearest(root: Node, path: str) -> tuple[Node, list[str]]:
    """The deepest node that exists on the way to `path`, and the names missing below it."""
    node, names = root, names_of(path)
    for depth, name in enumerate(names):
        child = node.children.get(name)
        if child is None:
            return node, names[depth:]
        node = child
    return node, []


def with_node(root: Node, path: str, node: Node | None) -> Node:
    """The tree with `node` at `path`, or without the one there; the parent must exist."""
    parent, trail = root, list[tuple[Node, str]]()
    for name in names_of(path):
        trail.append((parent, name))
        parent = parent.children.get(name, parent)
    for parent, name in reversed(trail):
        children = dict(parent.children)
        if node is None:
            del children[name]
        else:
            children[name] = node
        node = Node(parent.value, parent.perms, parent.generation, children)
    assert node is not None
    return node


def walk(path: str, node: Node) -> Iterator[tuple[str, Node]]:
    """The node at `path` and all below it, parents first."""
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting.extend((below(path, name), child) for name, child in node.children.items())
