"""Volumes and mute flags as they lie in the shared buffer: an array with one element of four octets for each channel.

A volume is a signed number of thousandths of a decibel ("mdb" in names), 0 being the loudness of the sound itself
(sndif.h, "Request set/get volume").  A flag is the first octet of its element; not 0 means that the channel is meant.

Bounds of our own, since sndif.h gives none: -120 dB and less is silence, as it is 20 dB below the last bit of 16; more
than +20 dB is refused, since it can only be a mistake, and a loud one.  What a backend says of its volumes is believed:
another one may have other bounds.
"""

from collections.abc import Sequence
from struct import Struct

from ringproto.errors import Errno, ProtocolError

ELEMENT_OCTETS = 4
SILENT_MDB = -120_000
LOUDEST_MDB = 20_000
LEAST_MDB = -(1 << 31)
"""That an element can hold."""


def pack_volumes(levels_mdb: Sequence[int]) -> bytes:
    """The array of these volumes."""
    return Struct(f"<{len(levels_mdb)}i").pack(*levels_mdb)


def unpack_volumes(octets: bytes | bytearray) -> tuple[int, ...]:
    """The volumes in an array, whatever they are."""
    levels: tuple[int, ...] = Struct(f"<{len(octets) // ELEMENT_OCTETS}i").unpack(octets)
    return levels


def check_volumes(levels_mdb: Sequence[int]) -> None:
    """Raise ProtocolError(EINVAL) for a volume beyond `LOUDEST_MDB`."""
    for channel, level in enumerate(levels_mdb):
        if level > LOUDEST_MDB:
            raise ProtocolError(Errno.EINVAL, f"volume of channel {channel}: {level / 1000} dB is more than 20 dB")


def pack_flags(meant: Sequence[bool]) -> bytes:
    """The array of these flags."""
    return b"".join(bytes((flag, 0, 0, 0)) for flag in meant)


def unpack_flags(octets: bytes | bytearray) -> tuple[bool, ...]:
    """Which channels an array means."""
    return tuple(flag != 0 for flag in octets[::ELEMENT_OCTETS])


def gain_of(level_mdb: int) -> float:
    """What samples are multiplied with: 10 ** (dB / 20), and nothing at all from `SILENT_MDB` down."""
    if level_mdb <= SILENT_MDB:
        return 0.0
    gain: float = 10.0 ** (level_mdb / 20_000)
    return gain
