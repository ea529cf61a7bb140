"""The page above all hosts: a summary by host, with links to each one's own report; and what may be compared.

The page is `fleet.html.j2`, among the pages of runs and comparisons, since it is made like them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from backend.latency.files import replace_file
from backend.latency.page.render import counted, page
from backend.latency.table import NOT_SAID
from compose.fleet.report import Fleet, Host, HostRun
from compose.fleet.show import run_name
from compose.fleet.timing import Timing

REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Row:
    """One run on one host."""

    host: Host
    run: HostRun
    name: str
    link: str
    """To its own report."""


@dataclass(frozen=True, slots=True)
class Began:
    """What is known of when a run began on which host, and by which clock."""

    host: str
    run: str
    after_ns: int
    """How much later than the first of them it was told to begin."""
    timing: Timing


def write_page(fleet: Fleet, path: Path) -> None:
    """Write it.  Raises OSError."""
    replace_file(path, render(fleet).encode())


def render(fleet: Fleet) -> str:
    """The page."""
    rows = [_row(host, run) for host in fleet.hosts for run in host.runs]
    return page(
        "fleet.html.j2",
        {},
        fleet=fleet,
        headline=headline(fleet),
        rows=rows,
        lost=[host for host in fleet.hosts if host.lost],
        together=[(host.name, f"{quote(host.name)}/{REPORT}") for host in fleet.hosts if len(host.runs) > 1],
        began=list(_began(rows)),
        shared=shared_machines(fleet.hosts),
        not_said=NOT_SAID,
    )


def headline(fleet: Fleet) -> str:
    """The fleet in one sentence."""
    runs = [run for host in fleet.hosts for run in host.runs]
    guests = sum(len(host.runs[0].guests) for host in fleet.hosts if host.runs)
    underruns = sum(run.underruns for run in runs)
    lost = [host.name for host in fleet.hosts if host.lost]
    who = f"{counted(guests, 'guest')} on {counted(len(fleet.hosts), 'host')}"
    how = counted(underruns, "underrun") if underruns else "no underruns"
    gone = f"; lost: {', '.join(lost)}" if lost else ""
    return f"{who}, {how} in {counted(len(runs), 'run')}{gone}."


def shared_machines(hosts: Sequence[Host]) -> list[list[str]]:
    """Names of hosts that are one machine, by the id of its boot: they share its processors."""
    boots = sorted((run.timing.before.boot, host.name) for host in hosts for run in host.runs[:1] if run.timing)
    found = [[name for _, name in group] for _, group in groupby(boots, key=lambda pair: pair[0])]
    return [names for names in found if len(names) > 1]


def _row(host: Host, run: HostRun) -> Row:
    return Row(host, run, run_name(run), f"{quote(run.folder)}/{REPORT}")


def _began(rows: Sequence[Row]) -> Iterator[Began]:
    """Runs with the same number were told to begin together."""
    firsts: dict[int, int] = {}
    numbered = [(row, row.host.runs.index(row.run), row.run.timing) for row in rows]
    for _, number, timing in numbered:
        if timing is not None:
            firsts[number] = min(firsts.get(number, timing.go_ns), timing.go_ns)
    for row, number, timing in numbered:
        if timing is not None:
            yield Began(row.host.name, row.name, timing.go_ns - firsts[number], timing)
