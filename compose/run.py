"""Running a scenario from its file: one block for each pacing, load and repeat, the result of each, and what they say.

An experiment goes in rounds.  Each has every pacing under every load once, in an order drawn from the seed.  So what
changes on the machine in minutes meets all of them alike, and nobody is always first.
"""

import os
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from backend.config import ConfigError
from backend.latency.facts import FACTS, write_facts
from backend.latency.result import Result
from compose.clients.spec import refuse_clients
from compose.facts import Block
from compose.faults import DRAWN
from compose.fleet.spec import refuse_hosts
from compose.load.spec import IDLE
from compose.otherwise import settle
from compose.report.bar import LateBar
from compose.report.gate import OPEN_GATE, Gate
from compose.scenario import SCENARIOS, Scenario, read_scenario
from compose.worlds.api import World

WORLDS = ("processes", "docker", "sim")


def run_file(path: Path, world: str, out: Path, seed: int | None, gate: Gate = OPEN_GATE) -> None:
    """Run the scenario in `path`, or of that name, and say what came out; exit with 1 where that breaks a rule.

    Raises ConfigError, RunError, OSError.
    """
    path = find_scenario(path)
    scenario = say_settled(read_scenario(path), simulated=world == "sim")
    both_ways = [name + way for name in scenario.devices for way in ("", " (capture)")]
    names = [*(guest.title for guest in scenario.guests), *(client.name for client in scenario.clients)]
    gate.check_names(names, both_ways)
    if world != "processes":
        refuse_clients(scenario.clients, str(path))
    seed = scenario.seed if seed is None else seed
    if scenario.hosts and world == "docker":
        _run_fleet(path, scenario, out, seed, gate)
        return
    refuse_hosts(scenario.hosts, str(path))
    place = find_world(world)
    check_breaks(scenario, place, str(path))
    say_unlimited(scenario, place, world)
    blocks = list(plan_blocks(scenario, path.parent, out, seed))
    for block in blocks:
        make_folder(block.out)
    console = Console()
    with Bars(blocks, console) as bars:
        for block in blocks:
            say_block(_run_block(place, block, bars), block, len(blocks), console)
    if len(blocks) > 1:
        say_comparison([block.out for block in blocks], out, console)
    gate.judge([block.out for block in blocks])


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
    if name == "docker":
        return _docker_world()
    if name == "sim":
        from compose.worlds.sim import SimWorld

        return SimWorld()
    raise ConfigError(f"--world: {name!r} is none of: {', '.join(WORLDS)}")


def check_breaks(scenario: Scenario, world: World, source: str) -> None:
    """See that the world can break what the scenario wants broken.  Raises ConfigError."""
    for number, what in enumerate(fault.what for fault in scenario.faults):
        if what not in world.breaks:
            known = ", ".join(sorted(world.breaks)) or "nothing"
            raise ConfigError(f"{source}: faults[{number}].what: {what!r}: this world breaks only: {known}")
    if scenario.random_faults and not world.breaks.issuperset(DRAWN):
        raise ConfigError(f"{source}: random_faults: this world does not break all that is drawn")


def _run_fleet(path: Path, scenario: Scenario, out: Path, seed: int, gate: Gate) -> None:
    from compose.lab.needs import need_sdk

    need_sdk()
    from compose.fleet.run import run_fleet

    run_fleet(path, scenario, out, seed, gate)


