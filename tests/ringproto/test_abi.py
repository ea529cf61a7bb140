"""The layouts, octet by octet, against slots packed here by hand from the offsets of the specification."""

from struct import Struct

import pytest

from ringproto import abi

# (offset, octets) of every field, in the order in which the layout packs them.
FIELDS = {
    "bare request": (abi.BARE_REQUEST, [(0, 2), (2, 1)]),
    "open": (abi.OPEN_REQUEST, [(0, 2), (2, 1), (8, 4), (12, 1), (13, 1), (16, 4), (20, 4), (24, 4)]),
    "range": (abi.RANGE_REQUEST, [(0, 2), (2, 1), (8, 4), (12, 4)]),
    "trigger": (abi.TRIGGER_REQUEST, [(0, 2), (2, 1), (8, 1)]),
    "hw param": (abi.HW_PARAM_REQUEST, [(0, 2), (2, 1), (8, 8), *((offset, 4) for offset in range(16, 48, 4))]),
    "response": (abi.RESPONSE, [(0, 2), (2, 1), (4, 4)]),
    "hw param response": (
        abi.HW_PARAM_RESPONSE,
        [(0, 2), (2, 1), (4, 4), (8, 8), *((offset, 4) for offset in range(16, 48, 4))],
    ),
    "event": (abi.EVENT, [(0, 2), (2, 1), (8, 8)]),
}
CASES = pytest.mark.parametrize(("layout", "fields"), FIELDS.values(), ids=FIELDS.keys())


def distinct_values(fields: list[tuple[int, int]]) -> list[int]:
    """Values with no octet twice in a row, so that a swapped or shifted octet shows; positive where signed."""
    return [int.from_bytes(bytes(0x70 - 8 * n - m for m in range(octets))) for n, (_, octets) in enumerate(fields)]


@CASES
def test_every_field_lies_at_its_offset(layout: Struct, fields: list[tuple[int, int]]) -> None:
    values = distinct_values(fields)
    by_hand = bytearray(64)
    for (offset, octets), value in zip(fields, values, strict=True):
        by_hand[offset : offset + octets] = value.to_bytes(octets, "little")

    assert layout.pack(*values) == bytes(by_hand)
    assert list(layout.unpack(by_hand)) == values


@CASES
def test_octets_that_no_field_names_are_packed_as_zero(layout: Struct, fields: list[tuple[int, int]]) -> None:
    named = {offset + n for offset, octets in fields for n in range(octets)}
    packed = layout.pack(*[(1 << 8 * octets - 1) - 1 for _, octets in fields])
    assert len(packed) == 64
    assert [n for n in range(64) if packed[n] and n not in named] == []


@CASES
def test_reserved_octets_are_ignored_when_read(layout: Struct, fields: list[tuple[int, int]]) -> None:
    values = distinct_values(fields)
    named = {offset + n for offset, octets in fields for n in range(octets)}
    slot = bytearray(layout.pack(*values))
    for n in set(range(64)) - named:
        slot[n] = 0xFF
    assert list(layout.unpack(slot)) == values


def test_status_is_signed() -> None:
    slot = bytearray(64)
    slot[4:8] = b"\xea\xff\xff\xff"
    assert abi.RESPONSE.unpack(slot)[2] == -22


def test_numbers_of_the_enums() -> None:
    assert [(op.name, op.value) for op in abi.Op] == [
        ("OPEN", 0),
        ("CLOSE", 1),
        ("READ", 2),
        ("WRITE", 3),
        ("SET_VOLUME", 4),
        ("GET_VOLUME", 5),
        ("MUTE", 6),
        ("UNMUTE", 7),
        ("TRIGGER", 8),
        ("HW_PARAM_QUERY", 9),
    ]
    assert [(trigger.name, trigger.value) for trigger in abi.Trigger] == [
        ("START", 0),
        ("PAUSE", 1),
        ("STOP", 2),
        ("RESUME", 3),
    ]
    assert [(event.name, event.value) for event in abi.EventType] == [("CUR_POS", 0)]
    assert [state.value for state in abi.XenbusState] == list(range(9))
    assert [state.name for state in abi.XenbusState] == [
        "UNKNOWN",
        "INITIALISING",
        "INIT_WAIT",
        "INITIALISED",
        "CONNECTED",
        "CLOSING",
        "CLOSED",
        "RECONFIGURING",
        "RECONFIGURED",
    ]


def test_sizes_of_the_pages() -> None:
    assert (abi.PAGE_OCTETS, abi.SLOT_OCTETS, abi.RING_SLOTS, abi.EVENT_SLOTS) == (4096, 64, 32, 63)
    assert abi.PAGE_HEADER_OCTETS == 64
    assert abi.DIRECTORY_GREFS == 1023
    assert (abi.REQ_PROD, abi.REQ_EVENT, abi.RSP_PROD, abi.RSP_EVENT) == (0, 1, 2, 3)
    assert (abi.IN_CONS, abi.IN_PROD) == (0, 1)
    assert (abi.RESERVED_GREF, abi.LEVEL_STRIDE_OCTETS, abi.VERSION) == (0, 4, 2)
