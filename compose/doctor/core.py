"""The core: Python and the packages that everything needs, simulated time included."""

import platform
import re
from collections.abc import Iterator

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine

AREA = Area("core", "simulation and virtual cards")
REQUIREMENT = re.compile(r"^([A-Za-z0-9_.-]+)>=([0-9.]+)$")
"""One of the core's: those of extras have a condition behind them."""


def core(machine: Machine) -> Iterator[Finding]:
    """Every package that vsnd's own metadata names, at the least version that it names, importable."""
    yield AREA.good("Python", platform.python_version())
    requirements = [found for line in machine.probes.requirements() if (found := REQUIREMENT.match(line))]
    if not requirements:
        yield AREA.note("packages", "vsnd is not installed, so nothing says what it requires", "pip install -e .")
    for package, least in (found.groups() for found in requirements):
        yield _package(machine, package, least)


def _package(machine: Machine, package: str, least: str) -> Finding:
    mend = f"pip install '{package}>={least}'"
    version = machine.probes.version(package)
    if not version:
        return AREA.bad(package, "is missing", mend)
    if _numbers(version) < _numbers(least):
        return AREA.bad(package, f"{version} is older than {least}", mend)
    if error := machine.probes.import_error(package):  # each package's module has its name
        return AREA.bad(package, f"{version} cannot be imported: {error}", f"pip install --force-reinstall {package}")
    return AREA.good(package, version)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