def _docker_world() -> World:
    from compose.lab.needs import need_sdk

    need_sdk()
    from compose.worlds.docker import local_world

    return local_world(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201


def say_settled(scenario: Scenario, *, simulated: bool = False) -> Scenario:
    """The scenario with devices that are there; says which are not."""
    settled, said = settle(scenario, simulated=simulated)
    for line in said:
        print(line, file=sys.stderr)  # noqa: T201
    return settled


def say_unlimited(scenario: Scenario, world: World, name: str) -> None:
    """Say what of the scenario this world does not do."""
    limited = [f"{g.id}" for g in scenario.guests if g.cpu_limit is not None or g.memory_mb is not None]
    if limited and not world.limits:
        print(  # noqa: T201
            f"The world {name} does not hold guests to cpu_limit and memory_mb ({', '.join(limited)}); docker does.",
            file=sys.stderr,
        )


def plan_blocks(scenario: Scenario, beside: Path, out: Path, seed: int) -> Iterator[Block]:
    """The runs of a scenario: in each round every pacing under every load once, in an order drawn from the seed.

    A single run has the output folder for itself; several have one each below it.
    """
    order = random.Random(seed)  # noqa: S311  # an experiment's order, repeatable
    digits = max(2, len(str(scenario.runs)))
    number = 0
    for _ in range(scenario.repeats):
        rounds = list(product(scenario.pacing, scenario.load))
        order.shuffle(rounds)
        for pacing, load in rounds:
            number += 1
            name = f"{number:0{digits}}-{pacing}" + ("" if load == IDLE else f"-{load}")
            folder = out if scenario.runs == 1 else out / name
            yield Block(scenario, beside, pacing, seed + number - 1, folder, datetime.now(UTC), load)


def make_folder(folder: Path) -> None:
    """Make the folder, and see that it can be written.  Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out: {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"--out: {folder}: no permission to write there")


class Bars:
    """How far the run is, and how far the experiment, with what remains of each."""

    def __init__(self, blocks: Sequence[Block], console: Console) -> None:
        columns = (
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn()
        )  # fmt: skip
        self._progress = Progress(*columns, console=console, transient=True)
        total_s = sum(block.scenario.duration_s for block in blocks)
        self._all: TaskID | None = None
        if len(blocks) > 1:
            self._all = self._progress.add_task("all runs", total=total_s, at="")
        self._one: TaskID | None = None
        self._before_s = 0.0
        self._begun = 0
        self._blocks = len(blocks)

    def begin(self, block: Block) -> None:
        """The next run begins."""
        if self._one is not None:
            self._progress.remove_task(self._one)
        what = block.pacing if block.load == IDLE else f"{block.pacing}, {block.load}"
        title = f"{block.scenario.name}: {what}"
        self._one = self._progress.add_task(title, total=block.scenario.duration_s, at="starting")
        self._begun += 1
        if self._all is not None:
            self._progress.update(self._all, at=f"{self._begun} of {self._blocks}")

    def show(self, passed_s: float, at: str) -> None:
        """So much of its sound has passed."""
        assert self._one is not None
        self._progress.update(self._one, completed=passed_s, at=at)
        if self._all is not None:
            self._progress.update(self._all, completed=self._before_s + passed_s)

    def end(self, block: Block) -> None:
        """The run has been made."""
        self._before_s += block.scenario.duration_s

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._progress.stop()


def _run_block(world: World, block: Block, bars: Bars) -> Result:
    from backend.latency.build import build

    duration_s = block.scenario.duration_s
    bars.begin(block)
    facts = world.run(block, lambda passed_s: bars.show(passed_s, f"{passed_s:.1f} of {duration_s:g} s"))
    bars.show(duration_s, "measuring")
    write_facts(facts, block.out / FACTS)
    result = build(block.out, facts)
    bars.end(block)
    return result


def say_block(result: Result, block: Block, of: int, console: Console) -> None:
    """What came of a run: all of it if there is but one, else a line."""
    from backend.latency.comparison.measured import gaps_of
    from backend.latency.page.render import counted
    from backend.latency.table import table

    if of == 1:
        console.print(table(result))
        say_clients(result, console)
        _say_where(block.out, console)
        return
    streams = [stream for guest in result.guests for stream in guest.streams]
    late = [summary.p90 for stream in streams if (summary := stream.period_lateness_ns) and summary.p90 is not None]
    lateness = f"p90 of period lateness {max(late) / 1e6:.1f} ms at worst, " if late else ""
    gaps = f"{counted(gaps_of(result), 'gap')} heard after the warm-up"
    underruns = f"{counted(sum(stream.underruns for stream in streams), 'underrun')} counted by guests"
    console.print(f"{block.out.name}: {lateness}{gaps}, {underruns}", highlight=False, soft_wrap=True)
    say_clients(result, console)


def say_clients(result: Result, console: Console) -> None:
    """What is said of local applications only."""
    from backend.latency.clients import client_lines

    for line in client_lines(result):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def say_comparison(folders: Sequence[Path], out: Path, console: Console) -> None:
    """What these runs say of each other; `out` is where to put that."""
    from backend.latency.comparison.build import compare_sets
    from backend.latency.comparison.folders import RunSet

    with LateBar(console) as bar:
        comparison = compare_sets([RunSet("", tuple(folders))], out, bar)
    for verdict in comparison.verdicts:
        console.print(verdict, highlight=False, markup=False)
    _say_where(out, console)


def _say_where(out: Path, console: Console) -> None:
    console.print(f"Everything is in {out}: open {out / 'report.html'} in a browser.", soft_wrap=True)
