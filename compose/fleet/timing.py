"""How far a host's clocks are from ours: what that is, and how it is found.  Pure.

Theory.  We ask, and a host answers with its time.  That was read between our two looks at our own clock, so the
difference is known to half of what the exchange took, whatever the way there does to either half of it.  Of several
exchanges the quickest says most.

Two such measurements, before and after a run, also say how much one clock gains on the other.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Reading(NamedTuple):
    """One exchange, by one kind of clock, ns."""

    before: int
    """Ours."""
    theirs: int
    after: int
    """Ours."""


class Offset(msgspec.Struct, frozen=True):
    """How far a host's clock is from ours."""

    ahead_ns: int
    within_ns: int
    """At most so much more, or less."""


class Clocks(msgspec.Struct, frozen=True):
    """Both clocks of a host, at one moment."""

    at_ns: int
    """The moment, by our CLOCK_MONOTONIC."""
    monotonic: Offset
    """That of traces."""
    wall: Offset
    """That of dates."""
    boot: str
    """Which machine it is, since when."""


class Timing(msgspec.Struct, frozen=True):
    """When a run began, and by which clock: `clock.json` in its folder."""

    go_ns: int
    """When its guests were told to begin, by our CLOCK_MONOTONIC, which is the same for all hosts of a fleet."""
    before: Clocks
    after: Clocks

    @property
    def gain_ppm(self) -> float:
        """How much the host's clock of traces gained on ours."""
        gained_ns = self.after.monotonic.ahead_ns - self.before.monotonic.ahead_ns
        return gained_ns / (self.after.at_ns - self.before.at_ns) * 1e6

    @property
    def gain_within_ppm(self) -> float:
        """At most so much more, or less."""
        within_ns = self.after.monotonic.within_ns + self.before.monotonic.within_ns
        return within_ns / (self.after.at_ns - self.before.at_ns) * 1e6


def offset(readings: Sequence[Reading]) -> Offset:
    """What the quickest of these exchanges says."""
    best = min(readings, key=lambda reading: reading.after - reading.before)
    return Offset(best.theirs - (best.before + best.after) // 2, (best.after - best.before + 1) // 2)
