"""A kernel for virtual machines: Debian's own package, unpacked into a cache, never installed.

A container's kernel is its host's, and often has no sound at all.  Debian's generic kernel has every driver as a
module: real cards, loopback and dummy cards, Xen's frontend.  Fetching takes seconds, once for each version.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compose.vm.api import VmError

META_PACKAGE = "linux-image-amd64"
"""Depends on the current kernel's package."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """One unpacked kernel."""

    version: str
    image: Path
    modules: Path
    """What belongs at /lib/modules."""


def cache_folder() -> Path:
    """Where kernels are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vsnd"


def fetch_kernel(cache: Path) -> Kernel:
    """The current Debian kernel, unpacked below `cache`.  Raises VmError where it cannot be had."""
    package = _current_package()
    unpacked = cache / package
    if not unpacked.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _unpack(package, Path(scratch))
            (Path(scratch) / "root").rename(unpacked)
    version = package.removeprefix("linux-image-")
    return Kernel(version, unpacked / "boot" / f"vmlinuz-{version}", unpacked / "lib" / "modules")


def _current_package() -> str:
    for line in run(["apt-cache", "depends", META_PACKAGE]).splitlines():
        if "Depends: linux-image-" in line:
            return line.split()[-1]
    raise VmError(f"apt knows no {META_PACKAGE}: run `apt-get update`")


def _unpack(package: str, scratch: Path) -> None:
    run(["apt-get", "download", package], cwd=scratch)
    (archive,) = scratch.glob("*.deb")
    root = scratch / "root"
    run(["dpkg-deb", "--extract", str(archive), str(root)])
    run(["depmod", "--basedir", str(root), package.removeprefix("linux-image-")])


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """What a program of the system said.  Raises VmError when it is missing or fails."""
    if shutil.which(command[0]) is None:
        raise VmError(f"{command[0]} is missing: a virtual machine needs apt, dpkg, kmod, busybox-static and QEMU")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise VmError(f"{' '.join(command[:2])} failed: {said[-1] if said else done.returncode}")
    return done.stdout
