from collections.abc import Callable, Sequence
from errno import E2BIG, EINVAL

import pytest

from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.snapshot import REQUESTS_MAX, read_tree

KNOWN = (frozenset({"name"}), frozenset({"name"}), frozenset({"name", "type"}))


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


def test_a_snapshot_holds_what_is_below_by_relative_path() -> None:
    store = SimMachine().host(0).store
    for path, value in {"card/name": "x", "card/0/name": "y", "card/0/0/type": "p", "beside/name": "z"}.items():
        store.write(path, value)
    assert read_tree(store, "card", KNOWN) == {"name": "x", "0": "", "0/name": "y", "0/0": "", "0/0/type": "p"}


def test_nothing_is_below_a_node_that_is_not_there() -> None:
    assert read_tree(SimMachine().host(0).store, "nothing", KNOWN) == {}


def test_only_what_is_known_by_name_is_read_and_only_at_its_level() -> None:
    store = Listed(lambda path: ["0", "name", "type", "junk", *(f"x{n}" for n in range(10_000))])
    nodes = read_tree(store, "card", KNOWN)
    assert sorted(nodes) == ["0", "0/0", "0/0/name", "0/0/type", "0/name", "name"]
    assert store.lists == ["card", "card/0", "card/0/0"]
    assert sorted(store.reads) == ["card/0/0/name", "card/0/0/type", "card/0/name", "card/name"]


@pytest.mark.parametrize("names", [["1"], ["0", "2"], ["0", "-1", "00", "1x", "\u0660"], ["0", "10000"]])
def test_directories_are_followed_from_0_to_the_first_gap(names: list[str]) -> None:
    store = Listed(lambda path: names)
    read_tree(store, "card", KNOWN)
    below = [path for path in store.lists if path.count("/") == 1]
    assert below == (["card/0"] if "0" in names else [])


def test_a_node_removed_between_listing_and_reading_counts_as_empty() -> None:
    store = Listed(lambda path: ["name", "0"] if path == "card" else [])
    assert read_tree(store, "card", KNOWN) == {"name": "", "0": ""}


def test_a_card_of_sixteen_streams_is_read() -> None:
    """Each with its name and type, of two devices."""
    store = Listed(lambda path: [str(n) for n in range((2, 8, 0)[path.count("/")])] + ["name", "type"])
    assert len(read_tree(store, "card", KNOWN)) == 1 + 2 * 2 + 16 * 3


@pytest.mark.parametrize("per_level", [REQUESTS_MAX, 12, 10_000])
def test_more_than_the_bound_is_refused_after_as_many_requests(per_level: int) -> None:
    store = Listed(lambda path: ["name", *(str(n) for n in range(per_level))])
    with pytest.raises(HostError, match="card: takes more than") as refused:
        read_tree(store, "card", KNOWN)
    assert refused.value.errno == E2BIG
    assert len(store.reads) + len(store.lists) == REQUESTS_MAX


def test_a_refusal_of_the_stores_own_is_passed_on() -> None:
    with pytest.raises(HostError) as refused:
        read_tree(SimMachine().host(0).store, "/not a path", KNOWN)
    assert refused.value.errno == EINVAL
