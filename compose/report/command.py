"""`vsnd report`: build again whatever runs have left the raw material for, and compare them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer
from rich.console import Console, RenderableType
from rich.text import Text

from backend.config import ConfigError
from backend.latency import result
from backend.latency.build import REPORT, build
from backend.latency.comparison import result as comparison
from backend.latency.comparison.build import compare_sets
from backend.latency.comparison.folders import RunSet, facts_of, run_sets
from backend.latency.table import table
from compose.fleet.rebuild import is_fleet, rebuild
from compose.report.bar import LateBar
from compose.report.gate import Gate
from compose.run import make_folder

OUT = Path("out/comparison")
SCHEMAS = {"result": result.schema, "comparison": comparison.schema}
REBUILDING, COMPARING = 0.6, 0.4
"""Which parts of the time they take, roughly, where both are done."""


def say_schema(name: str) -> None:
    """Print a JSON Schema.  Raises ConfigError."""
    if name not in SCHEMAS:
        raise ConfigError(f"--schema: {name!r} is none of: {', '.join(SCHEMAS)}")
    typer.echo(schema_text(name), nl=False)


def schema_text(name: str) -> str:
    """A JSON Schema, as it is published."""
    return msgspec.json.format(msgspec.json.encode(SCHEMAS[name]()), indent=2).decode() + "\n"


def report(folders: Sequence[Path], out: Path | None, gate: Gate, *, hosts: bool = False) -> None:
    """Rebuild the run, or the runs, of one folder; compare those of several.  Raises ConfigError, OSError.

    `hosts`: each folder below the one is a host's.
    """
    if not folders:
        raise ConfigError("report: want the folder of a run, of several runs, or several folders to compare")
    if len(folders) == 1 and out is not None:
        raise ConfigError("--out: is for a comparison of several folders; of one, everything stays where it is")
    if hosts and len(folders) > 1:
        raise ConfigError("--hosts: want one folder, with one below it for each host")
    if hosts or (len(folders) == 1 and is_fleet(folders[0])):
        rebuild(folders[0], gate)
        return
    sets = run_sets(folders)
    runs = [folder for runs in sets for folder in runs.folders]
    for folder in runs:
        facts = facts_of(folder)  # what is wrong is refused before anything is written
        gate.check_names([guest.name for guest in facts.guests], [device.name for device in facts.devices])
    console = Console()
    if len(folders) == 1:
        _rebuild(folders[0], sets, console)
    else:
        _compare(sets, out or OUT, console)
    gate.judge(runs)


def _rebuild(folder: Path, sets: Sequence[RunSet], console: Console) -> None:
    runs = list(sets[0].folders)
    built: list[result.Result] = []
    with LateBar(console) as bar:
        for number, run in enumerate(runs):
            bar(f"building {run.name}", number / len(runs) * REBUILDING)
            built.append(build(run, facts_of(run)))
        if len(runs) == 1:
            shown: list[RenderableType] = [table(built[0])]
        else:
            shown = _lines(compare_sets(sets, folder, lambda what, part: bar(what, REBUILDING + part * COMPARING)))
    _say(shown, folder if len(runs) > 1 else runs[0], console)


def _compare(sets: Sequence[RunSet], out: Path, console: Console) -> None:
    make_folder(out)
    with LateBar(console) as bar:
        shown = _lines(compare_sets(sets, out, bar))
    _say(shown, out, console)


def _lines(compared: comparison.Comparison) -> list[RenderableType]:
    """The verdicts.  Text, not markup: brackets in a name are only brackets."""
    return [Text(verdict) for verdict in compared.verdicts]


def _say(shown: Sequence[RenderableType], folder: Path, console: Console) -> None:
    for each in shown:
        console.print(each)
    console.print(f"Everything is in {folder}: open {folder / REPORT} in a browser.", soft_wrap=True, markup=False)
