"""A number with how sure it is, and the difference between two of them.

Two things make an estimate vary: which runs there were, and which seconds each of them had; `bootstrap` finds either.
Runs as measured already differ by their seconds.  To count that once, what is due to runs is shrunk, by an s such that
both together vary as much as runs do, or as much as the blocks of seconds do if that is more, which with few runs
happens by luck:

    blocks + s**2 * runs = max(runs, blocks)

Where runs differ much this is Welch's t interval over runs; where they do not, it is the bootstrap's of their blocks.

An interval is wanted at more than one level: comparing m guests asks for 1 - 0.05 / m.  The tails of two thousand
replicates do not reach that far.  So the replicates give the two arms at 95 %, each its own, since delays are skewed;
and another level stretches both arms as Student's t does, with the degrees of freedom that the runs leave: few runs say
less of how runs differ than the normal distribution would have it.  The freedom of a difference is Welch's and
Satterthwaite's.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from backend.latency.statistics.special import t_quantile

LEVEL = 0.95
NORMAL_ARM = NormalDist().inv_cdf((1 + LEVEL) / 2)
"""How many standard errors an arm of LEVEL is long, where the error is known and normal."""


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the truth is, but for a chance of 1 - level; ns."""

    low_ns: int
    high_ns: int
    level: float


@dataclass(frozen=True, slots=True)
class TooLittle:
    """Nothing can be said, and why: a sentence without its full stop."""

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A quantile, or a difference of two, in ns; and by how much it would have been another one, again and again."""

    value_ns: float
    by_blocks_ns: Floats
    """Had the same runs had other seconds."""
    by_runs_ns: Floats
    """Had there been other runs, with other seconds."""
    blocks_freedom: float
    """Degrees of freedom: roughly, how many blocks there are."""
    runs_freedom: float

    def interval(self, level: float = LEVEL) -> Interval:
        """Where the truth is; 0 < level < 1.  Rounded outwards to whole ns."""
        blocks, runs = float(np.var(self.by_blocks_ns)), float(np.var(self.by_runs_ns))
        freedom = self.runs_freedom if runs > blocks else self.blocks_freedom
        shrink = math.sqrt(1 - blocks / runs) if runs > blocks else 0.0
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(self.by_blocks_ns + shrink * self.by_runs_ns, [tail, 1 - tail])
        stretch = t_quantile(level, freedom) / NORMAL_ARM
        return Interval(
            math.floor(self.value_ns + min(float(low), 0) * stretch),
            math.ceil(self.value_ns + max(float(high), 0) * stretch),
            level,
        )


def change(first: Estimate | TooLittle, second: Estimate | TooLittle) -> Estimate | TooLittle:
    """By how much the second is more than the first, if both are known.  They must have been drawn independently."""
    if isinstance(first, TooLittle):
        return first
    if isinstance(second, TooLittle):
        return second
    return Estimate(
        value_ns=second.value_ns - first.value_ns,
        by_blocks_ns=second.by_blocks_ns - first.by_blocks_ns,
        by_runs_ns=second.by_runs_ns - first.by_runs_ns,
        blocks_freedom=first.blocks_freedom + second.blocks_freedom,
        runs_freedom=_welch(first, second),
    )


def _welch(first: Estimate, second: Estimate) -> float:
    """The degrees of freedom of the sum of two variances, each estimated from its own runs."""
    a, b = float(np.var(first.by_runs_ns)), float(np.var(second.by_runs_ns))
    parts = a**2 / first.runs_freedom + b**2 / second.runs_freedom
    return (a + b) ** 2 / parts if parts else first.runs_freedom + second.runs_freedom
