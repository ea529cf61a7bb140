"""W: WRITE, READ and volumes.  Regions outside the buffer, floods, sound that changes while copied, wild floats."""

import struct
from itertools import cycle

import numpy as np

from ringproto.abi import RANGE_REQUEST, Op, Trigger
from ringproto.formats import Format
from ringproto.messages import WriteRequest
from tests.hostile.attacks_open import BUFFER_OCTETS, raw_open
from tests.hostile.cases import case, variants
from tests.hostile.guest import CELL, MICROPHONE, Hostile, Meddler, ask, ask_slot, still, words
from tests.hostile.wire import MS, RawGuest

FLOOD_NS = 500 * MS
NOT_OFFERED = ("-22", "-38", "-95")


def _transfer(guest: RawGuest, op: int, offset: int, length: int) -> str:
    request_id = guest.next_id()
    return ask_slot(guest, RANGE_REQUEST.pack(request_id, op, offset, length), request_id)


def _w1_region(hostile: Hostile, region: int) -> str:
    """It writes a region that is not in the buffer, or is no frames: -1 if a good one is refused afterwards."""
    guest = hostile.connected()
    raw_open(guest)
    came = _transfer(guest, Op.WRITE, region >> 32, region & 0xFFFF_FFFF)
    return came if _transfer(guest, Op.WRITE, 0, 4) == "0" else "-1"


variants(_w1_region, {
    "at_the_end": BUFFER_OCTETS << 32 | 4,
    "across_the_end": BUFFER_OCTETS - 4 << 32 | 8,
    "sum_overflows": 0xFFFF_FFFC << 32 | 8,
    "far_away": 1 << 31 << 32 | 4,
    "of_all_ones": 0xFFFF_FFFF_FFFF_FFFF,
    "of_nothing": 0,
    "of_three_octets": 3,
    "between_frames": 2 << 32 | 4,
    "a_frame_too_long": BUFFER_OCTETS + 4,
}, "-22")  # fmt: skip


@case("0")
def w1_whole_buffer(hostile: Hostile) -> str:
    """It writes the whole buffer at once, which it may."""
    guest = hostile.connected()
    raw_open(guest)
    return _transfer(guest, Op.WRITE, 0, BUFFER_OCTETS)


@case("-22")
def w1_before_open(hostile: Hostile) -> str:
    """It writes and reads before it opens."""
    guest = hostile.connected()
    return words(_transfer(guest, op, 0, 4) for op in (Op.WRITE, Op.READ))


@case("-22")
def w1_write_on_capture(hostile: Hostile) -> str:
    """It writes to the microphone."""
    guest = hostile.connected(MICROPHONE)
    raw_open(guest)
    return _transfer(guest, Op.WRITE, 0, 4)


@case("-22")
def w1_read_on_playback(hostile: Hostile) -> str:
    """It reads from the speaker."""
    guest = hostile.connected()
    raw_open(guest)
    return _transfer(guest, Op.READ, 0, 4)


@case("-22")
def w1_read_outside(hostile: Hostile) -> str:
    """It has the microphone recorded over the end of its buffer."""
    guest = hostile.connected(MICROPHONE)
    raw_open(guest)
    guest.trigger(Trigger.START)
    regions = ((BUFFER_OCTETS, 4), (BUFFER_OCTETS - 4, 8), (0xFFFF_FFFC, 8), (0, 0), (0, BUFFER_OCTETS + 4))
    return words(_transfer(guest, Op.READ, *region) for region in regions)


