from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.abi import PAGE_OCTETS
from ringproto.buffer import SharedBuffer
from ringproto.errors import Errno, ProtocolError
from ringproto.pagedir import data_pages

Copy = Callable[[SharedBuffer, int, memoryview], None]


def pages_of(octets: bytes) -> list[memoryview]:
    """`octets` cut into pages that are not next to each other, the last filled up with 0xEE."""
    cut = [octets[at : at + PAGE_OCTETS] for at in range(0, len(octets), PAGE_OCTETS)]
    return [memoryview(bytearray(page.ljust(PAGE_OCTETS, b"\xee"))) for page in cut]


def pattern_of(length: int, seed: int = 0) -> bytes:
    """Octets that differ from their neighbours and from those a page away."""
    return bytes((n * 7 + n // PAGE_OCTETS * 31 + seed) % 251 for n in range(length))


RANGES = st.integers(1, 5 * PAGE_OCTETS).flatmap(
    lambda size: st.tuples(st.just(size), st.integers(0, size), st.integers(0, size))
)
"""(size of the buffer, two offsets in it)."""


@given(RANGES)
def test_a_buffer_reads_as_one_range_of_octets(case: tuple[int, int, int]) -> None:
    size, one, other = case
    flat = pattern_of(size)
    offset, end = min(one, other), max(one, other)
    dest = bytearray(end - offset)
    SharedBuffer(pages_of(flat), size).read_into(offset, memoryview(dest))
    assert dest == flat[offset:end]


@given(RANGES)
def test_a_buffer_writes_as_one_range_of_octets_and_nothing_beside_it(case: tuple[int, int, int]) -> None:
    size, one, other = case
    flat = bytearray(pattern_of(size))
    offset, end = min(one, other), max(one, other)
    pages = pages_of(bytes(flat))
    source = pattern_of(end - offset, seed=99)
    SharedBuffer(pages, size).write_from(offset, memoryview(source))
    flat[offset:end] = source
    assert [bytes(page) for page in pages] == [bytes(page) for page in pages_of(bytes(flat))]


@pytest.mark.parametrize("size", [1, PAGE_OCTETS, 2 * PAGE_OCTETS + 100])
@pytest.mark.parametrize("copy", [SharedBuffer.read_into, SharedBuffer.write_from])
def test_what_leaves_the_buffer_is_refused_and_copies_nothing(copy: Copy, size: int) -> None:
    pages, plain = pages_of(pattern_of(size)), bytearray(3 * PAGE_OCTETS)
    buffer, untouched = SharedBuffer(pages, size), [bytes(page) for page in pages]
    outside = [(-1, 1), (size, 1), (size - 1, 2), (0, size + 1), (size + 1, 0), (2**32 - 1, 1), (2**32 - 4, 8)]
    for offset, length in outside:
        with pytest.raises(ProtocolError, match="offset") as refused:
            copy(buffer, offset, memoryview(plain)[:length])
        assert refused.value.errno is Errno.EINVAL
    assert not any(plain)
    assert [bytes(page) for page in pages] == untouched


@given(
    writes=st.lists(st.tuples(st.integers(-2, 3 * PAGE_OCTETS), st.binary(max_size=40)), max_size=10),
    size=st.integers(1, 3 * PAGE_OCTETS),
)
def test_writes_one_over_the_other_are_as_in_plain_memory(writes: list[tuple[int, bytes]], size: int) -> None:
    flat, buffer = bytearray(size), SharedBuffer(pages_of(bytes(size)), size)
    for offset, octets in writes:
        if 0 <= offset <= size - len(octets):
            flat[offset : offset + len(octets)] = octets
            buffer.write_from(offset, memoryview(octets))
        else:
            with pytest.raises(ProtocolError):
                buffer.write_from(offset, memoryview(octets))
    whole = bytearray(size)
    buffer.read_into(0, memoryview(whole))
    assert whole == flat


def test_nothing_may_be_copied_anywhere_up_to_the_end() -> None:
    buffer = SharedBuffer(pages_of(bytes(PAGE_OCTETS)), PAGE_OCTETS)
    buffer.read_into(PAGE_OCTETS, memoryview(b""))
    buffer.write_from(PAGE_OCTETS, memoryview(b""))


class Counted:
    """Stands in for the plain side of a copy and counts its slices."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.slices = 0

    def __len__(self) -> int:
        return self.length

    def __setitem__(self, where: slice, octets: memoryview) -> None:
        assert where.stop - where.start == len(octets) > 0
        self.slices += 1

    def __getitem__(self, where: slice) -> bytes:
        self.slices += 1
        return bytes(where.stop - where.start)


@pytest.mark.parametrize("offset", [0, 1, PAGE_OCTETS - 1, PAGE_OCTETS])
@pytest.mark.parametrize("length", [0, 1, PAGE_OCTETS, PAGE_OCTETS + 1, 3 * PAGE_OCTETS])
@pytest.mark.parametrize("copy", [SharedBuffer.read_into, SharedBuffer.write_from])
def test_a_copy_takes_at_most_one_slice_more_than_its_length_has_pages(copy: Copy, length: int, offset: int) -> None:
    size = 5 * PAGE_OCTETS
    plain = Counted(length)
    copy(SharedBuffer(pages_of(bytes(size)), size), offset, cast("memoryview", plain))  # memoryview is final
    assert plain.slices <= data_pages(length) + 1


@pytest.mark.parametrize("size", [0, PAGE_OCTETS + 1])
def test_a_buffer_lies_within_its_pages(size: int) -> None:
    with pytest.raises(AssertionError):
        SharedBuffer(pages_of(bytes(PAGE_OCTETS)), size)


def test_after_release_the_pages_can_be_unmapped() -> None:
    memory = bytearray(PAGE_OCTETS)
    buffer = SharedBuffer([memoryview(memory)], PAGE_OCTETS)
    buffer.read_into(0, memoryview(bytearray(8)))
    buffer.release()
    buffer.release()
    memory.clear()  # refused (BufferError) while any view is left
