"""What weakens every comparison of some runs, in sentences without their full stops.

None of it keeps runs from being compared: whoever reads the verdict decides.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from backend.latency.comparison.measured import Measured

FEW = 3
"""So many runs are named; of others, how many there are."""


def caveats(runs: Sequence[Measured]) -> Iterator[str]:
    """All that goes for these runs."""
    yield from _of_all(runs)
    yield from _of_some(runs)


def _of_all(runs: Sequence[Measured]) -> Iterator[str]:
    worlds = sorted({run.facts.run.world for run in runs})
    scenarios = sorted({run.facts.run.scenario for run in runs})
    margins_us = sorted({run.facts.run.margin_us for run in runs})
    if "sim" in worlds:
        yield "time was simulated, which shows how programs wait for each other, and not how late this machine is"
    if len(worlds) > 1:
        yield f"runs are of different worlds ({', '.join(worlds)})"
    if len(scenarios) > 1:
        yield f"runs are of different scenarios ({'; '.join(scenarios)})"
    if len(margins_us) > 1:
        yield f"runs have different margins; the smallest, {margins_us[0]} us, was taken"


def _of_some(runs: Sequence[Measured]) -> Iterator[str]:
    seeds = Counter((run.of, run.facts.run.seed) for run in runs)
    told = frozenset[tuple[int, int]]().union(*(run.told for run in runs))
    if lossy := [run for run in runs if run.trace.dropped_records or run.trace.damaged_files]:
        yield f"trace records are missing of {_named(lossy)}: their delays are not those of the whole run"
    if silent := [run for run in runs if told - run.told]:
        yield f"a stream that others have has no period lateness in {_named(silent)}, where it does not count"
    if other := [run for run in runs if any(device.pacing != run.facts.run.pacing for device in run.facts.devices)]:
        yield f"a device was paced otherwise than the scenario says in {_named(other)}"
    if alike := [run for run in runs if seeds[run.of, run.facts.run.seed] > 1]:
        yield f"{_named(alike)} have a seed in common: their folder may hold more than one experiment"


def _named(runs: Sequence[Measured]) -> str:
    names = [run.folder.name for run in runs]
    return ", ".join(names) if len(names) <= FEW else f"{len(names)} of the runs"
