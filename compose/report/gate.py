"""What CI asks of runs: `--fail-if` and `--junit`, of `vsnd report` and `vsnd run`.

Runs are judged from what they left on disk.  So it is all the same whether they were made just now or last year.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from backend.config import ConfigError
from backend.latency.build import measure
from backend.latency.comparison.folders import facts_of, traces_of
from compose.report.judge import judge
from compose.report.junit import Suite, write_junit
from compose.report.rules import Rule, read_rule


@dataclass(frozen=True, slots=True)
class Gate:
    """Rules that no run may break, and where to say it in JUnit's XML."""

    rules: tuple[Rule, ...]
    junit: Path | None

    def check_names(self, guests: Sequence[str], devices: Sequence[str]) -> None:
        """Raises ConfigError where a rule names what a run with these guests and devices does not have."""
        for rule in self.rules:
            rule.check_names(guests, devices)

    def judge(self, folders: Sequence[Path]) -> None:
        """Say which rules are broken, by which of these runs.  Exits with 1 if any is.  Raises ConfigError, OSError."""
        if not self.rules and self.junit is None:
            return
        suites = [self._suite(folder) for folder in folders]
        if self.junit is not None:
            write_junit(suites, self.junit)
        broken = [(suite, finding) for suite in suites for finding in suite.findings if finding.broken]
        for suite, finding in broken:
            typer.echo(f"vsnd: {suite.name}: {finding.rule.text}: {finding.said}", err=True)
        if broken:
            sys.exit(1)

    def _suite(self, folder: Path) -> Suite:
        result, samples = measure(traces_of(folder), facts_of(folder))
        return Suite(str(folder), result, [judge(rule, result, samples) for rule in self.rules])


OPEN_GATE = Gate((), None)
"""No rules."""


def read_gate(fail_if: Sequence[str], junit: Path | None) -> Gate:
    """Read the rules, before anything runs.  Raises ConfigError."""
    if junit is not None and not junit.absolute().parent.is_dir():
        raise ConfigError(f"--junit: {junit}: there is no folder {junit.parent}")
    return Gate(tuple(read_rule(rule) for rule in fail_if), junit)
