from collections.abc import Callable, Sequence
from errno import E2BIG, EINVAL

import pytest

from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.snapshot import NODES_MAX, read_tree


class Listed:
    """A store with some nodes, of which it notes what was asked; a node without a value was removed after listing."""

    def __init__(self, children: Callable[[str], Sequence[str]], values: dict[str, str] | None = None) -> None:
        self.lists: list[str] = []
        self.reads: list[str] = []
        self._children = children
        self._values = values or {}

    def list(self, path: str) -> tuple[str, ...]:
        self.lists.append(path)
        return tuple(self._children(path))

    def read(self, path: str) -> str | None:
        self.reads.append(path)
        return self._values.get(path)

    def write(self, path: str, value: str) -> None:
        raise AssertionError("a snapshot changes nothing")

    def mkdir(self, path: str) -> None:
        raise AssertionError("a snapshot changes nothing")

    def remove(self, path: str) -> None:
        raise AssertionError("a snapshot changes nothing")

    def set_perms(self, path: str, perms: Sequence[str]) -> None:
        raise AssertionError("a snapshot changes nothing")


def numbers(count: int) -> list[str]:
    return [str(n) for n in range(count)]


def test_a_snapshot_holds_what_is_below_by_relative_path() -> None:
    store = SimMachine().host(0).store
    for path, value in {"card/name": "x", "card/0/name": "y", "card/0/1/type": "p", "beside/name": "z"}.items():
        store.write(path, value)
    assert read_tree(store, "card") == {"name": "x", "0": "", "0/name": "y", "0/1": "", "0/1/type": "p"}


def test_nothing_is_below_a_node_that_is_not_there() -> None:
    assert read_tree(SimMachine().host(0).store, "nothing") == {}


def test_only_numbers_have_anything_below_and_only_down_to_the_keys_of_a_stream() -> None:
    store = Listed(lambda path: ["7", "other"])
    nodes = read_tree(store, "card")
    assert list(nodes) == ["7", "other", "7/7", "7/other", "7/7/7", "7/7/other"]
    assert store.lists == ["card", "card/7", "card/7/7"]


def test_every_node_is_listed_and_read_once() -> None:
    store = Listed(lambda path: numbers(3))
    nodes = read_tree(store, "card")
    assert sorted(store.reads) == sorted(f"card/{node}" for node in nodes)
    assert len(store.reads) == len(set(store.reads)) == 3 + 9 + 27
    assert len(store.lists) == len(set(store.lists)) == 1 + 3 + 9


def test_a_node_removed_between_listing_and_reading_counts_as_empty() -> None:
    store = Listed(lambda path: ["gone", "here"] if path == "card" else [], {"card/here": "x"})
    assert read_tree(store, "card") == {"gone": "", "here": "x"}


def test_as_many_nodes_as_the_bound_are_read() -> None:
    store = Listed(lambda path: numbers(NODES_MAX) if path == "card" else [])
    assert len(read_tree(store, "card")) == NODES_MAX


@pytest.mark.parametrize("per_level", [NODES_MAX + 1, 46, 13])
def test_more_nodes_on_whatever_level_are_refused_before_they_are_read(per_level: int) -> None:
    store = Listed(lambda path: numbers(per_level))
    with pytest.raises(HostError, match="card: more than") as refused:
        read_tree(store, "card")
    assert refused.value.errno == E2BIG
    assert len(store.reads) <= NODES_MAX
    assert len(store.lists) <= NODES_MAX


def test_a_refusal_of_the_stores_own_is_passed_on() -> None:
    with pytest.raises(HostError) as refused:
        read_tree(SimMachine().host(0).store, "/not a path")
    assert refused.value.errno == EINVAL
