"""What a container took and was denied, as the kernel counts it for its control group; read from inside.

Docker shows a container its own group under /sys/fs/cgroup, in both versions of control groups.  Their files have other
names and units: microseconds in version 2, nanoseconds in version 1.
"""

import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec

ROOT = Path("/sys/fs/cgroup")

LOGS = "logs"
"""The folder of an output folder where a container leaves this, under its own name."""


class Figures(msgspec.Struct, frozen=True):
    """Of all its processes, from its start; None where this kernel does not say."""

    cpu_ns: int | None
    throttled_ns: int | None
    """How long it was not let run, having used up its share."""
    throttled_periods: int | None
    """In how many periods of 100 ms that happened."""
    memory_peak_octets: int | None


def read_figures(root: Path = ROOT) -> Figures:
    """The figures of the group that is seen at `root`."""
    if (root / "cgroup.controllers").exists():
        stat = _table(root / "cpu.stat")
        return Figures(
            cpu_ns=_times_1000(stat.get("usage_usec")),
            throttled_ns=_times_1000(stat.get("throttled_usec")),
            throttled_periods=stat.get("nr_throttled"),
            memory_peak_octets=_number(root / "memory.peak"),
        )
    stat = _table(root / "cpu" / "cpu.stat")
    return Figures(
        cpu_ns=_number(root / "cpuacct" / "cpuacct.usage"),
        throttled_ns=stat.get("throttled_time"),
        throttled_periods=stat.get("nr_throttled"),
        memory_peak_octets=_number(root / "memory" / "memory.max_usage_in_bytes"),
    )


def figures_file(part: str) -> str:
    """Where in its output folder that container leaves its figures."""
    return f"{LOGS}/{part}.json"


def leave_figures(out: Path) -> None:
    """Write them into our output folder; a container's host name is what its run calls it."""
    path = out / figures_file(socket.gethostname())
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(read_figures()))


def _table(path: Path) -> Mapping[str, int]:
    lines = (line.split() for line in _text(path).splitlines())
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _times_1000(us: int | None) -> int | None:
    return None if us is None else us * 1000
