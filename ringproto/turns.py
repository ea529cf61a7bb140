"""One word says whose turn it is: how a blocking call and a callback hand buffers to each other without a lock.

Theory.  A callback hands its buffers over and waits until the caller of `send` or `receive` has given them back.  It
cannot wait for ever, so the word also holds a serial number: the low three bits are a `Turn`, all others count
hand-overs.  A callback that gives up takes the turn back, and the caller's attempt to give back that very hand-over
fails.  Whatever the caller has read or written meanwhile counts for nothing then: it may be torn.

                    call            hand over s+1               give back s+1
    caller's:   AWAY s --> CALLBACK s            CALLER s+1 -------------------> CALLBACK s+1
    callback's:                  `--------------> CALLER s+1 -- give up s+1 ---> CALLBACK s+1, or AWAY s+1

ENDED (by the callback) and CLOSED (by the caller) are for good.  Zeroed memory is AWAY 0: nobody calls yet.

Rules:

1. Every change is a compare-and-swap, so of two that happen at once one fails, and both sides know which.
2. The buffers are the callback's to fill while the turn is not the caller's; what the caller made of them is valid
   only if its next change succeeded.
3. A turn that is no longer the caller's was answered, unless the callback took it back itself.  So a caller that
   closes while it has the turn answers with silence.

`tests/ringproto/test_turns.py` tries every interleaving, with stores seen late.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Final, Protocol

WORD = 0

TURN_MASK = 7
SERIAL_ONE = 8
_WORD_MASK = 0xFFFF_FFFF


class Turn(IntEnum):
    """What the word says."""

    AWAY = 0
    """Nobody calls: the callback hands nothing over."""
    CALLBACK = 1
    """The caller is there, and it is the callback's turn."""
    CALLER = 2
    """Buffers are handed over."""
    ENDED = 3
    """There will be no callback any more."""
    CLOSED = 4
    """There will be no call any more."""


class Words(Protocol):
    """Shared words of 32 bits, of which this uses the first.  Both are sequentially consistent, as C has it."""

    def load(self, word: int) -> int:
        """Its value."""
        ...

    def swap(self, word: int, old: int, new: int) -> bool:
        """Make it `new` if it is `old`, in one step; whether it was."""
        ...


#: `wait(value, until_ns)`: sleep while the word is `value`, not longer than that; whether it is something else now.
Wait = Callable[[int, int], bool]


_TURNS: Final[tuple[Turn, ...]] = (*Turn, Turn.CLOSED, Turn.CLOSED, Turn.CLOSED)
"""By number; what has no name is nobody's turn any more."""


def turn_of(word: int) -> Turn:
    """Whose turn it is."""
    return _TURNS[word & TURN_MASK]


def _changed(word: int, turn: Turn) -> int:
    return (word & ~TURN_MASK) | turn


class CallbackTurns:
    """The callback's side."""

    __slots__ = ("_wait", "_words")

    def __init__(self, words: Words, wait: Wait) -> None:
        self._words = words
        self._wait = wait

    @property
    def turn(self) -> Turn:
        """As the word says now.  Only when it is CALLBACK is there somebody to hand over to."""
        return turn_of(self._words.load(WORD))

    def hand_over(self, until_ns: int, *, last: bool = False) -> bool:
        """Hand over what is in the buffers, and wait; whether it was answered in time.

        A `last` one that is not answered leaves the turn at AWAY: none is handed over until the caller calls again.
        """
        word = self._words.load(WORD)
        if turn_of(word) is not Turn.CALLBACK:
            return False
        handed = _changed((word + SERIAL_ONE) & _WORD_MASK, Turn.CALLER)
        if not self._words.swap(WORD, word, handed):  # it has just left
            return False
        self._wait(handed, until_ns)
        return not self._words.swap(WORD, handed, _changed(handed, Turn.AWAY if last else Turn.CALLBACK))

    def end(self) -> None:
        """There will be no callback any more.  Harmless twice."""
        while True:
            word = self._words.load(WORD)
            if turn_of(word) in {Turn.ENDED, Turn.CLOSED} or self._words.swap(WORD, word, _changed(word, Turn.ENDED)):
                return


class CallerTurns:
    """The caller's side."""

    __slots__ = ("_held", "_wait", "_words")

    def __init__(self, words: Words, wait: Wait) -> None:
        self._words = words
        self._wait = wait
        self._held = 0

    @property
    def turn(self) -> Turn:
        """As the word says now."""
        return turn_of(self._words.load(WORD))

    def take(self, until_ns: int) -> Turn:
        """Wait for the turn: CALLER when we have it, ENDED or CLOSED when there are no more; AWAY if none came."""
        while True:
            word = self._words.load(WORD)
            turn = turn_of(word)
            if turn is Turn.AWAY:
                self._words.swap(WORD, word, _changed(word, Turn.CALLBACK))
            elif turn is Turn.CALLBACK:
                if not self._wait(word, until_ns) and self._words.swap(WORD, word, _changed(word, Turn.AWAY)):
                    return Turn.AWAY
            else:
                self._held = word
                return turn

    def still_has_it(self) -> bool:
        """Whether the turn last taken is still ours; if so, what was read of the buffers so far is valid."""
        return self._words.swap(WORD, self._held, self._held)

    def give_back(self) -> bool:
        """The buffers are done with.  False if the callback has not waited so long: then nothing was exchanged."""
        return self._words.swap(WORD, self._held, _changed(self._held, Turn.CALLBACK))

    def close(self, silence: Callable[[], None]) -> None:
        """There will be no call any more; `silence` fills the buffer if we have the turn.  Harmless twice."""
        while True:
            word = self._words.load(WORD)
            turn = turn_of(word)
            if turn is Turn.CALLER:
                silence()
            if turn in {Turn.ENDED, Turn.CLOSED} or self._words.swap(WORD, word, _changed(word, Turn.CLOSED)):
                return
