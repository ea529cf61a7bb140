"""Two slots in memory that one process writes and others read, without either ever waiting.

Theory.  The writer writes the slots in turn, so the newest whole snapshot always stands while the next is written.  A
slot tells its sequence number, its length and a checksum over all three.  A reader copies a slot out and believes it
if the checksum fits.  So nothing depends on the order in which a processor lets stores be seen, nor on the writer's
coming to the end: what it was in the middle of when it was killed is simply not believed.  A reader that meets both
slots in the making (it slept for one interval, then for the copy) tries again.

    0     "vsndlive", version u32, octets of a slot u32
    4096  the first slot: sequence u64, length u32, CRC-32 u32, and the body; the second one after it
"""

from struct import Struct
from zlib import crc32

from backend.live.layout import BODY_OCTETS_MAX, VERSION

MAGIC = b"vsndlive"
FILE_HEADER = Struct("<8sII")
SLOT_HEADER = Struct("<QII")
SUMMED = Struct("<QI")
FIRST_AT = 4096
SLOT_OCTETS = (SLOT_HEADER.size + BODY_OCTETS_MAX + 4095) // 4096 * 4096
MEMORY_OCTETS = FIRST_AT + 2 * SLOT_OCTETS
"""A sparse file: only what is used takes memory."""
TRIES = 3


def _sum(sequence: int, body: bytes | bytearray | memoryview) -> int:
    return crc32(body, crc32(SUMMED.pack(sequence, len(body))))


def _slot_at(sequence: int) -> int:
    return FIRST_AT + sequence % 2 * SLOT_OCTETS


class SlotWriter:
    """The one writer, of memory that is all zero."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory
        self._sequence = 0
        FILE_HEADER.pack_into(memory, 0, MAGIC, VERSION, SLOT_OCTETS)

    def write(self, body: memoryview) -> None:
        """Replace the older of the two."""
        self._sequence += 1
        at = _slot_at(self._sequence)
        begin = at + SLOT_HEADER.size
        self._memory[begin : begin + len(body)] = body
        SLOT_HEADER.pack_into(self._memory, at, self._sequence, len(body), _sum(self._sequence, body))


class SlotReader:
    """A reader of memory that may be anything."""

    def __init__(self, memory: memoryview) -> None:
        self._memory = memory

    @property
    def fits(self) -> bool:
        """Whether this is such memory, of the version that we know."""
        if len(self._memory) != MEMORY_OCTETS:
            return False
        return bool(FILE_HEADER.unpack_from(self._memory) == (MAGIC, VERSION, SLOT_OCTETS))

    def read(self) -> bytes | None:
        """The newest whole body; None while there is none."""
        for _ in range(TRIES):
            heads = [SLOT_HEADER.unpack_from(self._memory, _slot_at(slot)) for slot in (0, 1)]
            for sequence, length, checksum in sorted(heads, reverse=True):
                body = self._copy(sequence, length)
                if sequence and body is not None and _sum(sequence, body) == checksum:
                    return body
        return None

    def _copy(self, sequence: int, length: int) -> bytes | None:
        if length > BODY_OCTETS_MAX:
            return None
        begin = _slot_at(sequence) + SLOT_HEADER.size
        return bytes(self._memory[begin : begin + length])
