"""A card of several lives: its backend was killed, and another opened it anew, so its frames are counted from 0 again.

A stream's time begins anew with it.  What began before the last boundary of one life, and after that of the life
before, belongs to it: a card says nothing before its first period is over, but streams are laid on it before that.
"""

from collections.abc import Sequence

import numpy as np

from backend.latency.measures.timeline import CardClock
from backend.latency.records import NEVER_NS, Records


class ManyLives(CardClock):
    """The clock of such a card; by itself that of its first life."""

    def __init__(self, lives: Sequence[Records], rate_hz: int) -> None:
        super().__init__(lives[0], rate_hz)
        self._later = [CardClock(life, rate_hz) for life in lives[1:]]
        self._ends_ns = np.array([int(life["time_ns"][-1]) for life in lives[:-1]], np.int64)

    def life_ns(self, at_ns: int) -> tuple[int, int]:
        """(after the end of the life before, until its own end), of the life in which this began."""
        life = int(np.searchsorted(self._ends_ns, at_ns))
        edges_ns = [-NEVER_NS, *self._ends_ns.tolist(), NEVER_NS]
        return edges_ns[life], edges_ns[life + 1]

    def of_life(self, at_ns: int) -> CardClock:
        """The clock of the life in which this began."""
        life = int(np.searchsorted(self._ends_ns, at_ns))
        return self._later[life - 1] if life else self


def clock_of(lives: Sequence[Records], rate_hz: int) -> CardClock:
    """The clock of a card with one life or several."""
    return CardClock(lives[0], rate_hz) if len(lives) == 1 else ManyLives(lives, rate_hz)
