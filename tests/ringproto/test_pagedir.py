from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringproto.abi import DIRECTORY_GREFS, PAGE_OCTETS
from ringproto.errors import Errno, ProtocolError
from ringproto.pagedir import build_directory, data_pages, directory_pages, walk_directory


class Directory:
    """Directory pages by reference, as lists of words to be filled up with 0, and which were read."""

    def __init__(self, pages: dict[int, Sequence[int]]) -> None:
        self.reads: list[int] = []
        self._pages = pages

    def copy_page(self, ref: int) -> bytes:
        self.reads.append(ref)
        return b"".join(word.to_bytes(4, "little") for word in self._pages[ref]).ljust(PAGE_OCTETS, b"\0")


def built(pages: int) -> tuple[Directory, list[int]]:
    """A directory of `pages` data pages as the frontend builds it, in pages that were full before; and their refs."""
    refs = list(range(10_000, 10_000 + pages))
    directory_refs = [500 + n for n in range(directory_pages(pages * PAGE_OCTETS))]
    memory = [memoryview(bytearray(b"\xff" * PAGE_OCTETS)) for _ in directory_refs]
    build_directory(refs, directory_refs, memory)
    return Directory({ref: page.cast("I").tolist() for ref, page in zip(directory_refs, memory, strict=True)}), refs


def refusal(pages: dict[int, Sequence[int]], data: int, first: int = 1) -> tuple[str, list[int]]:
    """Why walking these pages for `data` data pages is refused, and which were read."""
    directory = Directory(pages)
    with pytest.raises(ProtocolError, match="gref_directory") as refused:
        walk_directory(directory.copy_page, first, data * PAGE_OCTETS)
    assert refused.value.errno is Errno.EINVAL
    return str(refused.value), directory.reads


FULL = range(1000, 1000 + DIRECTORY_GREFS)


@pytest.mark.parametrize(
    ("size", "data", "directory"),
    [
        (1, 1, 1),
        (4096, 1, 1),
        (4097, 2, 1),
        (65536, 16, 1),
        (1023 * 4096, 1023, 1),
        (1023 * 4096 + 1, 1024, 2),
        (2**32 - 1, 2**20, 1026),
    ],
)
def test_how_many_pages_a_buffer_takes(size: int, data: int, directory: int) -> None:
    assert (data_pages(size), directory_pages(size)) == (data, directory)


@pytest.mark.parametrize("pages", [1, 16, 1022, 1023, 1024, 2046, 2047, 5000])
def test_what_was_built_is_walked_and_each_page_read_once(pages: int) -> None:
    directory, refs = built(pages)
    assert walk_directory(directory.copy_page, 500, pages * PAGE_OCTETS - 5) == tuple(refs)
    assert directory.reads == [500 + n for n in range(directory_pages(pages * PAGE_OCTETS))]


def test_a_directory_page_names_the_next_then_the_data_and_ends_in_zeroes() -> None:
    memory = [memoryview(bytearray(b"\xff" * PAGE_OCTETS)) for _ in range(2)]
    build_directory([*FULL, 7, 8], [21, 22], memory)
    assert memory[0].cast("I").tolist() == [22, *FULL]
    assert memory[1].cast("I").tolist() == [0, 7, 8, *[0] * 1021]


def test_a_directory_page_for_every_1023_references_is_asserted() -> None:
    page = memoryview(bytearray(PAGE_OCTETS))
    with pytest.raises(AssertionError):
        build_directory([*FULL, 7], [21], [page])
    with pytest.raises(AssertionError):
        build_directory([7], [21, 22], [page, page])


def test_a_chain_longer_than_needed_is_not_followed() -> None:
    directory = Directory({1: [2, 70, 71, 99, 0, 70]})
    assert walk_directory(directory.copy_page, 1, 2 * PAGE_OCTETS) == (70, 71)
    assert directory.reads == [1]


def test_a_cycle_is_met_at_its_first_return() -> None:
    assert refusal({1: [1, *FULL]}, 2000) == ("gref_directory: page 1 comes twice", [1])
    assert refusal({1: [2, *FULL], 2: [1, *range(5000, 6023)]}, 10**6) == ("gref_directory: page 1 comes twice", [1, 2])


def test_a_cycle_that_is_not_needed_does_no_harm() -> None:
    assert walk_directory(Directory({1: [1, *FULL]}).copy_page, 1, 1023 * PAGE_OCTETS) == tuple(FULL)


def test_a_chain_that_ends_early_is_refused() -> None:
    assert refusal({}, 3, first=0) == ("gref_directory: ends with 3 of the buffer's pages missing", [])
    assert refusal({1: [0, *FULL]}, 1024) == ("gref_directory: ends with 1 of the buffer's pages missing", [1])


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ([70, 0, 71], "reference 0"),
        ([0, 70, 71], "reference 0"),
        ([70, 71, 0], "reference 0"),
        ([70, 71, 70], "listed twice"),
        ([70, 1, 71], "listed twice"),
    ],
)
def test_references_that_no_honest_buffer_has_are_refused(listed: list[int], why: str) -> None:
    reason, _ = refusal({1: [0, *listed]}, 3)
    assert why in reason


def test_a_later_directory_page_among_the_data_is_refused() -> None:
    reason, _ = refusal({1: [2, 2, *FULL[1:]], 2: [0, 9]}, 1024)
    assert "listed twice" in reason


@settings(max_examples=50)
@given(
    words=st.lists(st.lists(st.integers(0, 4) | st.integers(0, 2**32 - 1), max_size=8), min_size=5, max_size=5),
    first=st.integers(0, 4),
    data=st.integers(1, 3000),
)
def test_whatever_a_guest_writes_the_walk_is_bounded(words: list[list[int]], first: int, data: int) -> None:
    directory = Directory({ref: [page[0] % 5 if page else 0, *page[1:]] for ref, page in enumerate(words)})
    try:
        refs = walk_directory(directory.copy_page, first, data * PAGE_OCTETS)
    except ProtocolError:
        refs = ()
    assert len(refs) in {0, data}
    assert 0 not in refs
    assert len({*refs, *directory.reads}) == len(refs) + len(directory.reads) or not refs
    assert len(directory.reads) == len(set(directory.reads)) <= directory_pages(data * PAGE_OCTETS)
