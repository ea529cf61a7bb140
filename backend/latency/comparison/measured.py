"""Runs, measured: their figures in memory, their delays on the shelf."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.latency.build import measure
from backend.latency.comparison.folders import RunSet, facts_of, traces_of
from backend.latency.comparison.shelf import Key, Shelf
from backend.latency.facts import Facts
from backend.latency.measures.samples import StreamSamples, stream_samples
from backend.latency.records import TRACE_DTYPE
from backend.latency.result import Result, TraceFacts
from backend.latency.statistics.rates import Count

#: Called now and then: what is being done, and which part of all is done, from 0 to 1.
OnProgress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    number: int
    """On the shelf."""
    of: str
    """The name of its set."""
    folder: Path
    facts: Facts
    trace: TraceFacts
    gaps: int
    """That were heard, of all guests, after the warm-up."""
    told: frozenset[Key]
    """The streams of which there is period lateness."""

    @property
    def seconds(self) -> float:
        """Measured, without warm-up."""
        return self.facts.run.duration_s - self.facts.run.warm_up_s

    @property
    def underruns(self) -> Count:
        """Gaps in these seconds."""
        return Count(self.gaps, self.seconds)

    @property
    def looks_per_s(self) -> float:
        """How often the backend looked at its devices, warm-up included."""
        return self.facts.backend.looks / self._served_s

    @property
    def cpu_per_s(self) -> float | None:
        """Which part of a processor the backend took, warm-up included; None in simulated time."""
        if self.facts.run.world == "sim":
            return None
        usage = self.facts.backend.usage
        return (usage.cpu_s if usage else self.facts.backend.cpu_s) / self._served_s

    @property
    def _served_s(self) -> float:
        usage = self.facts.backend.usage
        return usage.seconds if usage else self.facts.run.duration_s


def measure_all(sets: Sequence[RunSet], shelf: Shelf, on_progress: OnProgress) -> list[Measured]:
    """Every run of every set.  Raises ConfigError, before anything is measured, and OSError."""
    found = [(runs.name, folder, facts_of(folder)) for runs in sets for folder in runs.folders]
    measured: list[Measured] = []
    for number, (of, folder, facts) in enumerate(found):
        on_progress(f"measuring {folder.name}", number / len(found))
        result, samples = measure(traces_of(folder), facts)
        shelf.put(number, samples)
        told = frozenset(key for key, stream in samples.items() if len(stream.period_lateness.at_ns))
        measured.append(Measured(number, of, folder, facts, result.trace, gaps_of(result), told))
    return measured


def gaps_of(result: Result) -> int:
    """How many gaps were heard, of all streams."""
    return sum(blame.gaps for guest in result.guests for stream in guest.streams for blame in stream.blame.values())


def nothing_of(runs: Sequence[Measured]) -> dict[Key, StreamSamples]:
    """For each stream of any run, samples that say nothing."""
    none = np.zeros(0, TRACE_DTYPE)
    return {
        (guest.domid, stream.stream): stream_samples(none, stream, None)
        for run in runs
        for guest in run.facts.guests
        for stream in guest.streams
    }


def names_of(runs: Sequence[Measured]) -> dict[Key, str]:
    """What people call each stream: its guest, and more where that has several, or another is called so too."""
    guests = {guest.domid: guest for run in runs for guest in run.facts.guests}
    counts = Counter(guest.title for guest in guests.values())
    found: dict[Key, str] = {}
    for domid, stream in nothing_of(runs):
        guest = guests[domid]
        name = guest.title if counts[guest.title] == 1 else f"{guest.title} (domain {domid})"
        found[domid, stream] = name if len(guest.streams) == 1 else f"{name}, stream {stream}"
    return found
