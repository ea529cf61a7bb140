"""`vsnd check backend` and `vsnd check frontend`, on the emulated machine."""

import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from compose.check.backend import RULES, check_backend
from compose.check.frontend import check_frontend
from compose.check.rule import Line
from compose.check.table import has_failed, summary, table, write_json
from hosts.emu.client import EmuHost
from hosts.loop import RealLoop


def run_backend_check(directory: Path, domain: int, device: int, json: Path | None) -> None:
    """Be guest `domain` and try its backend; exits with 1 when a rule is broken.  Raises HostError."""
    host = EmuHost(directory, domain, RealLoop())
    try:
        with Progress(transient=True) as progress:
            bar = progress.add_task("checking", total=len(RULES))
            lines = list(check_backend(host, device, lambda rule: progress.update(bar, advance=1, description=rule.id)))
    finally:
        host.close()
    _say(lines, f"the backend of domain {domain}", json)


def run_frontend_check(directory: Path, domain: int, device: int, json: Path | None) -> None:
    """Be the backend of guest `domain`, judge its frontend; exits with 1 when a rule is broken.  Raises HostError."""
    host = EmuHost(directory, 0, RealLoop())
    try:
        with Progress(transient=True) as progress:
            bar = progress.add_task("waiting", total=None)
            lines = list(
                check_frontend(
                    host, domain, device, lambda what: progress.update(bar, description=f"waiting for {what}")
                )
            )
    finally:
        host.close()
    _say(lines, f"the frontend of domain {domain}", json)


def _say(lines: Iterable[Line], title: str, json: Path | None) -> None:
    lines = list(lines)
    console = Console()
    console.print(table(lines, title))
    console.print(summary(lines))
    if json is not None:
        write_json(lines, json)
    if has_failed(lines):
        sys.exit(1)
