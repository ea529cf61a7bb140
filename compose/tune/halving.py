"""Halving: the lowest rung of a ladder that holds, for trials that are noisy.

The highest rung is tried first, since all else rests on something that holds; it has two chances, as one hiccup of the
machine should not end everything.  Then half of what is left is tried, again and again.  A rung that held once and
fails later does not hold: luck is believed only as long as nothing speaks against it.
"""

from typing import Self

CHANCES = 2
"""Of the highest rung."""


class Halving:
    """Rungs 0 to `rungs` - 1; the higher, the safer."""

    def __init__(self, rungs: int) -> None:
        assert rungs > 0
        self.top = rungs - 1
        self.fails = -1
        """The highest rung that failed."""
        self.holds = rungs
        """The lowest above it that held; `rungs` if none did."""
        self._chances = CHANCES

    @classmethod
    def that_holds(cls, rungs: int, rung: int) -> Self:
        """One of which a rung is known to hold."""
        made = cls(rungs)
        made.holds = rung
        return made

    @classmethod
    def settled_at(cls, rungs: int, rung: int) -> Self:
        """One in which nothing is left to try."""
        made = cls.that_holds(rungs, rung)
        made.fails = rung - 1
        return made

    @property
    def settled(self) -> bool:
        """Nothing is left to try."""
        return self.holds - self.fails == 1

    @property
    def lost(self) -> bool:
        """Not even the highest holds."""
        return self.fails == self.top

    @property
    def rung(self) -> int:
        """The one to try next; once settled the one that was found."""
        if self.settled or self.holds > self.top:
            return min(self.holds, self.top)
        return (self.fails + self.holds) // 2

    @property
    def is_last_chance(self) -> bool:
        """If what is tried next fails, it has failed for good."""
        return self.rung < self.top or self._chances == 1

    def told(self, rung: int, *, held: bool) -> None:
        """What came of trying `rung`."""
        if held:
            self.holds = min(self.holds, rung)
        elif rung == self.top and self._chances > 1:
            self._chances -= 1
        else:
            self.fails = max(self.fails, rung)
            self.holds = max(self.holds, rung + 1)

    def climb(self, rungs: int) -> bool:
        """Settle so many rungs above what was found, as it does not hold after all; False at the top."""
        if self.holds >= self.top:
            return False
        self.holds = min(self.holds + rungs, self.top)
        self.fails = self.holds - 1
        return True
