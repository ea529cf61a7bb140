"""Pages of memfds: mapped in as few pieces as may be, in the order asked for, and let go of wholly."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hosts.emu.memory import MappedPages, make_share, map_shares
from ringproto.abi import PAGE_OCTETS
from tests.hosts.descriptors import open_descriptors


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    gc.collect()
    before = open_descriptors()
    yield
    assert open_descriptors() == before


@pytest.fixture
def shares() -> Iterator[list[int]]:
    """Two memfds of four pages, whose every page begins with which it is: 0 to 3, and 16 to 19."""
    fds: list[int] = []
    for first in (0, 16):
        fd, own = make_share(4, writable=True)
        for page, view in enumerate(own.views):
            view[0] = first + page
        own.release()
        fds.append(fd)
    yield fds
    for fd in fds:
        os.close(fd)


def marks(mapped: list[MappedPages]) -> list[int]:
    return [view[0] for part in mapped for view in part.views]


def release(mapped: list[MappedPages]) -> None:
    for part in mapped:
        part.release()


@pytest.mark.parametrize(
    ("pages", "pieces"),
    [
        ([], []),
        ([(0, 0)], [1]),
        ([(0, 0), (0, 1), (0, 2), (0, 3)], [4]),
        ([(0, 1), (0, 2), (1, 3)], [2, 1]),
        ([(0, 0), (1, 1)], [1, 1]),
        ([(0, 3), (0, 2), (0, 1)], [1, 1, 1]),
        ([(0, 0), (0, 2)], [1, 1]),
        ([(1, 1), (1, 1)], [1, 1]),
        ([(1, 2), (1, 3), (0, 0), (0, 1), (1, 0)], [2, 2, 1]),
    ],
)
def test_neighbours_share_a_mapping_and_the_order_is_kept(
    shares: list[int], pages: list[tuple[int, int]], pieces: list[int]
) -> None:
    mapped = map_shares(shares, pages, writable=True)
    assert [len(part.views) for part in mapped] == pieces
    assert marks(mapped) == [16 * which + page for which, page in pages]
    assert all(len(view) == PAGE_OCTETS for part in mapped for view in part.views)
    release(mapped)


def test_new_pages_are_zero_and_seen_by_whoever_maps_them() -> None:
    fd, own = make_share(2, writable=True)
    assert all(bytes(view) == bytes(PAGE_OCTETS) for view in own.views)
    theirs = map_shares([fd], [(0, 0), (0, 1)], writable=True)
    os.close(fd)
    own.views[1][:5] = b"hello"
    assert bytes(theirs[0].views[1][:5]) == b"hello"
    theirs[0].views[0][7] = 9
    assert own.views[0][7] == 9
    release(theirs)
    own.release()


def test_what_is_mapped_read_only_cannot_be_written(shares: list[int]) -> None:
    mapped = map_shares(shares, [(0, 0)], writable=False)
    assert mapped[0].views[0].readonly
    with pytest.raises(TypeError):
        mapped[0].views[0][0] = 1
    release(mapped)


def test_a_page_that_is_not_there_maps_nothing(shares: list[int]) -> None:
    before = maps_of("vsnd-pages")
    with pytest.raises(ValueError, match="mmap"):  # the daemon names no such page; what it names is checked by mmap
        map_shares(shares, [(0, 0), (1, 4)], writable=True)
    assert maps_of("vsnd-pages") == before


@pytest.mark.parametrize("held", [lambda view: view.cast("I"), lambda view: view[8:16], memoryview])
def test_a_view_that_is_held_keeps_the_pages_and_later_they_go(
    shares: list[int], held: Callable[[memoryview], memoryview]
) -> None:
    mapped = MappedPages(shares[0], 0, 4, writable=True)
    view = held(mapped.views[1])
    for _ in range(2):
        with pytest.raises(BufferError):
            mapped.release()
    assert maps_of("vsnd-pages") == 1, "so that the view is no trap"
    view.tobytes()
    view.release()
    mapped.release()
    mapped.release()
    assert maps_of("vsnd-pages") == 0


def test_a_share_that_cannot_be_made_leaves_nothing() -> None:
    with pytest.raises((OSError, ValueError, OverflowError)):
        make_share(-1, writable=True)
    with pytest.raises((OSError, ValueError)):
        make_share(0, writable=True)


def maps_of(name: str) -> int:
    """How many mappings of memfds of this name the process has."""
    return sum(f"/memfd:{name}" in line for line in Path("/proc/self/maps").read_text().splitlines())
