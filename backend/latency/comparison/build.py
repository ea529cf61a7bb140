"""From folders of runs to `comparison.json`, and the page that shows it.

What takes time and memory is done once for each run (measuring) and once for each group of runs (drawing them again);
pairs are compared by what is left of that.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from backend.latency.comparison.conditions import Group, Pair, condition, grouped, pairs
from backend.latency.comparison.delays import ByKey, arm, delays_of
from backend.latency.comparison.differences import differences
from backend.latency.comparison.folders import RunSet, run_sets
from backend.latency.comparison.measured import Measured, OnProgress, measure_all, names_of, nothing_of
from backend.latency.comparison.ratios import ratios
from backend.latency.comparison.result import SCHEMA_VERSION, Arm, Comparison, Difference, Metric, write_json
from backend.latency.comparison.shelf import METRICS, Key, Pooled, Shelf
from backend.latency.comparison.verdicts import verdicts
from backend.latency.facts import Machine
from backend.latency.page.compare import write_comparison

COMPARISON = "comparison.json"
REPORT = "report.html"
SEED = 20
"""Runs are drawn again by chance: the same chance each time, so that the same runs give the same words."""
MEASURING = 0.5
"""Which part of the time goes into measuring runs, roughly; comparing them takes the rest."""

ByMetric = Mapping[tuple[Metric, str], ByKey]


def quiet(what: str, part: float) -> None:
    """Say nothing of progress."""


def compare_folder(out: Path, on_progress: OnProgress = quiet) -> Comparison:
    """Compare all runs directly below `out`; write `comparison.json` and `report.html` there.

    Raises ConfigError naming the folder and what is missing, OSError.
    """
    return compare_sets(run_sets([out]), out, on_progress)


def compare_sets(sets: Sequence[RunSet], out: Path, on_progress: OnProgress = quiet) -> Comparison:
    """Compare sets of runs; write both files into the folder `out`.  Raises ConfigError, OSError."""
    with TemporaryDirectory(dir=out, prefix=".samples-") as scratch:
        comparison, samples = compare(sets, out, Path(scratch), on_progress)
        write_json(comparison, out / COMPARISON)
        write_comparison(comparison, samples, out / REPORT)
    return comparison


def compare(
    sets: Sequence[RunSet], beside: Path, scratch: Path, on_progress: OnProgress = quiet
) -> tuple[Comparison, Pooled]:
    """The comparison, whose runs are named as seen from `beside`; and the samples, which lie in `scratch`.

    Raises ConfigError, OSError.
    """
    shelf = Shelf(scratch)
    runs = measure_all(sets, shelf, lambda what, part: on_progress(what, part * MEASURING))
    groups = grouped(runs)
    nothing = nothing_of(runs)
    delays = _delays(groups, list(nothing), shelf, on_progress)
    comparison = conclude(runs, groups, delays, beside)
    on_progress("writing", 1.0)
    return comparison, Pooled(shelf, {group.name: [run.number for run in group.runs] for group in groups}, nothing)


def conclude(runs: Sequence[Measured], groups: Sequence[Group], delays: ByMetric, beside: Path) -> Comparison:
    """What measured runs, in groups, and their delays come to."""
    margin_ns = min(run.facts.run.margin_us for run in runs) * 1000
    compared = pairs(groups)
    different = list(_differences(compared, delays, names_of(runs), margin_ns))
    costs = [ratio for pair in compared for ratio in ratios(pair)]
    return Comparison(
        schema_version=SCHEMA_VERSION,
        scenario="; ".join(dict.fromkeys(run.facts.run.scenario for run in runs)),
        world=", ".join(dict.fromkeys(run.facts.run.world for run in runs)),
        machines=_machines(runs),
        margin_ns=margin_ns,
        conditions=[condition(group, beside) for group in groups],
        arms=list(_arms(groups, delays)),
        differences=different,
        ratios=costs,
        verdicts=verdicts(compared, different, costs, runs),
    )


def _delays(groups: Sequence[Group], keys: Sequence[Key], shelf: Shelf, on_progress: OnProgress) -> ByMetric:
    """Of every metric and group; the samples of only one are in memory at a time."""
    generator = np.random.default_rng(SEED)
    steps: list[tuple[Metric, Group]] = [(metric, group) for metric in METRICS for group in groups]
    found: dict[tuple[Metric, str], ByKey] = {}
    for done, (metric, group) in enumerate(steps):
        on_progress(f"comparing {group.name}", MEASURING + (1 - MEASURING) * done / len(steps))
        found[metric, group.name] = delays_of(group, metric, keys, shelf, generator)
    return found


def _arms(groups: Sequence[Group], delays: ByMetric) -> Iterator[Arm]:
    for metric in METRICS:
        for group in groups:
            found = delays[metric, group.name].items()
            yield from (arm(group, metric, key, each) for key, each in found if each.n)


def _differences(
    compared: Sequence[Pair], delays: ByMetric, guests: Mapping[Key, str], margin_ns: int
) -> Iterator[Difference]:
    for pair in compared:
        for metric in METRICS:
            both = delays[metric, pair.first.name], delays[metric, pair.second.name]
            yield from differences(pair, metric, both, guests, margin_ns)


def _machines(runs: Sequence[Measured]) -> list[Machine]:
    return list(dict.fromkeys(run.facts.machine for run in runs))
