"""What the rules need of the machine: words that two processes change at once, and a bell for who sleeps.

Every operation is atomic and sequentially consistent: all processes see all of them happen in one and the same order,
and what was written to the memory beside them before one is seen by whoever sees that one.  That is C's
memory_order_seq_cst; `hosts.channel.atomics` has it from libatomic.
"""

from typing import Protocol

U32 = 0xFFFF_FFFF


class Words(Protocol):
    """The header of a shared block as unsigned 32-bit words, by number."""

    def load(self, word: int) -> int:
        """Its value."""
        ...

    def add(self, word: int, amount: int) -> int:
        """Add, modulo 2**32; what it was before."""
        ...

    def swap(self, word: int, old: int, new: int) -> bool:
        """Compare and swap: make it `new` if it is `old`; whether it was."""
        ...


class Bell(Protocol):
    """Wakes the side that sleeps on it."""

    def ring(self) -> None:
        """Wake the other side, or keep it from going to sleep.  Never blocks, never fails."""

    def flush(self) -> None:
        """Forget what was rung for us until now.  Never blocks."""
