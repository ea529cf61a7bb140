"""`vsnd report` of a fleet's folder: each host's runs built again from their traces, and the page above them.

A fleet's folder has `fleet.json`.  One that somebody else filled, a folder for each host (as from a Swarm's nodes,
docs/fleet.md), is made one by `--hosts`.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from backend.config import ConfigError
from backend.latency.build import build
from backend.latency.comparison.build import compare_sets
from backend.latency.comparison.folders import RunSet, facts_of
from backend.latency.facts import FACTS
from compose.fleet.page import REPORT, write_page
from compose.fleet.report import FLEET, gather, read_fleet, run_folders, write_fleet
from compose.fleet.show import table
from compose.report.bar import LateBar
from compose.report.gate import Gate

Named = tuple[str, str, str]
"""A host's name, its engine, and why it was lost."""


def is_fleet(folder: Path) -> bool:
    """Whether hosts left their folders there."""
    return (folder / FLEET).is_file()


def rebuild(folder: Path, gate: Gate) -> None:
    """Build everything again, and judge it.  Raises ConfigError, OSError."""
    scenario, hosts = _hosts(folder)
    runs = {name: _whole(folder / name, lost) for name, _, lost in hosts}
    facts = {run: facts_of(run) for found in runs.values() for run in found}  # what is wrong is refused at once
    guests = [guest.name for each in facts.values() for guest in each.guests]
    gate.check_names(guests, [device.name for each in facts.values() for device in each.devices])
    console = Console()
    with LateBar(console) as bar:
        for number, (run, each) in enumerate(facts.items()):
            bar(f"building {run.relative_to(folder)}", number / len(facts))
            build(run, each)
        for name, found in runs.items():
            if len(found) > 1:
                compare_sets([RunSet("", tuple(found))], folder / name)
    fleet = gather(folder, scenario or next(iter(facts.values())).run.scenario, hosts)
    write_fleet(fleet, folder / FLEET)
    write_page(fleet, folder / REPORT)
    console.print(table(fleet))
    console.print(f"Everything is in {folder}: open {folder / REPORT} in a browser.", soft_wrap=True, markup=False)
    gate.judge(list(facts))


def _hosts(folder: Path) -> tuple[str, Sequence[Named]]:
    """The scenario's name, where that is known, and the hosts."""
    if is_fleet(folder):
        fleet = read_fleet(folder / FLEET)
        return fleet.scenario, [(host.name, host.engine, host.lost) for host in fleet.hosts]
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; want one with a folder for each host")
    names = sorted(each.name for each in folder.iterdir() if each.is_dir() and run_folders(each))
    if not names:
        raise ConfigError(f"{folder}: --hosts: no folder below it holds a host's runs")
    return "", [(name, "", "") for name in names]


def _whole(host: Path, lost: str) -> list[Path]:
    """Its runs; of a host that was lost, those that it finished."""
    return [run for run in run_folders(host) if not lost or (run / FACTS).is_file()]
