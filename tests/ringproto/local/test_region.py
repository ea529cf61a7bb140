"""What a region's header says, and what is refused."""

import pytest

from ringproto.abi import PAGE_OCTETS
from ringproto.errors import Errno, ProtocolError
from ringproto.local.region import (
    CHANNELS_MAX,
    HEADER_OCTETS,
    INPUT_STAMPS_AT,
    OUTPUT_STAMPS_AT,
    RING_PERIODS_MAX,
    Shape,
    Word,
    read_header,
    words_of,
    write_header,
)

SHAPE = Shape(48000, 480, 3, 2, 1)


def region_of(shape: Shape) -> memoryview:
    region = memoryview(bytearray(shape.octets))
    write_header(shape, region)
    return region


def test_a_header_says_what_was_written() -> None:
    assert read_header(region_of(SHAPE)) == SHAPE


def test_rings_lie_one_after_the_other_on_pages_of_their_own() -> None:
    assert SHAPE.output_at == HEADER_OCTETS
    assert SHAPE.input_at == HEADER_OCTETS + 3 * PAGE_OCTETS  # 3 * 480 * 2 * 4 octets
    assert SHAPE.octets == SHAPE.input_at + 2 * PAGE_OCTETS


def test_a_ring_of_no_channels_takes_no_room() -> None:
    assert Shape(48000, 480, 3, 0, 1).input_at == HEADER_OCTETS
    assert Shape(48000, 480, 3, 2, 0).octets == SHAPE.input_at


def test_words_of_either_side_have_a_cache_line_of_their_own() -> None:
    theirs = {Word.PRODUCED, Word.TAKEN, Word.WOKEN}
    lines = {word * 8 // 64 for word in theirs}, {word * 8 // 64 for word in set(Word) - theirs}
    assert lines[0] & lines[1] == set()
    assert max(Word) < OUTPUT_STAMPS_AT < INPUT_STAMPS_AT
    assert (INPUT_STAMPS_AT + RING_PERIODS_MAX) * 8 <= HEADER_OCTETS
    assert len(words_of(region_of(SHAPE))) == HEADER_OCTETS // 8


@pytest.mark.parametrize(
    ("sizes", "field"),
    [
        ((0, 480, 3, 2, 1), "rate_hz"),
        ((48000, 0, 3, 2, 1), "period_frames"),
        ((48000, 480, 0, 2, 1), "ring_periods"),
        ((48000, 480, RING_PERIODS_MAX + 1, 2, 1), "ring_periods"),
        ((48000, 480, 3, CHANNELS_MAX + 1, 1), "playback_channels"),
        ((48000, 480, 3, 2, -1), "capture_channels"),
        ((48000, 480, 3, 0, 0), "capture_channels"),
        ((48000, 1 << 16, RING_PERIODS_MAX, CHANNELS_MAX, 0), "ring_periods"),
    ],
)
def test_what_is_out_of_bounds_is_named(sizes: tuple[int, int, int, int, int], field: str) -> None:
    with pytest.raises(ProtocolError, match=field) as refused:
        Shape(*sizes)
    assert refused.value.errno is Errno.EINVAL


def test_what_is_no_region_is_refused() -> None:
    region = region_of(SHAPE)
    for cut in (region[:100], region[:HEADER_OCTETS]):
        with pytest.raises(ProtocolError, match="octets"):
            read_header(cut)
    region[8] = 9
    with pytest.raises(ProtocolError, match="version 9"):
        read_header(region)
    region[0] = 0
    with pytest.raises(ProtocolError, match="vsndlocl"):
        read_header(region)