@case("0", "-22")
def w1_after_stop(hostile: Hostile) -> str:
    """It writes after STOP, and after CLOSE."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    guest.trigger(Trigger.STOP)
    return words([_transfer(guest, Op.WRITE, 0, 4), _transfer(guest, Op.CLOSE, 0, 0), _transfer(guest, Op.WRITE, 0, 4)])


@case("connected")
def w2_flood_of_single_frames(hostile: Hostile) -> str:
    """It writes frame by frame, as fast as the ring takes them, without starting and then playing."""
    guest = hostile.connected()
    raw_open(guest)
    for _ in range(2):
        until_ns = hostile.now_ns() + FLOOD_NS // 2
        while hostile.now_ns() < until_ns:
            free = max(guest.ring.free - 2, 0)
            guest.send(*(WriteRequest(guest.next_id(), 0, 4) for _ in range(free)))
            guest.settle(0)
            guest.read_responses()
        guest.send_slots(_start(guest))
    return still(guest)


def _start(guest: RawGuest) -> bytes:
    return struct.pack("<HB5xB55x", guest.next_id(), Op.TRIGGER, Trigger.START)


@case("0", "nothing")
def w2_reads_without_end(hostile: Hostile) -> str:
    """It asks for more of the microphone than will be recorded, 31 times at once, then leaves."""
    guest = hostile.connected(MICROPHONE)
    raw_open(guest)
    guest.send_slots(
        *(RANGE_REQUEST.pack(guest.next_id(), Op.READ, 0, BUFFER_OCTETS) for _ in range(guest.ring.free - 1))
    )
    return ask_slot(guest, RANGE_REQUEST.pack(9999, Op.CLOSE, 0, 0), 9999)


@case("0")
def w3_sound_changes_while_it_is_copied(hostile: Hostile) -> str:
    """A thread rewrites the frames while they are copied; nobody but itself hears it."""
    guest = hostile.connected(CELL)
    raw_open(guest)
    page = guest.data.pages[0]
    states = cycle((bytes(4096), b"\xff" * 4096, b"\x7f\x80" * 2048))

    def flip() -> None:
        page[:] = next(states)

    guest.trigger(Trigger.START)
    with Meddler(flip):
        until_ns = hostile.now_ns() + FLOOD_NS
        outcomes = set[str]()
        while hostile.now_ns() < until_ns:
            outcomes.add(_transfer(guest, Op.WRITE, 0, 4096))
    return words(outcomes)


# -- volumes ----------------------------------------------------------------------------------------------------------


def _w4_volume_array(hostile: Hostile, region: int) -> str:
    """It gives volumes and mutes that cross the buffer's end, or are fewer than there are channels."""
    guest = hostile.connected()
    raw_open(guest)
    ops = (Op.SET_VOLUME, Op.GET_VOLUME, Op.MUTE, Op.UNMUTE)
    return words(_transfer(guest, op, region >> 32, region & 0xFFFF_FFFF) for op in ops)


variants(_w4_volume_array, {
    "at_the_end": BUFFER_OCTETS << 32 | 8,
    "across_the_end": BUFFER_OCTETS - 4 << 32 | 8,
    "sum_overflows": 0xFFFF_FFFC << 32 | 8,
    "of_nothing": 0,
    "of_one_channel_of_two": 4,
    "of_part_of_a_channel": 7,
    "of_200_channels": 800,
}, *NOT_OFFERED)  # fmt: skip


@case("-22", "-38", "-95")
def w4_volume_before_open(hostile: Hostile) -> str:
    """It sets the volume of a stream that is not open."""
    guest = hostile.connected()
    return words(_transfer(guest, op, 0, 8) for op in (Op.SET_VOLUME, Op.GET_VOLUME, Op.MUTE, Op.UNMUTE))


@case("0", *NOT_OFFERED)
def w4_volume_of_int_min_and_max(hostile: Hostile) -> str:
    """It sets the least and the greatest volumes that a number can say, while it plays silence."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    outcomes = set[str]()
    for volumes in ((-(1 << 31), (1 << 31) - 1), ((1 << 31) - 1, -(1 << 31)), (-1, 1), (0, 0)):
        guest.data.pages[0][:8] = struct.pack("<ii", *volumes)
        outcomes.add(_transfer(guest, Op.SET_VOLUME, 0, 8))
        guest.data.pages[0][:8] = bytes(8)
        outcomes.add(ask(guest, guest.write(bytes(3840))))
        guest.settle(40 * MS)
    return words(outcomes)


@case("0", *NOT_OFFERED)
def w4_volume_storm(hostile: Hostile) -> str:
    """It mutes, unmutes and changes its volume as fast as it is answered, while it plays silence."""
    guest = hostile.connected()
    raw_open(guest)
    guest.trigger(Trigger.START)
    ops = cycle((Op.MUTE, Op.SET_VOLUME, Op.UNMUTE, Op.SET_VOLUME))
    until_ns = hostile.now_ns() + FLOOD_NS
    outcomes = set[str]()
    while hostile.now_ns() < until_ns:
        outcomes.add(_transfer(guest, next(ops), 0, 8))
    return words(outcomes)


@case("0")
def w4_nan_and_infinite_floats(hostile: Hostile) -> str:
    """It plays what is no number, and numbers beyond all sense, in its cell."""
    guest = hostile.connected(CELL)
    if raw_open(guest, code=Format.FLOAT_LE.code) != "0":
        return "-1"
    wild = np.array([np.nan, np.inf, -np.inf, 3.4e38, -3.4e38, 1e-45, -0.0, np.nan], np.float32)
    guest.send_slots(_start(guest))
    return words(ask(guest, guest.write(np.tile(wild, 100).tobytes())) for _ in range(20))


@case("0")
def w4_not_numbers_on_the_shared_card(hostile: Hostile) -> str:
    """It plays nothing but NaN beside its neighbour, who must not hear it."""
    guest = hostile.connected()
    if raw_open(guest, code=Format.FLOAT_LE.code) != "0":
        return "-1"
    guest.send_slots(_start(guest))
    nan = np.full(960, np.nan, np.float32).tobytes()
    return words(ask(guest, guest.write(nan)) for _ in range(20))
