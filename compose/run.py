"""Running a scenario from its file: one block for each pacing and repeat, then the result and the report of each."""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from backend.config import ConfigError
from compose.facts import Block
from compose.scenario import SCENARIOS, Scenario, read_scenario
from compose.worlds.api import World

WORLDS = ("processes", "sim")


def run_file(path: Path, world: str, out: Path, seed: int | None) -> None:
    """Run the scenario in `path`, or of that name, and say what came out.  Raises ConfigError, RunError, OSError."""
    path = find_scenario(path)
    scenario = read_scenario(path)
    place = find_world(world)
    if (scenario.faults or scenario.random_faults) and not place.breaks:
        raise ConfigError(f"{path}: faults: the world {world} breaks nothing so far; want --world sim")
    blocks = list(plan_blocks(scenario, path.parent, out, scenario.seed if seed is None else seed))
    for block in blocks:
        make_folder(block.out)
    console = Console()
    for block in blocks:
        _run_block(place, block, console)


def find_scenario(path: Path) -> Path:
    """The file, or the one of vsnd's own that is called so.  Raises ConfigError."""
    own = SCENARIOS / f"{path}.toml"
    if path.exists() or path.suffix:
        return path
    if not own.is_file():
        names = ", ".join(sorted(scenario.stem for scenario in SCENARIOS.glob("*.toml")))
        raise ConfigError(f"{path}: no such file, nor one of vsnd's own scenarios ({names})")
    return own


def find_world(name: str) -> World:
    """The world called `name`.  Raises ConfigError."""
    if name == "processes":
        from compose.worlds.processes import ProcessesWorld

        return ProcessesWorld()
    if name == "sim":
        from compose.worlds.sim import SimWorld

        return SimWorld()
    raise ConfigError(f"--world: {name!r} is none of: {', '.join(WORLDS)}")


def plan_blocks(scenario: Scenario, beside: Path, out: Path, seed: int) -> Iterator[Block]:
    """The runs of a scenario: each pacing once per repeat, in an order drawn from the seed.

    A single run has the output folder for itself; several have one each below it.
    """
    runs = scenario.pacing * scenario.repeats
    random.Random(seed).shuffle(runs)  # noqa: S311  # an experiment's order, repeatable
    for number, pacing in enumerate(runs):
        folder = out if len(runs) == 1 else out / f"{number + 1:02}-{pacing}"
        yield Block(scenario, beside, pacing, seed + number, folder, datetime.now(UTC))


def make_folder(folder: Path) -> None:
    """Make the folder, and see that it can be written.  Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out: {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"--out: {folder}: no permission to write there")


def _run_block(world: World, block: Block, console: Console) -> None:
    from backend.latency.build import build
    from backend.latency.table import table

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        duration_s = block.scenario.duration_s
        bar = progress.add_task(f"{block.scenario.name}, {block.pacing}", total=duration_s, at="starting")

        def show(passed_s: float) -> None:
            progress.update(bar, completed=passed_s, at=f"{passed_s:.1f} of {duration_s:g} s")

        facts = world.run(block, show)
        progress.update(bar, completed=duration_s, at="measuring")
        result = build(block.out, facts)
    console.print(table(result))
    console.print(f"Everything is in {block.out}: open {block.out / 'report.html'} in a browser.", soft_wrap=True)
