"""Which runs were made alike, and which conditions are compared.

* Within a set and under one load: each pacing with the first, which is `timer` where there is one.  So a comparison
  says what interrupts (or anything else) are worth, measured by what everybody can have.
* Within a set of one pacing: each load with the first, which is `idle` where there is one.  So it says what neighbours
  cost.  Where pacings differ too they are the question, and loads are the conditions that it is asked under.
* Between sets: each other set with the first, under the same pacing and load.

The order is that in which a reader would ask.  It does not depend on that of the runs, which was drawn.
"""

import os
from collections.abc import Iterator, Sequence
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
        """As sentences of its delays name it, which say the load elsewhere: "set old's interrupt pacing"."""
        return f"set {self.of}'s {spoken(self.pacing)}" if self.of else spoken(self.pacing)

    @property
    def machine(self) -> str:
        """What it is under that load, in a sentence."""
        return "the idle machine" if self.load == IDLE else f"the machine under load ({self.load})"


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
        return of if self.first.load == IDLE or self.of_loads else f"{of}under load ({self.first.load}), "

    @property
    def of_loads(self) -> bool:
        """Whether it is the load in which they differ."""
        return self.first.load != self.second.load

    def names(self, at: str) -> Names:
        """As sentences name them."""
        if self.of_loads:
            return Names(self.first.machine, self.second.machine, at)
        if self.first.of != self.second.of:
            return Names(self.first.spoken, self.second.spoken, at)
        return Names(spoken(self.first.pacing), spoken(self.second.pacing), at)


def spoken(pacing: str) -> str:
    """In a sentence."""
    return f"{SPOKEN.get(pacing, pacing)} pacing"


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


def _within_sets(groups: Sequence[Group]) -> Iterator[Pair]:
    """By set; of each, pacings, or loads where all have one pacing."""
    for of in dict.fromkeys(group.of for group in groups):
        first, *others = in_set = [group for group in groups if group.of == of]
        if any(other.pacing != first.pacing for other in others):
            yield from _between_pacings(in_set)
        else:
            yield from (Pair(first, other) for other in others)


def _between_pacings(groups: Sequence[Group]) -> list[Pair]:
    """By pacing; of each, idle first."""
    loads, pacings = dict.fromkeys(group.load for group in groups), [group.pacing for group in groups]
    alike = [[group for group in groups if group.load == load] for load in loads]
    found = [Pair(first, other) for first, *others in alike for other in others]
    return sorted(found, key=lambda pair: pacings.index(pair.second.pacing))


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
