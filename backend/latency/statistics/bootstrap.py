"""A quantile as a run of this pacing has it, on the mean over runs; and how that would vary, had there been other runs.

The run is the unit.  The quantile of all runs poured together is that of the worst of them, and five runs cannot say
how bad the next worst would be; the mean of what each run has, they can.  So each run must carry the quantile by
itself.

Two things make the mean vary, and `estimate` puts them together:

* within a run it depends on which seconds were seen: its blocks of time are drawn again, with replacement, one fewer
  than there are, which makes the variance come out right rather than one block short (Rao and Wu 1988);
* runs differ: memory lies elsewhere, a timer stands in another phase.  Five runs tell how much, but not in what shape,
  so the mean is moved by normal numbers of the variance found.

Two pacings are taken as independent, though their runs were interleaved: should the machine have become slower for
both, that makes the interval of their difference wider than it need be, not narrower.

A run drawn again is never built.  Of each of its blocks only the counts below some hundred thresholds near the quantile
are kept, and a replicate is a sum of such rows.  So after one pass over the values, neither time nor memory grows with
their number.
"""

import math

import numpy as np

from backend.latency.measures.summary import is_quotable, rank
from backend.latency.records import Int64s
from backend.latency.statistics.estimate import Estimate, Floats, TooLittle
from backend.latency.statistics.paced import BLOCK_CELLS, Paced, Run

REPLICATES = 2000
THRESHOLDS = 100
REACH = 5.0
"""The thresholds go as many standard errors to both sides of the quantile."""
ROUNDING = 1e-9
"""Scaled sums of counts that should be equal differ by less, relative."""


def quantile(sample: Paced | TooLittle, per_mille: int, generator: np.random.Generator) -> Estimate | TooLittle:
    """The quantile `per_mille` / 1000 of a run, on the mean; if every run carries it."""
    if isinstance(sample, TooLittle):
        return sample
    fewest = min(len(run.ordered_ns) for run in sample.runs)
    if not is_quotable(fewest, per_mille):
        values = f"{fewest} delay{'s' * (fewest != 1)}"
        return TooLittle(f"a run of {sample.name} has {values}, which do not carry p{per_mille / 10:g}")
    measured = np.array([_quantile_of(run, per_mille) for run in sample.runs], dtype=np.float64)
    value_ns = float(measured.mean())
    runs_error = float(measured.std(ddof=1)) / len(measured) ** 0.5
    return Estimate(
        value_ns=value_ns,
        by_blocks_ns=np.mean([_redrawn(run, per_mille, generator) for run in sample.runs], axis=0) - value_ns,
        by_runs_ns=generator.normal(0, runs_error, REPLICATES),
        blocks_freedom=sum(_draws(run) for run in sample.runs),
        runs_freedom=len(measured) - 1,
    )


def _quantile_of(run: Run, per_mille: int) -> int:
    return int(run.ordered_ns[rank(len(run.ordered_ns), per_mille) - 1])


def _redrawn(run: Run, per_mille: int, generator: np.random.Generator) -> Floats:
    """The quantile of a run whose blocks were drawn again, REPLICATES times; ns."""
    thresholds_ns = _thresholds(run, per_mille)
    counts = _counts_redrawn(run, thresholds_ns, generator)
    short = counts[:, :-1] * 1000 < counts[:, -1:] * per_mille * (1 - ROUNDING)
    redrawn: Floats = thresholds_ns[np.minimum(short.sum(axis=1), len(thresholds_ns) - 1)].astype(np.float64)
    return redrawn


def _thresholds(run: Run, per_mille: int) -> Int64s:
    """Values of the run around its quantile, and the quantile itself."""
    n, middle, value_ns = len(run.ordered_ns), rank(len(run.ordered_ns), per_mille), _quantile_of(run, per_mille)
    # Where many values are equal, the fraction at the quantile is far from that just below it: look at both.
    reach = REACH * max(_error(run, value_ns), _error(run, value_ns - 1))
    ranks = np.linspace(max(middle - reach, 1), min(middle + reach, n), THRESHOLDS).astype(np.int64)
    return np.unique(run.ordered_ns[np.append(ranks, middle) - 1])


def _error(run: Run, threshold_ns: int) -> float:
    """The standard error of how many values are within a threshold, by blocks; at least that of one value."""
    below = run.in_cells(run.delay_ns <= threshold_ns)
    every = run.in_cells(np.ones(len(run.delay_ns), dtype=np.bool_))
    in_blocks = _blocks(below - every * (below.sum() / every.sum()))
    draws = _draws(run)
    return max(_scale(run) * math.sqrt(draws * float(np.mean(in_blocks**2))), 1.0)


def _counts_redrawn(run: Run, thresholds_ns: Int64s, generator: np.random.Generator) -> Floats:
    """A row for each replicate: how many values are within each threshold, and last, how many there are."""
    bins = len(thresholds_ns) + 1
    place = run.cell * bins + np.searchsorted(thresholds_ns, run.delay_ns)
    counts = np.bincount(place, minlength=run.cells * bins).reshape(run.cells, bins)
    in_blocks = _blocks(np.cumsum(counts, axis=1).astype(np.float64))
    starts = generator.integers(run.cells, size=(REPLICATES, _draws(run)))
    starts += np.arange(REPLICATES)[:, np.newaxis] * run.cells
    times = np.bincount(starts.ravel(), minlength=REPLICATES * run.cells).reshape(REPLICATES, run.cells)
    redrawn: Floats = times.astype(np.float64) @ in_blocks
    return redrawn


def _blocks(by_cell: Floats) -> Floats:
    """Sums over the block that begins at each cell, going round at the end."""
    return sum((np.roll(by_cell, -shift, axis=0) for shift in range(BLOCK_CELLS)), np.zeros_like(by_cell))


def _draws(run: Run) -> int:
    """How many blocks to draw from a run: one fewer than there are."""
    return run.cells // BLOCK_CELLS - 1


def _scale(run: Run) -> float:
    """From as many blocks up to the whole run."""
    return run.cells / (BLOCK_CELLS * _draws(run))
