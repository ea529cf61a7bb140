"""What stands in for shared memory and bells: in one thread, and in the model of two CPUs."""

from typing import cast

from ringproto.channel.layout import RingPlace, Side
from tests.ringproto.memorymodel import WORD_OCTETS, Access, Domain, Kind


class PlainWords:
    """Words of one thread."""

    def __init__(self, memory: memoryview) -> None:
        self._words = memory.cast("I")

    def load(self, word: int) -> int:
        return self._words[word]

    def add(self, word: int, amount: int) -> int:
        before = self._words[word]
        self._words[word] = before + amount & 0xFFFF_FFFF
        return before

    def swap(self, word: int, old: int, new: int) -> bool:
        if self._words[word] != old:
            return False
        self._words[word] = new
        return True


class CountedBell:
    """Notes how often it was rung and flushed."""

    def __init__(self) -> None:
        self.rung = 0
        self.flushed = 0

    def ring(self) -> None:
        self.rung += 1

    def flush(self) -> None:
        self.flushed += 1


class ModelWords:
    """Words in the model: each operation is one step."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain

    def load(self, word: int) -> int:
        return cast("int", self._domain.access(Access(Kind.LOAD, word * WORD_OCTETS, 0)))

    def add(self, word: int, amount: int) -> int:
        return cast("int", self._domain.access(Access(Kind.ADD, word * WORD_OCTETS, amount)))

    def swap(self, word: int, old: int, new: int) -> bool:
        return self._domain.access(Access(Kind.SWAP, word * WORD_OCTETS, (old, new))) == old


class TornWords(ModelWords):
    """Words whose changes are a load and then a store, as Python's own are."""

    def add(self, word: int, amount: int) -> int:
        before = self.load(word)
        self._store(word, before + amount & 0xFFFF_FFFF)
        return before

    def swap(self, word: int, old: int, new: int) -> bool:
        if self.load(word) != old:
            return False
        self._store(word, new)
        return True

    def _store(self, word: int, value: int) -> None:
        self._domain.access(Access(Kind.STORE, word * WORD_OCTETS, value))


class ModelBell:
    """A bell in the model."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain

    def ring(self) -> None:
        self._domain.notify()

    def flush(self) -> None:
        self._domain.forget()


class ModelOctets:
    """A ring's octets in the model: each slice that is loaded or stored is a step.

    Only one side stores, so it may store the whole ring as it has it.
    """

    def __init__(self, domain: Domain, where: slice) -> None:
        self._domain = domain
        self._place = where.start
        self._mine = bytearray(where.stop - where.start)

    def __getitem__(self, where: slice) -> bytes:
        return cast("bytes", self._domain.access(Access(Kind.LOAD, self._place, bytes(len(self._mine)))))[where]

    def __setitem__(self, where: slice, octets: bytes) -> None:
        self._mine[where] = octets
        self._domain.access(Access(Kind.STORE, self._place, bytes(self._mine)))


class ModelBlock:
    """A block in the model: its slices are rings."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain

    def __getitem__(self, where: slice) -> ModelOctets:
        return ModelOctets(self._domain, where)


def model_block(domain: Domain) -> memoryview:
    return cast("memoryview", ModelBlock(domain))  # memoryview is final: nothing else can stand in for it


SMALL_RING = 7
"""Octets: a message of one octet and the first of the next one."""

SMALL_BLOCK_OCTETS = 64 + 2 * SMALL_RING

_A, _B = RingPlace(0, 64, SMALL_RING), RingPlace(1, 64 + SMALL_RING, SMALL_RING)
NEAR = Side(_A, _B, 2, 5)
FAR = Side(_B, _A, 5, 2)
"""Two sides of a small block."""
