"""A fleet on the terminal: a line for each run of each host, within 80 columns."""

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from backend.latency.table import milliseconds
from compose.fleet.report import Fleet, Host, HostRun

HEADINGS = ("under-\nruns", "late\np50", "\np90", "\np99", "\nmax")


def table(fleet: Fleet) -> Table:
    """Underruns, and the lateness of each host's worst stream."""
    shown = Table(
        title="Lateness of the worst stream, ms",
        box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, header_style="dim",
    )  # fmt: skip
    for heading in ("host", "run", "guests"):
        shown.add_column(heading, overflow="fold", vertical="bottom")
    for heading in HEADINGS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for host in fleet.hosts:
        for run in host.runs:
            shown.add_row(*_cells(host, run))
        if host.lost:
            shown.add_row(Text(host.name), Text("lost", style="bold red"))
    return shown


def _cells(host: Host, run: HostRun) -> list[Text]:
    """Text, not markup: brackets in a name are only brackets."""
    late = run.lateness
    return [
        Text(host.name),
        Text(run_name(run)),
        Text(", ".join(run.guests)),
        Text(str(run.underruns), style="bold red" if run.underruns else "green"),
        *(Text(milliseconds(ns)) for ns in (late.p50_ns, late.p90_ns, late.p99_ns, late.max_ns)),
    ]


def run_name(run: HostRun) -> str:
    """What it was, short."""
    return run.pacing if run.load == "idle" else f"{run.pacing}, {run.load}"
