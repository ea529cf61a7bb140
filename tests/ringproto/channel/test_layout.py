"""What may be used as a block, and that both sides mean the same by it."""

import pytest

from ringproto.channel.layout import (
    BLOCK_OCTETS,
    CLIENT,
    HEADER_OCTETS,
    HEADER_WORDS,
    RING_OCTETS,
    SERVER,
    check_block,
    make_block,
)
from ringproto.errors import ProtocolError


def block() -> memoryview:
    made = memoryview(bytearray(BLOCK_OCTETS))
    make_block(made)
    return made


def test_what_one_side_makes_the_other_accepts() -> None:
    check_block(block())


@pytest.mark.parametrize(("at", "complaint"), [(0, "magic"), (4, "version"), (8, "octets of a ring")])
def test_any_other_identity_is_refused_by_name(at: int, complaint: str) -> None:
    other = block()
    other[at] ^= 1
    with pytest.raises(ProtocolError, match=f"block: {complaint} 0x.*, want 0x"):
        check_block(other)


@pytest.mark.parametrize("octets", [0, BLOCK_OCTETS - 1, BLOCK_OCTETS + 1])
def test_any_other_size_is_refused(octets: int) -> None:
    with pytest.raises(ProtocolError, match=f"{octets} octets, want {BLOCK_OCTETS}"):
        check_block(memoryview(bytearray(octets)))


def test_what_one_side_says_the_other_hears() -> None:
    assert (SERVER.hears, SERVER.says, SERVER.sleeps_on, SERVER.wakes) == (
        CLIENT.says, CLIENT.hears, CLIENT.wakes, CLIENT.sleeps_on,
    )  # fmt: skip


def test_nothing_overlaps() -> None:
    words = [0, 1, 2, *(place.count_word for place in (SERVER.hears, SERVER.says))]
    words += [first + n for first in (SERVER.sleeps_on, SERVER.wakes) for n in range(3)]
    assert len(set(words)) == len(words)
    assert max(words) < HEADER_WORDS
    first, second = sorted(place.first_octet for place in (SERVER.hears, SERVER.says))
    assert first >= HEADER_OCTETS
    assert first + RING_OCTETS <= second
    assert second + RING_OCTETS <= BLOCK_OCTETS
