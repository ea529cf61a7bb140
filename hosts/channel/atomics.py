"""Words of shared memory that change atomically: `ringproto.channel.words.Words`, from libatomic.

gcc's run-time library exports what a compiler would inline, so ctypes can call it: 0.2 to 0.4 us each, with the GIL
kept (PyDLL), since giving it up would cost more.  Nothing in Python itself does as well: `words[n] += 1` from two
processes loses some.  Where the library is missing there is no substitute, and channels stay on their sockets.
"""

import ctypes
from collections.abc import Callable
from errno import ENOSYS
from typing import NamedTuple, TypeVar

from hosts.api import HostError
from hosts.fence import SEQ_CST

T = TypeVar("T")

_ORDER = ctypes.c_int(SEQ_CST)


class Operations(NamedTuple):
    """libatomic's functions on 32-bit words."""

    load: Callable[[ctypes.c_void_p, ctypes.c_int], int]
    """Of an address, in an order."""
    add: Callable[[ctypes.c_void_p, int, ctypes.c_int], int]
    """What it was."""
    swap: Callable[[ctypes.c_void_p, ctypes.c_void_p, int, ctypes.c_int, ctypes.c_int], bool]
    """If it is what stands at the second address, which otherwise becomes what it is."""


def operations(library: str = "libatomic.so.1") -> Operations:
    """Find them.  Raises HostError(ENOSYS) where they are missing."""
    try:
        functions = ctypes.PyDLL(library)
        load, add = functions["__atomic_load_4"], functions["__atomic_fetch_add_4"]
        swap = functions["__atomic_compare_exchange_4"]
    except (OSError, AttributeError) as error:
        raise HostError(ENOSYS, f"no atomic operations: {library} is missing; install Debian's libatomic1") from error
    load.argtypes, load.restype = (ctypes.c_void_p, ctypes.c_int), ctypes.c_uint32
    add.argtypes, add.restype = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int), ctypes.c_uint32
    swap.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_int)
    swap.restype = ctypes.c_bool
    return Operations(load, add, swap)


class SharedWords:
    """The first `count` words of writable memory, which is held until `release`."""

    __slots__ = ("_add", "_addresses", "_expected", "_expected_address", "_load", "_swap", "_words")

    def __init__(self, memory: memoryview, count: int, found: Operations) -> None:
        self._load, self._add, self._swap = found
        self._words: ctypes.Array[ctypes.c_uint32] | None = (ctypes.c_uint32 * count).from_buffer(memory)
        first = ctypes.addressof(self._words)
        self._addresses = [ctypes.c_void_p(first + 4 * word) for word in range(count)]
        self._expected = ctypes.c_uint32()
        self._expected_address = ctypes.c_void_p(ctypes.addressof(self._expected))

    def load(self, word: int) -> int:
        """Its value."""
        return self._load(self._addresses[word], _ORDER)

    def add(self, word: int, amount: int) -> int:
        """Add, modulo 2**32; what it was before."""
        return self._add(self._addresses[word], amount, _ORDER)

    def swap(self, word: int, old: int, new: int) -> bool:
        """Make it `new` if it is `old`; whether it was."""
        self._expected.value = old
        return self._swap(self._addresses[word], self._expected_address, new, _ORDER, _ORDER)

    def release(self) -> None:
        """Let go of the memory; afterwards there is no word left to touch."""
        self._addresses.clear()
        self._words = None
