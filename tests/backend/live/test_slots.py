"""A reader that comes at any moment, in any order in which stores may become visible, sees a whole snapshot."""

from collections.abc import Iterator
from random import Random

import pytest

from backend.live.layout import BODY_OCTETS_MAX
from backend.live.slots import FIRST_AT, MEMORY_OCTETS, SLOT_OCTETS, SlotReader, SlotWriter

WORD = 8


def body(number: int, octets: int = 96) -> bytes:
    """A body all of whose words are different from every other body's."""
    return b"".join((number * 1000 + word).to_bytes(WORD, "little") for word in range(octets // WORD))


def memory_after(*bodies: bytes) -> bytearray:
    memory = bytearray(MEMORY_OCTETS)
    writer = SlotWriter(memoryview(memory))
    for each in bodies:
        writer.write(memoryview(each))
    return memory


def read(memory: bytearray) -> bytes | None:
    return SlotReader(memoryview(memory)).read()


def words_that_differ(before: bytearray, after: bytearray) -> list[int]:
    return [at for at in range(0, len(before), WORD) if before[at : at + WORD] != after[at : at + WORD]]


def half_written(before: bytearray, after: bytearray, visible: list[int]) -> bytearray:
    memory = bytearray(before)
    for at in visible:
        memory[at : at + WORD] = after[at : at + WORD]
    return memory


def test_the_newest_is_read() -> None:
    assert read(memory_after()) is None
    for count in range(1, 6):
        assert read(memory_after(*(body(number) for number in range(count)))) == body(count - 1)


@pytest.mark.parametrize("written", [1, 2, 3])
def test_whichever_stores_are_seen_of_a_write_a_reader_has_the_old_body_or_the_new(written: int, seed: int) -> None:
    bodies = [body(number, 64 + 8 * number) for number in range(written + 1)]
    before, after = memory_after(*bodies[:-1]), memory_after(*bodies)
    stores = words_that_differ(before, after)
    chance = Random(seed)
    for visible in seen_in_part(stores, chance):
        assert read(half_written(before, after, visible)) in (bodies[-2], bodies[-1])


def seen_in_part(stores: list[int], chance: Random) -> Iterator[list[int]]:
    """Every beginning and every end of the program's order, each without one, and any at all."""
    for cut in range(len(stores) + 1):
        yield stores[:cut]
        yield stores[cut:]
        yield stores[:cut] + stores[cut + 1 :]
    for _ in range(3000):
        yield [at for at in stores if chance.random() < 0.5]


def test_a_reader_that_slept_while_both_were_written_sees_no_mixture() -> None:
    """Its copy began before two writes and ended after them."""
    old, new = memory_after(body(1), body(2)), memory_after(body(1), body(2), body(3), body(4))
    for cut in range(FIRST_AT, FIRST_AT + 2 * SLOT_OCTETS, WORD):
        if old[cut : cut + WORD] != new[cut : cut + WORD]:
            memory = bytearray(new[:cut] + old[cut:])
            assert read(memory) in (None, body(1), body(2), body(3), body(4))


def test_a_writer_that_was_killed_in_the_middle_leaves_the_last_whole_one() -> None:
    memory = memory_after(body(1), body(2))
    begin = FIRST_AT + SLOT_OCTETS  # of the slot that is next
    memory[begin + 16 : begin + 60] = bytes(44)
    assert read(memory) in (body(1), body(2))


def test_what_is_no_such_memory_does_not_fit() -> None:
    memory = memory_after(body(1))
    assert SlotReader(memoryview(memory)).fits
    assert not SlotReader(memoryview(memory)[:-1]).fits
    memory[8] += 1  # another version
    assert not SlotReader(memoryview(memory)).fits
    assert not SlotReader(memoryview(bytearray(MEMORY_OCTETS))).fits


def test_lengths_that_cannot_be_are_not_followed() -> None:
    memory = memory_after(body(1))
    at = FIRST_AT + SLOT_OCTETS + 8
    memory[at : at + 4] = (BODY_OCTETS_MAX + 1).to_bytes(4, "little")
    assert read(memory) is None


def test_the_longest_body_fits() -> None:
    longest = bytes(BODY_OCTETS_MAX)
    assert read(memory_after(longest, longest)) == longest
