"""The tree as a value: old roots keep showing the old tree."""

from hypothesis import given
from hypothesis import strategies as st

from hosts.xenstore.nodes import Node, find, nearest, walk, with_node
from hosts.xenstore.paths import names_of, parent_of
from hosts.xenstore.perms import ROOT_PERMS

EMPTY = Node(b"", ROOT_PERMS, 0)
PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda names: "/" + "/".join(names))


def leaf(value: bytes) -> Node:
    return Node(value, ROOT_PERMS, 1)


@given(st.lists(st.tuples(PATHS, st.one_of(st.none(), st.binary(max_size=3))), max_size=30))
def test_trees_agree_with_a_dictionary(steps: list[tuple[str, bytes | None]]) -> None:
    root, model = EMPTY, dict[str, bytes]()
    history = [(root, dict(model))]
    for path, value in steps:
        if value is None and path in model:
            root = with_node(root, path, None)
            model = {other: kept for other, kept in model.items() if not f"{other}/".startswith(f"{path}/")}
        elif value is not None and path not in model and (parent_of(path) in model or parent_of(path) == "/"):
            root = with_node(root, path, leaf(value))
            model[path] = value
        history.append((root, dict(model)))
    for old_root, old_model in history:
        assert {path: node.value for path, node in walk("/", old_root) if path != "/"} == old_model


def test_nearest_is_where_the_way_ends() -> None:
    root = with_node(EMPTY, "/a", leaf(b"1"))
    assert nearest(root, "/a/b/c") == (find(root, "/a"), ["b", "c"])
    assert nearest(root, "/a") == (find(root, "/a"), [])
    assert nearest(root, "/x") == (root, ["x"])
    assert find(root, "/a/b/c") is None


def test_depth_needs_no_stack() -> None:
    path = "/a" * 1500
    node = leaf(b"deepest")
    for _ in range(1499):
        node = Node(b"", ROOT_PERMS, 1, {"a": node})
    root = with_node(EMPTY, "/a", node)
    root = with_node(root, path, leaf(b"other"))
    assert find(root, path) is not None
    assert max(len(names_of(where)) for where, _ in walk("/", root)) == 1500
