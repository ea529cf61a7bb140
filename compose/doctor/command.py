"""`vsnd doctor`."""

import sys
from collections.abc import Sequence

from rich.console import Console

from backend.config import ConfigError
from compose.doctor.areas import AREAS, examine
from compose.doctor.finding import Answer
from compose.doctor.machine import Machine
from compose.doctor.report import as_json as json_of
from compose.doctor.report import show


def say_health(areas: Sequence[str], *, as_json: bool, machine: Machine | None = None) -> None:
    """Say how this machine is.  Exits with 1 if something is missing in an area that was named.

    Raises ConfigError for a name that is none.
    """
    unknown = [area for area in areas if area not in AREAS]
    if unknown:
        raise ConfigError(f"no area {unknown[0]!r}; there are: {', '.join(AREAS)}")
    findings = examine(machine or Machine(), areas or AREAS)
    if as_json:
        sys.stdout.write(json_of(findings) + "\n")
    else:
        show(Console(), findings, in_full=bool(areas))
    if areas and any(finding.ok is Answer.NO for finding in findings):
        sys.exit(1)
