"""Rules for backends: volume and mute.  They are optional in practice: Linux never sends them, and snd_be refuses."""

from compose.check.guest import WireGuest
from compose.check.rule import SNDIF, Book, need, require
from compose.check.wire import Wire
from ringproto.errors import Errno
from ringproto.messages import (
    GetVolumeRequest,
    MuteRequest,
    RangeRequest,
    SetVolumeRequest,
    UnmuteRequest,
)
from ringproto.volume import pack_volumes, unpack_volumes

BOOK = Book[WireGuest]()
NOT_OFFERED = (-Errno.EOPNOTSUPP, -Errno.ENOSYS, -Errno.EINVAL)


def _send(wire: Wire, kind: type[RangeRequest], array: bytes) -> int:
    wire.buffer.write_from(0, memoryview(array))
    return wire.call(kind(wire.next_id(), 0, len(array)))


def _offered(wire: Wire, kind: type[RangeRequest], array: bytes) -> None:
    """Send one.  Raises NotTried when it is refused as one refuses what is not offered, Broken for another error."""
    status = _send(wire, kind, array)
    name = kind.op.name
    need(status not in NOT_OFFERED, f"not offered: {name} is answered with {status}")
    require(status == 0, f"{name} is answered with {status}")


@BOOK.rule("volume", SNDIF)
def keeps_volumes(guest: WireGuest) -> str:
    """Volumes that were set are given back, or SET_VOLUME is refused."""
    wire = guest.playback()
    require(wire.open() == 0, "OPEN is refused")
    levels = tuple(-1000 - n for n in range(wire.channels))
    _offered(wire, SetVolumeRequest, pack_volumes(levels))
    require(_send(wire, GetVolumeRequest, bytes(4 * wire.channels)) == 0, "SET_VOLUME is offered, GET_VOLUME not")
    array = bytearray(4 * wire.channels)
    wire.buffer.read_into(0, memoryview(array))
    require(unpack_volumes(array) == levels, f"{unpack_volumes(array)} was given back for {levels}")
    return "offered"


@BOOK.rule("volume.mute", SNDIF)
def mutes(guest: WireGuest) -> str:
    """MUTE and UNMUTE go together and leave the volume as it was, or are refused."""
    wire = guest.playback()
    require(wire.open() == 0, "OPEN is refused")
    flags = (1).to_bytes(4, "little") * wire.channels
    _offered(wire, MuteRequest, flags)
    require(_send(wire, UnmuteRequest, flags) == 0, "MUTE is offered, UNMUTE not")
    if _send(wire, GetVolumeRequest, bytes(4 * wire.channels)) == 0:
        array = bytearray(4 * wire.channels)
        wire.buffer.read_into(0, memoryview(array))
        require(not any(unpack_volumes(array)), f"the volume is {unpack_volumes(array)} after UNMUTE")
    return "offered"


@BOOK.rule("volume.bounds", "XSA class")
def keeps_arrays_inside(guest: WireGuest) -> None:
    """Arrays beyond the buffer are refused, offered or not."""
    wire = guest.playback()
    require(wire.open() == 0, "OPEN is refused")
    size, length = wire.buffer.size_octets, 4 * wire.channels
    for kind in (SetVolumeRequest, GetVolumeRequest, MuteRequest, UnmuteRequest):
        for offset in (size, size - length + 4 if wire.channels > 1 else size - 2, 0xFFFF_FFFC):
            status = wire.call(kind(wire.next_id(), offset, length))
            require(status < 0, f"{kind.op.name} with an array at {offset} of {size} is answered with {status}")


@BOOK.rule("volume.first", SNDIF)
def needs_an_open_stream(guest: WireGuest) -> None:
    """Volume and mute of a stream that is not open are refused."""
    wire = guest.playback()
    for kind in (SetVolumeRequest, GetVolumeRequest, MuteRequest, UnmuteRequest):
        status = wire.call(kind(wire.next_id(), 0, 8))
        require(status < 0, f"{kind.op.name} before OPEN is answered with {status}")
