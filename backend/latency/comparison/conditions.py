"""Which runs were made alike, and which conditions are compared.

* Within a set and under one load: each pacing with the first, which is `timer` where there is one.  So a comparison
  says what interrupts (or anything else) are worth, measured by what everybody can have.
* Between sets: each other set with the first, under the same pacing and load.

The order is that in which a reader would ask.  It does not depend on that of the runs, which was drawn.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from backend.latency.comparison.measured import Measured
from backend.latency.comparison.result import Condition
from backend.latency.statistics.rates import rate, total
from backend.latency.statistics.sentence import Names

PACINGS = ("timer", "irq", "adaptive", "timer-naive")
"""In the order they are looked at; others follow by name."""
SPOKEN = {"irq": "interrupt"}
"""Pacings that are called otherwise in a sentence."""
IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that were made alike."""

    of: str
    pacing: str
    load: str
    runs: tuple[Measured, ...]

    @property
    def name(self) -> str:
        """Unique, for people: "irq", "irq, busy", "old: irq"."""
        load = "" if self.load == IDLE else f", {self.load}"
        return f"{self.of}: {self.pacing}{load}" if self.of else f"{self.pacing}{load}"

    @property
    def spoken(self) -> str:
        """What stands before "pacing" in a sentence, which says the load elsewhere."""
        return f"set {self.of}'s {spoken(self.pacing)}" if self.of else spoken(self.pacing)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups that differ in one thing."""

    first: Group
    second: Group

    @property
    def when(self) -> str:
        """What both have in common, as a sentence begins; nothing, if they were idle and there is but one set."""
        one_set = self.first.of == self.second.of
        of = f"in set {self.first.of}, " if self.first.of and one_set else ""
        return of if self.first.load == IDLE else f"{of}under load ({self.first.load}), "

    def names(self, at: str) -> Names:
        """As sentences name them."""
        if self.first.of != self.second.of:
            return Names(self.first.spoken, self.second.spoken, at)
        return Names(spoken(self.first.pacing), spoken(self.second.pacing), at)


def spoken(pacing: str) -> str:
    """What stands before "pacing" in a sentence."""
    return SPOKEN.get(pacing, pacing)


def grouped(runs: Sequence[Measured]) -> list[Group]:
    """The conditions there are: sets as given, idle before loads, pacings as PACINGS has them."""
    found: dict[tuple[str, str, str], list[Measured]] = {}
    for run in runs:
        found.setdefault((run.of, run.facts.run.load, run.facts.run.pacing), []).append(run)
    sets = list(dict.fromkeys(run.of for run in runs))

    def order(key: tuple[str, str, str]) -> tuple[int, bool, str, int, str]:
        of, load, pacing = key
        place = PACINGS.index(pacing) if pacing in PACINGS else len(PACINGS)
        return sets.index(of), load != IDLE, load, place, pacing

    return [Group(of, pacing, load, tuple(found[of, load, pacing])) for of, load, pacing in sorted(found, key=order)]


def pairs(groups: Sequence[Group]) -> list[Pair]:
    """What is compared with what, the most important first."""
    return [*_between_sets(groups), *_within_sets(groups)]


def _between_sets(groups: Sequence[Group]) -> list[Pair]:
    firsts = [group for group in groups if group.of == groups[0].of]
    return [
        Pair(first, second)
        for first, second in product(firsts, groups)
        if second.of != first.of and (second.pacing, second.load) == (first.pacing, first.load)
    ]


def _within_sets(groups: Sequence[Group]) -> list[Pair]:
    """By set, then by pacing; of each, idle first."""
    found: list[Pair] = []
    for of, load in dict.fromkeys((group.of, group.load) for group in groups):
        first, *others = [group for group in groups if (group.of, group.load) == (of, load)]
        found += [Pair(first, other) for other in others]
    sets, pacings = [group.of for group in groups], [group.pacing for group in groups]
    return sorted(found, key=lambda pair: (sets.index(pair.second.of), pacings.index(pair.second.pacing)))


def condition(group: Group, beside: Path) -> Condition:
    """The figures of a group, for a comparison that is written into the folder `beside`."""
    underruns = total([run.underruns for run in group.runs])
    hz = rate(underruns)
    cpu = [run.cpu_per_s for run in group.runs if run.cpu_per_s is not None]
    return Condition(
        name=group.name,
        pacing=group.pacing,
        load=group.load,
        of=group.of,
        runs=[os.path.relpath(run.folder, beside) for run in group.runs],
        seconds=underruns.seconds,
        looks_per_s=sum(run.looks_per_s for run in group.runs) / len(group.runs),
        cpu_ms_per_s=1000 * sum(cpu) / len(cpu) if cpu else None,
        underruns=round(underruns.events),
        underruns_per_s=hz.value_hz,
        underruns_low_per_s=hz.low_hz,
        underruns_high_per_s=hz.high_hz,
    )
