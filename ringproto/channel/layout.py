"""The shared block: a header of 32-bit words, then two rings of octets, one each way.

    octet 0     magic, version, octets of one ring          written by the server before the client sees it
          64    octets in the ring to the server            words that both change
          128   octets in the ring to the client
          192   semaphore that the server sleeps on: waiting, signalled, in_pipe
          256   semaphore that the client sleeps on
          320   the ring to the server, then the ring to the client

Words that different sides wait for lie 64 octets apart: they share no cache line.  Everything is as this machine has
it, since both sides are on it.  After the two have agreed nobody reads the first line again: sizes are constants.
"""

import struct
from typing import NamedTuple

from ringproto.errors import Errno, ProtocolError

MAGIC = 0x6863_7376  # "vsch"
VERSION = 1

BLOCK_OCTETS = 1 << 16
"""As PulseAudio's: two rings that hold any usual burst of commands."""
HEADER_OCTETS = 320
RING_OCTETS = (BLOCK_OCTETS - HEADER_OCTETS) // 2

_LINE_WORDS = 16
HEADER_WORDS = HEADER_OCTETS // 4

_IDENTITY = struct.Struct("=3I")

assert RING_OCTETS * 2 + HEADER_OCTETS == BLOCK_OCTETS
assert HEADER_OCTETS == 5 * _LINE_WORDS * 4


class RingPlace(NamedTuple):
    """Where a ring is."""

    count_word: int
    first_octet: int
    octets: int = RING_OCTETS


class Side(NamedTuple):
    """Which half of the block is for what, seen from one side."""

    hears: RingPlace
    says: RingPlace
    sleeps_on: int
    """The first word of its semaphore."""
    wakes: int
    """The first word of the other's."""


_TO_SERVER = RingPlace(1 * _LINE_WORDS, HEADER_OCTETS)
_TO_CLIENT = RingPlace(2 * _LINE_WORDS, HEADER_OCTETS + RING_OCTETS)
_SERVER_SLEEPS, _CLIENT_SLEEPS = 3 * _LINE_WORDS, 4 * _LINE_WORDS

SERVER = Side(_TO_SERVER, _TO_CLIENT, _SERVER_SLEEPS, _CLIENT_SLEEPS)
CLIENT = Side(_TO_CLIENT, _TO_SERVER, _CLIENT_SLEEPS, _SERVER_SLEEPS)


def make_block(block: memoryview) -> None:
    """Write the identity into a zeroed block."""
    _IDENTITY.pack_into(block, 0, MAGIC, VERSION, RING_OCTETS)


def check_block(block: memoryview) -> None:
    """Raise ProtocolError(EINVAL) unless the block is one that this version can use."""
    if len(block) != BLOCK_OCTETS:
        raise ProtocolError(Errno.EINVAL, f"block: {len(block)} octets, want {BLOCK_OCTETS}")
    magic, version, ring_octets = _IDENTITY.unpack_from(block)
    for name, found, want in (
        ("magic", magic, MAGIC),
        ("version", version, VERSION),
        ("octets of a ring", ring_octets, RING_OCTETS),
    ):
        if found != want:
            raise ProtocolError(Errno.EINVAL, f"block: {name} {found:#x}, want {want:#x}")
