"""Where fuzzing starts: what an honest guest says on each surface, in the octets of `Choices`.

A fuzzer that starts from nothing takes days to find its first OPEN.
"""

from msgspec.json import encode

from hosts.emu.messages import Bind, ClosePort, EndShare, Map, Offer, Share
from hosts.emu.messages import Request as BrokerRequest
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
from tests.fuzz.values import NODES, VALUES

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


def _slot(request: Request) -> bytes:
    return bytes((2, SLOT_OCTETS)) + pack_request(request)


SLOTS = [_slot(request) for request in REQUESTS]
PAUSE = bytes((6, 20))


def _header(page: int, word: int, value: int) -> bytes:
    return bytes((0, page, word)) + value.to_bytes(4, "little")


def _piece(octets: bytes) -> bytes:
    return bytes((len(octets),)) + octets


def _node(kind: int, name: str, *more: int) -> bytes:
    return bytes((kind, NODES.index(name), *more))


CONNECT = _node(3, "") + _node(5, "", 1) + _node(0, "state", VALUES.index("4")) + _node(5, "", 1)


def _store(kind: Kind, *strings: str, tx_id: int = 0) -> bytes:
    """A message of the guest's in one piece, and the answer taken."""
    message = pack_message(Message(kind, pack_strings(*strings), 1, tx_id))
    return b"\x00" + _piece(message) + b"\x02"


HOME, SECRET = "/local/domain/1", "/local/domain/2/data/secret"
STORE = (
    _store(Kind.WATCH, HOME, "token"),
    _store(Kind.TRANSACTION_START, ""),
    _store(Kind.WRITE, "data/a", "1", tx_id=1),
    _store(Kind.READ, "data/a", tx_id=1),
    _store(Kind.TRANSACTION_END, "T", tx_id=1),
    _store(Kind.DIRECTORY, HOME),
    _store(Kind.DIRECTORY_PART, HOME, "0"),
    _store(Kind.GET_PERMS, "data"),
    _store(Kind.SET_PERMS, "data", "n1", "r0"),
    _store(Kind.WRITE, "/shared/a", "1"),
    _store(Kind.RM, "data"),
    _store(Kind.UNWATCH, HOME, "token"),
    _store(Kind.GET_DOMAIN_PATH, "1"),
    _store(Kind.RESET_WATCHES, ""),
    *(_store(kind, SECRET) for kind in (Kind.READ, Kind.WRITE, Kind.RM)),
    _store(Kind.SET_PERMS, SECRET, "n1"),
)


def _broker(message: BrokerRequest, descriptor: int = 5) -> bytes:
    """In one piece, with a descriptor of that kind, and the answer taken."""
    return bytes((descriptor, 0)) + _piece(encode(message)) + b"\x01"


BROKER = (
    _broker(Share(0, 2, True), 2),
    _broker(Share(2, 2, False), 1),
    _broker(Map(1, [8, 9], True)),
    _broker(EndShare(8)),
    _broker(Offer(1)),
    _broker(Bind(1, 1)),
    _broker(ClosePort(1)),
)

SEEDS: dict[str, list[bytes]] = {
    "slots": [pack_request(request) for request in REQUESTS],
    "directory": [(16384).to_bytes(4, "little") + bytes((9, 0, 16, 0, 4, 0, 0))],
    "cards": [
        bytes((0, VALUES.index(value), NODES.index(name)))
        for name, value in (
            ("0/0/type", "p"),
            ("0/0/unique-id", "speaker"),
            ("0/0/ring-ref", "8"),
            ("sample-formats", "s16_le"),
        )
    ],
    "ring": [
        b"".join(SLOTS) + PAUSE,
        b"".join(SLOTS[1:9]) + bytes((6, 39)),
        _header(0, 0, 33) + b"\x04" + PAUSE,
        _header(1, 0, 5) + b"".join(SLOTS[6:9]) + PAUSE,
        bytes((3, 3, 1, 0, 0, 0, 0, 224, 1, 0, 0)) + PAUSE,
    ],
    "contents": [
        CONNECT,
        CONNECT + _node(0, "state", VALUES.index("1")) + _node(5, "", 150) + CONNECT,
        _node(0, "0/1/type", VALUES.index("c")) + _node(0, "0/1/unique-id", VALUES.index("speaker")) + CONNECT,
        _node(1, "0/0/unique-id", 6) + b"hw:0,0" + CONNECT,
        _node(4, "state", 0, 0) + CONNECT,
    ],
    "frontend": [  # what it does, and how long it then waits
        bytes((0, 1)) * 4,
        bytes((0, 1, 0, 1, 4, 1, 0, 40, 4, 2, 0, 1, 7, 1)),
        bytes((0, 1, 0, 1, 3, 4, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 20)),
        bytes((2, 8, 1, 0, 9, 0, 0, 0, 0, 0, 1)),
    ],
    "xenstore": [b"".join(STORE), *STORE, bytes((1, 11, 0, 1, 1, 0, 3, 4, 0, 1, 5, 0))],
    "broker": [b"".join(BROKER), *BROKER],
}
