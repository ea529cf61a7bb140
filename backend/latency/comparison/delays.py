"""The delays of one group of runs, boiled down to what comparing them takes: some numbers and replicates, no samples.

Samples are pooled over guests within a run, never over runs: all delays of a run, of whichever stream, are that run's
sample.  A stream of short periods has more of them, and weighs more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backend.latency.comparison.conditions import Group
from backend.latency.comparison.result import Arm, Metric, Quantile
from backend.latency.comparison.shelf import Key, Shelf
from backend.latency.measures.summary import is_quotable, rank
from backend.latency.records import Int64s, Series, joined
from backend.latency.statistics.bootstrap import quantile
from backend.latency.statistics.effect import thinned
from backend.latency.statistics.estimate import Estimate, TooLittle
from backend.latency.statistics.paced import paced

PER_MILLE: dict[Quantile, int] = {"p50": 500, "p99": 990, "p999": 999}


@dataclass(frozen=True, slots=True, eq=False)
class Delays:
    """Of one stream, or of all together."""

    n: int
    max_ns: int | None
    means_ns: dict[Quantile, int | None]
    """What a run has, on the mean over runs."""
    estimates: dict[Quantile, Estimate | TooLittle]
    """How sure that is."""
    ordered_ns: Int64s
    """All runs' together, thinned."""


#: By stream; None is all of them together.
ByKey = Mapping[Key | None, Delays]


def delays_of(
    group: Group, metric: Metric, keys: Sequence[Key], shelf: Shelf, generator: np.random.Generator
) -> dict[Key | None, Delays]:
    """One metric of a group: of all streams together, and of each."""
    together = [joined([shelf.series(run.number, key, metric) for key in keys]) for run in group.runs]
    found: dict[Key | None, Delays] = {None: boiled_down(group.spoken, together, generator)}
    del together
    for key in keys:
        runs = [shelf.series(run.number, key, metric) for run in group.runs]
        found[key] = boiled_down(group.spoken, runs, generator)
    return found


def boiled_down(name: str, runs: Sequence[Series], generator: np.random.Generator) -> Delays:
    """The delays that these runs have, which are called `name`."""
    ordered = [np.sort(run.delay_ns) for run in runs if len(run.delay_ns)]
    every = np.sort(joined(runs).delay_ns)
    sample = paced(name, runs)
    return Delays(
        n=len(every),
        max_ns=int(every[-1]) if len(every) else None,
        means_ns={name: _mean_of_runs(ordered, per_mille) for name, per_mille in PER_MILLE.items()},
        estimates={name: quantile(sample, per_mille, generator) for name, per_mille in PER_MILLE.items()},
        ordered_ns=thinned(every),
    )


def _mean_of_runs(ordered: Sequence[Int64s], per_mille: int) -> int | None:
    """A quantile of each run, on the mean; None if a run does not carry it, or there is none."""
    if not ordered or not all(is_quotable(len(run), per_mille) for run in ordered):
        return None
    return round(sum(int(run[rank(len(run), per_mille) - 1]) for run in ordered) / len(ordered))


def arm(group: Group, metric: Metric, key: Key | None, delays: Delays) -> Arm:
    """As the comparison's file has it."""
    domid, stream = key or (None, None)
    return Arm(
        condition=group.name,
        metric=metric,
        domid=domid,
        stream=stream,
        n=delays.n,
        p50_ns=delays.means_ns["p50"],
        p99_ns=delays.means_ns["p99"],
        p999_ns=delays.means_ns["p999"],
        max_ns=delays.max_ns,
    )
