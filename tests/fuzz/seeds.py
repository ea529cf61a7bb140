"""Where fuzzing starts: what an honest guest says on each surface, in the octets of `Choices`.

A fuzzer that starts from nothing takes days to find its first OPEN.
"""

from msgspec.json import encode

from hosts.emu.messages import Bind, ClosePort, EndShare, Map, Offer, Share
from hosts.xswire import Kind, Message, pack_message, pack_strings
from ringproto.abi import SLOT_OCTETS, Trigger
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import (
    CloseRequest,
    GetVolumeRequest,
    HwParamRequest,
    MuteRequest,
    OpenRequest,
    ReadRequest,
    Request,
    SetVolumeRequest,
    TriggerRequest,
    UnmuteRequest,
    WriteRequest,
    pack_request,
)

WIDE = HwParams((1 << 25) - 1, Interval(1, 192000), Interval(1, 8), Interval(1, 1 << 20), Interval(1, 1 << 20))

REQUESTS: tuple[Request, ...] = (
    HwParamRequest(1, WIDE),
    WriteRequest(2, 0, 1920),
    SetVolumeRequest(3, 1920, 8),
    GetVolumeRequest(4, 1920, 8),
    MuteRequest(5, 1920, 8),
    UnmuteRequest(6, 1920, 8),
    TriggerRequest(7, Trigger.START),
    WriteRequest(8, 1920, 1920),
    WriteRequest(9, 0, 1920),
    TriggerRequest(10, Trigger.PAUSE),
    TriggerRequest(11, Trigger.RESUME),
    TriggerRequest(12, Trigger.STOP),
    ReadRequest(13, 0, 4),
    CloseRequest(14),
    OpenRequest(15, 44100, Format.FLOAT_LE, 1, 7680, 4, 1920),
)


def _ring_steps() -> list[bytes]:
    """One step each: a request in its slot, and time passing."""
    steps = [bytes((2, SLOT_OCTETS)) + pack_request(request) for request in REQUESTS]
    return [*steps, bytes((3, 4, 5, 20))]


def _header(page: int, word: int, value: int) -> bytes:
    return bytes((0, page, word)) + value.to_bytes(4, "little")


def _piece(octets: bytes) -> bytes:
    return bytes((len(octets),)) + octets


def _store(kind: Kind, *strings: str, tx_id: int = 0, dom0: bool = False) -> bytes:
    """A message in one piece, said by the guest or by Dom0, and the answer taken."""
    message = pack_message(Message(kind, pack_strings(*strings), 1, tx_id))
    return bytes((0 if dom0 else 1,)) + _piece(message) + b"\x01"


HOME = "/local/domain/1"
STORE = (
    _store(Kind.MKDIR, HOME, dom0=True),
    _store(Kind.SET_PERMS, HOME, "n1", dom0=True),
    _store(Kind.WATCH, HOME, "token"),
    _store(Kind.TRANSACTION_START, ""),
    _store(Kind.WRITE, "data/a", "1", tx_id=1),
    _store(Kind.READ, "data/a", tx_id=1),
    _store(Kind.TRANSACTION_END, "T", tx_id=1),
    _store(Kind.DIRECTORY, HOME),
    _store(Kind.DIRECTORY_PART, HOME, "0"),
    _store(Kind.GET_PERMS, "data"),
    _store(Kind.SET_PERMS, "data", "n1", "r0"),
    _store(Kind.RM, "data"),
    _store(Kind.UNWATCH, HOME, "token"),
    _store(Kind.GET_DOMAIN_PATH, "1"),
    _store(Kind.RESET_WATCHES, ""),
)

SEEDS: dict[str, list[bytes]] = {
    "slots": [pack_request(request) for request in REQUESTS],
    "directory": [(16384).to_bytes(4, "little") + bytes((9, 4, 0, 0, 11, 12, 13, 14))],
    "ring": [
        b"".join(_ring_steps()),
        b"".join(_ring_steps()[1:9]) + bytes((5, 39)),
        _header(0, 0, 33) + b"\x03\x05\x02",
        _header(1, 0, 5) + b"".join(_ring_steps()[6:9]) + b"\x05\x14",
    ],
    "contents": [
        bytes((3, 0, 4, 0, 5)),
        bytes((3, 0, 4, 0, 2, 0, 0, 1, 4, 0, 2, 3, 0, 4, 0, 150)),
        bytes((0, 10, 10, 0, 11, 12, 3, 0, 4, 0, 9, 2, 14)),
        bytes((1, 11, 6)) + b"hw:0,0" + bytes((3, 0, 4, 0, 2)),
    ],
    "cards": [bytes((0, 10, 10, 0, 12, 11, 0, 13, 6, 0, 14, 15, 0, 15, 16, 0, 13, 5))],
    "xenstore": [b"".join(STORE), b"".join(STORE[:4]) + b"\x01\x10", *STORE],
    "broker": [
        encode(message)
        for message in (Share(0, 1, True), EndShare(1), Map(2, [1, 2], True), Offer(0), Bind(0, 1), ClosePort(1))
    ],
}
