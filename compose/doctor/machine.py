"""The machine that is looked at: its files below a root, its environment, and what has to be tried.

Checks ask nothing else, so a test stages a machine: a folder for a root, a dictionary, and answers for what is tried.
Who we are and what we may is in /proc/self, so that is staged as files, too.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compose.doctor.probes import Probes, RealProbes
from hosts.rights import in_container


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """By itself, the one we are on."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    probes: Probes = field(default_factory=RealProbes)

    def path(self, name: str | Path) -> Path:
        """Where that absolute path is below the root."""
        return self.root / str(name).lstrip("/")

    def has(self, name: str | Path) -> bool:
        """Whether it is there, whatever it is; what we may not see is not."""
        try:
            return self.path(name).exists()
        except OSError:
            return False

    def text(self, name: str) -> str:
        """A file's text, stripped; empty where it cannot be read."""
        try:
            return self.path(name).read_text(errors="replace").strip()
        except OSError:
            return ""

    def names(self, folder: str, pattern: str = "*") -> list[str]:
        """The names in a folder, sorted; none where there is no folder, or none for us."""
        try:
            return sorted(found.name for found in self.path(folder).glob(pattern))
        except OSError:
            return []

    def program(self, name: str) -> bool:
        """Whether a program is on the PATH."""
        folders = self.environ.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").split(":")
        return any(os.access(self.path(folder) / name, os.X_OK) for folder in folders if folder)

    def denial(self, name: str | Path) -> str:
        """Why a file cannot be opened for reading and writing: "Permission denied"; empty if it can."""
        return self.probes.denial(self.path(name))

    @property
    def in_container(self) -> bool:
        """Whether we are in one, by the marks of Docker, Podman and systemd-nspawn."""
        return in_container(self.has, self.environ)

    @property
    def home(self) -> str:
        """Home, by the environment."""
        return self.environ.get("HOME", "/")

    @property
    def user_id(self) -> int:
        """Who we are, in effect."""
        uids = self._status("Uid")
        return uids[1] if len(uids) > 1 else 0

    @property
    def group_ids(self) -> frozenset[int]:
        """Our groups, all of them."""
        return frozenset((*self._status("Gid"), *self._status("Groups")))

    def group_id(self, name: str) -> int | None:
        """A group's number, by /etc/group."""
        found = re.search(rf"^{re.escape(name)}:[^:]*:(\d+):", self.text("/etc/group"), re.MULTILINE)
        return int(found[1]) if found else None

    def limit(self, name: str) -> str:
        """A soft limit from /proc/self/limits by its name there: a number or "unlimited"; empty if nothing is said."""
        found = re.search(rf"^{re.escape(name)} +(\d+|unlimited) ", self.text("/proc/self/limits"), re.MULTILINE)
        return found[1] if found else ""

    def _status(self, key: str) -> list[int]:
        found = re.search(rf"^{key}:\s*(.*)$", self.text("/proc/self/status"), re.MULTILINE)
        return [int(number) for number in found[1].split()] if found else []
