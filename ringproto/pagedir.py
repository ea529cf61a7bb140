"""The page directory: how a frontend says which pages make up a stream's buffer.

A directory page holds the grant reference of the next directory page (0 ends the chain), then up to 1023 references of
data pages.  The number of data pages is not in it; it follows from the buffer's size, and is known before the walk.  So
the walk ends by itself whatever the chain says: a longer one is not followed, a cycle is met at its first return.
"""

from collections.abc import Callable, Sequence
from struct import Struct

from ringproto.abi import DIRECTORY_GREFS, PAGE_OCTETS, RESERVED_GREF
from ringproto.errors import Errno, ProtocolError

_PAGE = Struct(f"<{1 + DIRECTORY_GREFS}I")
assert _PAGE.size == PAGE_OCTETS


def data_pages(size_octets: int) -> int:
    """How many pages a buffer of that size takes."""
    return -(-size_octets // PAGE_OCTETS)


def directory_pages(size_octets: int) -> int:
    """How many directory pages its references take."""
    return -(-data_pages(size_octets) // DIRECTORY_GREFS)


def build_directory(refs: Sequence[int], directory_refs: Sequence[int], pages: Sequence[memoryview]) -> None:
    """Write the references of the data pages into the directory `pages`, which are granted as `directory_refs`."""
    assert len(directory_refs) == len(pages) == -(-len(refs) // DIRECTORY_GREFS)
    for number, page in enumerate(pages):
        following = directory_refs[number + 1] if number + 1 < len(pages) else RESERVED_GREF
        listed = refs[number * DIRECTORY_GREFS : (number + 1) * DIRECTORY_GREFS]
        page[:] = _PAGE.pack(following, *listed, *[RESERVED_GREF] * (DIRECTORY_GREFS - len(listed)))


def walk_directory(copy_page: Callable[[int], bytes], first_ref: int, size_octets: int) -> tuple[int, ...]:
    """The references of all data pages of a buffer of `size_octets`, which is greater than 0.

    `copy_page(ref)` gives a private copy of a directory page; it is called once for each page.  Raises
    ProtocolError(EINVAL) for a chain that ends early or returns, and for a reference that is 0, or stands twice, or is
    the directory's own: an honest frontend has no such buffer, and each would let one page be written in two roles.
    """
    missing = data_pages(size_octets)
    walked: set[int] = set()
    refs: list[int] = []
    following = first_ref
    while missing:
        if following == RESERVED_GREF:
            raise ProtocolError(Errno.EINVAL, f"gref_directory: ends with {missing} of the buffer's pages missing")
        if following in walked:
            raise ProtocolError(Errno.EINVAL, f"gref_directory: page {following} comes twice")
        walked.add(following)
        following, *listed = _PAGE.unpack(copy_page(following))
        refs += listed[:missing]
        missing = max(missing - DIRECTORY_GREFS, 0)
    if RESERVED_GREF in refs:
        raise ProtocolError(Errno.EINVAL, "gref_directory: a data page is reference 0")
    if len({*refs, *walked}) < len(refs) + len(walked):
        raise ProtocolError(Errno.EINVAL, "gref_directory: a page is listed twice")
    return tuple(refs)
