"""Octets come out as they went in, wherever the ring wraps, and who waits for room is told when there is some."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.channel.bytering import RingReader, RingWriter
from ringproto.channel.layout import RingPlace
from ringproto.channel.semaphore import Poster, Sleeper
from ringproto.errors import Errno, ProtocolError
from tests.ringproto.channel.shared import ModelBell, ModelWords, PlainWords, model_block
from tests.ringproto.memorymodel import Domain, Notes, Order, Program, Side, outcomes

OCTETS = 16
TEXT = bytes(range(100, 200))


def ring(octets: int = OCTETS) -> tuple[RingWriter, RingReader, PlainWords]:
    memory = memoryview(bytearray(64 + octets))
    words = PlainWords(memory[:64])
    place = RingPlace(0, 64, octets)
    return RingWriter(memory, words, place), RingReader(memory, words, place), words


@pytest.mark.parametrize("size", range(1, OCTETS + 1))
def test_octets_survive_the_wrap_at_every_offset(size: int) -> None:
    writer, reader, _ = ring()
    for _ in range(2 * OCTETS):
        assert writer.write(TEXT[:size]) == size
        assert reader.read() == (TEXT[:size], size == OCTETS)


def test_a_full_ring_takes_no_more_and_one_octet_of_room_takes_one() -> None:
    writer, reader, _ = ring(1)
    assert writer.write(TEXT) == 1
    assert writer.write(TEXT) == 0
    assert reader.read() == (TEXT[:1], True)
    assert reader.read() == (b"", False)
    assert writer.write(TEXT[1:]) == 1
    assert reader.read() == (TEXT[1:2], True)


@given(st.lists(st.one_of(st.binary(max_size=40), st.none()), max_size=60))
def test_what_is_read_is_what_was_written(steps: list[bytes | None]) -> None:
    """Octets are written, None reads."""
    writer, reader, _ = ring()
    written = read = b""
    for step in [*steps, None]:
        if step is None:
            read += reader.read()[0]
        else:
            written += step[: writer.write(step)]
    assert read == written


@pytest.mark.parametrize("count", [OCTETS + 1, 0x8000_0000, 0xFFFF_FFFF])
def test_an_impossible_count_is_the_other_sides_fault(count: int) -> None:
    writer, reader, words = ring()
    words.add(0, count)
    for use in (lambda: writer.write(b"x"), reader.read):
        with pytest.raises(ProtocolError, match=f"count: {count} octets in a ring of {OCTETS}") as refused:
            use()
        assert refused.value.errno == Errno.EINVAL


@given(st.lists(st.integers(0, OCTETS), max_size=30))
def test_whatever_possible_count_it_claims_nothing_outside_of_the_ring_is_touched(counts: list[int]) -> None:
    memory = memoryview(bytearray(b"\xee" * (64 + OCTETS + 64)))
    words = PlainWords(memory[:64])
    place = RingPlace(0, 64, OCTETS)
    writer, reader = RingWriter(memory, words, place), RingReader(memory, words, place)
    for count in counts:
        memory[:4] = count.to_bytes(4, "little")
        assert writer.write(TEXT) == OCTETS - count
        assert len(reader.read()[0]) == OCTETS
    assert memory[4:64] == b"\xee" * 60
    assert memory[64 + OCTETS :] == b"\xee" * 64


# -- every interleaving -----------------------------------------------------------------------------------------------

TINY = RingPlace(9, 1000, 2)


def writing(text: bytes) -> Program:
    """Writes it all; sleeps while there is no room."""

    def program(domain: Domain) -> None:
        words, bell = ModelWords(domain), ModelBell(domain)
        ring, poster, sleeper = (
            RingWriter(model_block(domain), words, TINY),
            Poster(words, 0, bell),
            Sleeper(words, 3, bell),
        )
        domain.begin()
        rest = text
        while rest:
            written = ring.write(rest)
            rest = rest[written:]
            if written:
                poster.post()
            elif not sleeper.before_poll():
                domain.wait()
                sleeper.after_poll()

    return program


def reading(*, tells_of_room: bool = True) -> Program:
    """Notes what it has read so far; sleeps while there is nothing."""

    def program(domain: Domain) -> None:
        words, bell = ModelWords(domain), ModelBell(domain)
        ring, poster, sleeper = (
            RingReader(model_block(domain), words, TINY),
            Poster(words, 3, bell),
            Sleeper(words, 0, bell),
        )
        domain.begin()
        domain.notes.append(b"")
        while True:
            octets, was_full = ring.read()
            domain.notes[0] += octets
            if was_full and tells_of_room:
                poster.post()
            if not octets and not sleeper.before_poll():
                domain.wait()
                sleeper.after_poll()

    return program


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("text", [b"ab", b"abc", b"abcd"])
def test_writer_and_reader_sleep_only_when_all_is_read(text: bytes, order: Order) -> None:
    all_read: set[tuple[Notes, Notes]] = {((), (text,))}
    assert outcomes({}, order, (Side(writing(text)), Side(reading()))) == all_read


def test_a_reader_that_tells_nobody_of_room_leaves_the_writer_asleep() -> None:
    ends = outcomes({}, Order.X86, (Side(writing(b"abc")), Side(reading(tells_of_room=False))))
    assert ((), (b"ab",)) in ends
