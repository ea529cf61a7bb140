"""Folders of runs: which there are, what each must hold, and which belong together.

A run's folder holds `facts.json` and `trace/*.vtrace`.  One that holds only half of that is a run that came to grief.
It is refused, not passed over: a run that failed is news of its pacing, and whoever leaves it out should know.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from backend.config import ConfigError
from backend.latency.build import TRACES
from backend.latency.facts import FACTS, Facts, read_facts
from backend.wrong import describe


@dataclass(frozen=True, slots=True)
class RunSet:
    """Runs that somebody put together: of one machine, or of one version."""

    name: str
    """Empty where there is but one set."""
    folders: tuple[Path, ...]


def is_run(folder: Path) -> bool:
    """Whether a run left its folder here, whole or not."""
    return (folder / FACTS).is_file() or (folder / TRACES).parent.is_dir()


def runs_in(folder: Path) -> tuple[Path, ...]:
    """The folder itself if it is a run's, else all runs directly below it, by name.  Raises ConfigError for none."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; want that of a run, or of several runs")
    found = (folder,) if is_run(folder) else tuple(sorted(filter(is_run, folder.iterdir())))
    if not found:
        raise ConfigError(f"{folder}: no run in it, nor in a folder below; want {FACTS} and {TRACES}")
    return found


def run_sets(folders: Sequence[Path]) -> list[RunSet]:
    """A set for each folder, each with a name of its own.  Raises ConfigError."""
    if len(folders) == 1:
        return [RunSet("", runs_in(folders[0]))]
    whole = [folder.resolve() for folder in folders]
    twice = [folder for folder, path in zip(folders, whole, strict=True) if whole.count(path) > 1]
    if twice:
        raise ConfigError(f"{twice[0]}: named twice; a set cannot be compared with itself")
    depth = next(n for n in range(1, 1000) if len({path.parts[-n:] for path in whole}) == len(whole))
    return [
        RunSet(os.path.join(*path.parts[-depth:]), runs_in(folder))  # noqa: PTH118  # a name, not a path
        for folder, path in zip(folders, whole, strict=True)
    ]


def facts_of(folder: Path) -> Facts:
    """What the run in this folder tells.  Raises ConfigError that names the folder and what is missing or wrong."""
    if not (folder / FACTS).is_file():
        raise ConfigError(f"{folder}: no {FACTS}: the run did not end; move the folder away to go on without it")
    if not traces_of(folder):
        raise ConfigError(f"{folder}: no {TRACES}: without its traces a run cannot be measured again")
    try:
        facts = read_facts(folder / FACTS)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{folder / FACTS}: {describe(error, Facts)}") from error
    except msgspec.DecodeError as error:
        raise ConfigError(f"{folder / FACTS}: not JSON: {error}") from error
    if facts.run.duration_s <= facts.run.warm_up_s:
        raise ConfigError(f"{folder / FACTS}: run.duration_s: nothing is left of it after run.warm_up_s")
    return facts


def traces_of(folder: Path) -> list[Path]:
    """The trace files of a run."""
    return sorted(folder.glob(TRACES))
