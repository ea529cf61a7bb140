"""Findings for people and for programs: only what matters, what mends it, and what this machine is ready for."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compose.doctor.finding import Answer, Finding

MARKS = {Answer.YES: ("+", "green"), Answer.NO: ("-", "bold red"), Answer.UNKNOWN: ("?", "yellow")}


class Summary(msgspec.Struct, frozen=True):
    """By purpose, in the order of the areas."""

    ready_for: list[str]
    not_ready_for: dict[str, int]
    """With how many things are missing."""


class Report(msgspec.Struct, frozen=True):
    """What `--json` writes."""

    findings: list[Finding]
    summary: Summary


def summarise(findings: Sequence[Finding]) -> Summary:
    """A machine is ready for what nothing is missing for."""
    missing = dict.fromkeys((finding.needed_for for finding in findings), 0)
    for finding in findings:
        missing[finding.needed_for] += finding.ok is Answer.NO
    ready = [purpose for purpose, count in missing.items() if not count]
    return Summary(ready, {purpose: count for purpose, count in missing.items() if count})


def as_json(findings: list[Finding]) -> str:
    """The findings and their summary."""
    return msgspec.json.format(msgspec.json.encode(Report(findings, summarise(findings)))).decode()


def show(console: Console, findings: Sequence[Finding], *, in_full: bool) -> None:
    """The table, the commands (each on a line of its own, however long: it is to be copied), the summary."""
    console.print(_table(findings, in_full=in_full))
    _show_mends(console, [finding for finding in findings if finding.mend])
    _show_summary(console, summarise(findings))


def _table(findings: Sequence[Finding], *, in_full: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("area", "", "what", "seen"):
        table.add_column(heading, overflow="fold")
    for area, of_area in groupby(findings, lambda finding: finding.area):
        heading = area
        for mark, style, name, text in _rows(list(of_area), in_full=in_full):
            table.add_row(Text(heading, "bold"), Text(mark, style), Text(name), Text(text))
            heading = ""
    return table


def _rows(findings: list[Finding], *, in_full: bool) -> list[tuple[str, str, str, str]]:
    """Each finding; those that are as they should be in one row, unless all are to be seen."""
    shown = [finding for finding in findings if in_full or finding.ok is not Answer.YES]
    rows = [(*MARKS[finding.ok], finding.name, finding.text) for finding in shown]
    fine = ", ".join(finding.name for finding in findings if finding not in shown)
    return [*rows, (*MARKS[Answer.YES], "", fine)] if fine else rows


def _show_mends(console: Console, findings: Sequence[Finding]) -> None:
    if findings:
        console.print("\nWhat mends it:", style="bold")
    commands: dict[str, list[str]] = {}
    for finding in findings:
        names = commands.setdefault(finding.mend, [])
        if finding.name not in names:
            names.append(finding.name)
    for command, names in commands.items():
        console.print(Text(f"# {', '.join(names)}", "dim"), soft_wrap=True)
        console.print(Text(f"  {command}"), soft_wrap=True)


def _show_summary(console: Console, summary: Summary) -> None:
    console.print()
    if summary.ready_for:
        console.print(Text.assemble(("ready for: ", "green"), ", ".join(summary.ready_for)))
    if summary.not_ready_for:
        counted = [f"{purpose} ({_things(count)} missing)" for purpose, count in summary.not_ready_for.items()]
        console.print(Text.assemble(("not ready for: ", "bold red"), ", ".join(counted)))


def _things(count: int) -> str:
    return "1 thing" if count == 1 else f"{count} things"
