"""What a fleet's runs come to, by host: `fleet.json` for programs, and above all hosts' folders a page for people.

It is made from what each host left in its folder, so it can be made again; who was lost is known from the fleet alone,
and kept.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from backend.config import ConfigError
from backend.latency.build import RESULT
from backend.latency.comparison.folders import is_run
from backend.latency.facts import Machine
from backend.latency.files import replace_file
from backend.latency.result import Stream, Summary, read_result
from compose.fleet.timing import Timing

FLEET = "fleet.json"
TIMING = "clock.json"
"""In a run's folder."""
SCHEMA_VERSION = 1


class Lateness(msgspec.Struct, frozen=True):
    """Period lateness of the stream that has the worst, for each figure by itself; None where no sample carries it."""

    p50_ns: int | None
    p90_ns: int | None
    p99_ns: int | None
    max_ns: int | None


class HostRun(msgspec.Struct, frozen=True):
    """One run on one host."""

    folder: str
    """From the fleet's own."""
    pacing: str
    load: str
    guests: list[str]
    underruns: int
    lateness: Lateness
    machine: Machine
    timing: Timing | None
    """None where nobody measured the host's clocks."""


class Host(msgspec.Struct, frozen=True):
    """One host."""

    name: str
    engine: str
    """As the scenario says it; empty where no scenario does."""
    lost: str
    """Why it did not come to its end; empty when it did."""
    runs: list[HostRun]
    """Those that are whole."""


class Fleet(msgspec.Struct, frozen=True):
    """All of them."""

    schema_version: int
    scenario: str
    hosts: list[Host]


def gather(out: Path, scenario: str, hosts: Iterable[tuple[str, str, str]]) -> Fleet:
    """From the folders below `out`; `hosts` are name, engine, and why it was lost.  Raises OSError, ConfigError."""
    return Fleet(SCHEMA_VERSION, scenario, [Host(*host, runs=_runs(out, host[0])) for host in hosts])


def write_fleet(fleet: Fleet, path: Path) -> None:
    """Write it.  Raises OSError."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(fleet), indent=2) + b"\n")


def read_fleet(path: Path) -> Fleet:
    """Read it back.  Raises ConfigError, OSError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Fleet)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}") from error


def run_folders(host: Path) -> list[Path]:
    """The runs of a host, whole or not: the folder itself, or those below it."""
    return [host] if is_run(host) else sorted(filter(is_run, host.iterdir())) if host.is_dir() else []


def _runs(out: Path, name: str) -> list[HostRun]:
    return [_run(out, folder) for folder in run_folders(out / name) if (folder / RESULT).is_file()]


def _run(out: Path, folder: Path) -> HostRun:
    try:
        result = read_result(folder / RESULT)
        timing = folder / TIMING
        measured = msgspec.json.decode(timing.read_bytes(), type=Timing) if timing.is_file() else None
    except msgspec.DecodeError as error:
        raise ConfigError(f"{folder}: {error}") from error
    streams = [stream for guest in result.guests for stream in guest.streams]
    return HostRun(
        folder=str(folder.relative_to(out)),
        pacing=result.run.pacing,
        load=result.run.load,
        guests=[guest.name for guest in result.guests],
        underruns=sum(stream.underruns for stream in streams),
        lateness=_worst(streams),
        machine=result.machine,
        timing=measured,
    )


def _worst(streams: Sequence[Stream]) -> Lateness:
    summaries = [summary for stream in streams if (summary := stream.period_lateness_ns) is not None]
    return Lateness(*(_most(summaries, figure) for figure in ("p50", "p90", "p99", "max")))


def _most(summaries: Sequence[Summary], figure: str) -> int | None:
    """Not carried by one stream's sample is not known of the worst."""
    values: list[int | None] = [getattr(summary, figure) for summary in summaries]
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None
