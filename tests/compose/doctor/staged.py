"""Machines that are staged: a folder for a root, an environment, and answers for what would be tried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compose.devices.asking import NoAnswerError
from compose.doctor.finding import Finding
from compose.doctor.machine import Machine

REFUSED = NoAnswerError("no sound server (Connection refused)", "start one")


@dataclass(kw_only=True)
class StagedProbes:
    """All is well, but for what is said."""

    required: list[str] = field(default_factory=list)
    versions: Mapping[str, str] = field(default_factory=dict)
    not_importable: Mapping[str, str] = field(default_factory=dict)
    not_loadable: Mapping[str, str] = field(default_factory=dict)
    denied: str = ""
    unreachable: str = ""
    no_fifo: str = ""
    sound_server: str = ""
    programs: Mapping[str, tuple[bool, str]] = field(default_factory=dict)
    """By the command, its words joined by blanks, as far as they are given."""

    def requirements(self) -> list[str]:
        return self.required

    def version(self, package: str) -> str:
        return self.versions.get(package, "")

    def import_error(self, module: str) -> str:
        return self.not_importable.get(module, "")

    def load_error(self, library: str) -> str:
        return self.not_loadable.get(library, "")

    def denial(self, path: Path) -> str:
        return self.denied

    def connect_error(self, path: Path) -> str:
        return self.unreachable

    def fifo_error(self) -> str:
        return self.no_fifo

    def server(self) -> str:
        if not self.sound_server:
            raise REFUSED
        return self.sound_server

    def run(self, command: Sequence[str]) -> tuple[bool, str]:
        said = " ".join(command)
        return next((answer for begin, answer in self.programs.items() if said.startswith(begin)), (False, "missing"))


def stage(
    root: Path,
    *,
    files: Mapping[str, str | bytes] | None = None,
    programs: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    probes: StagedProbes | None = None,
) -> Machine:
    """A machine with these files and these programs, and nothing else."""
    for name, content in (files or {}).items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    for program in programs:
        path = root / "usr/bin" / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    return Machine(root=root, environ={"HOME": "/home/ada", **(environ or {})}, probes=probes or StagedProbes())


def by_name(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The findings of one area."""
    return {finding.name: finding for finding in findings}
