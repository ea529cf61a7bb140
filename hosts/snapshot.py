"""Reading a whole store directory into private memory, once.

Both drivers read the other's (or the toolstack's) nodes from a directory that its owner may rewrite at any moment.  A
snapshot is read, checked and used; the store is not asked again.  It is bounded, since the owner may be hostile.
"""

from errno import E2BIG

from hosts.api import HostError, StoreView

NODES_MAX = 2048
"""32 PCM devices of 8 streams with their ten keys, and a little air."""

DEPTH_MAX = 3
"""card / pcm / stream / key."""


def read_tree(store: StoreView, path: str) -> dict[str, str]:
    """All nodes below `path` by their path relative to it ("0/1/type"), `path` itself left out.

    Raises HostError(E2BIG) when there are more than `NODES_MAX`.
    """
    nodes: dict[str, str] = {}
    level = [""]
    for _ in range(DEPTH_MAX):
        below: list[str] = []
        for parent in level:
            names = store.list(f"{path}/{parent}" if parent else path)
            if len(nodes) + len(names) > NODES_MAX:
                raise HostError(E2BIG, f"{path}: more than {NODES_MAX} nodes")
            for name in names:
                relative = f"{parent}/{name}" if parent else name
                nodes[relative] = store.read(f"{path}/{relative}") or ""
                below.append(relative)
        level = [node for node in below if node.rpartition("/")[2].isdigit()]
    return nodes
