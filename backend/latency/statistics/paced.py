"""The same measurement in several runs of one pacing, and the seconds of each run.

Delays of one run are alike: a machine that is busy now is busy a little later.  So they are never drawn again one by
one, but in blocks of time long enough to hold whatever made neighbours alike: at least a second, and longer in longer
runs, by the cube root of their length, which is what the moving-block bootstrap's error asks for (Hall, Horowitz and
Jing 1995).

A block may begin at any quarter of its length, and one that begins near the end of the run goes on at its beginning, so
that no moment is drawn less often than others (Politis and Romano's circular blocks, 1992).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.records import Bools, Int64s, Series
from backend.latency.statistics.estimate import Floats, TooLittle

BLOCK_NS_MIN = 1_000_000_000
BLOCK_CELLS = 4
"""Cells of time to a block."""
RUN_BLOCKS_MIN = 3
"""A run that is not three blocks long is one or two observations; it says nothing of how it varies."""
RUNS_MIN = 3
"""One run says nothing of the next, and two so little that their interval was seen to miss more often than it says."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One run: its delays in ns, and the cell of time that each lies in."""

    delay_ns: Int64s
    ordered_ns: Int64s
    """The delays again, sorted."""
    cell: Int64s
    cells: int

    def in_cells(self, these: Bools) -> Floats:
        """How many of these values there are in each cell."""
        return np.bincount(self.cell[these], minlength=self.cells).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Paced:
    """All runs of one pacing under one load, of whatever length each."""

    name: str
    runs: tuple[Run, ...]


def paced(name: str, runs: Sequence[Series]) -> Paced | TooLittle:
    """Join the runs called `name`, warm-up already left out.  A run without values counts as none."""
    kept = [run for run in runs if len(run.at_ns)]
    if len(kept) < RUNS_MIN:
        number = f"{len(kept)} run{'s' * (len(kept) != 1)}"
        return TooLittle(f"{name} has {number} with delays, and {RUNS_MIN} are the least to see how runs differ")
    shortest_ns = min(_span_ns(run.at_ns) for run in kept)
    if shortest_ns < RUN_BLOCKS_MIN * BLOCK_NS_MIN:
        return TooLittle(f"{name} has a run of {shortest_ns / 1e9:.1f} s, and {RUN_BLOCKS_MIN} s are the least")
    return Paced(name, tuple(_run(run) for run in kept))


def block_ns(span_ns: int) -> int:
    """How long the blocks of a run are: half the cube root of its seconds (60 s: 2 s), and at least one second."""
    return max(BLOCK_NS_MIN, round(0.5e9 * math.cbrt(span_ns / 1e9)))


def _run(run: Series) -> Run:
    span_ns = _span_ns(run.at_ns)
    cells = BLOCK_CELLS * span_ns // block_ns(span_ns)
    return Run(run.delay_ns, np.sort(run.delay_ns), (run.at_ns - int(run.at_ns.min())) * cells // span_ns, cells)


def _span_ns(at_ns: Int64s) -> int:
    return int(at_ns.max() - at_ns.min()) + 1
