"""A scenario's parts, each started by somebody else: `python -m compose.parts dom0|guest`, as in compose.yaml.

The processes world starts all domains and hears from them.  Here they are containers, and what they share is folders:

    /machine/domN    the sockets of domain N; a guest has only its own
    /guests/N        Dom0's view of guest N's own /out, where it leaves its trace and its report
    /out             Dom0's: the sound, `result.json`, `report.html`, traces and logs

Dom0 is the machine, the toolstack and the backend.  It says that it is ready with a file, for a health check, and waits
as long as it takes until every guest has come and gone.  A guest may be hostile: no link in its folder is followed, and
what is read there is bounded.
"""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Any, NamedTuple

import msgspec
from rich.console import Console

from backend.config import ConfigError, check_device, read_toml
from backend.latency.build import build
from backend.latency.table import table
from backend.report import read_report
from compose.children import Child
from compose.clients.spec import refuse_clients
from compose.domains import run_guest
from compose.facts import Block, gather
from compose.fleet.spec import refuse_hosts
from compose.guest import GuestReport
from compose.plan import TRACES, attachment, backend_config
from compose.run import find_scenario, say_settled
from compose.scenario import GuestSpec, Scenario, read_scenario
from compose.toolstack import attach
from compose.worlds.api import RunError
from hosts.emu.client import open_store
from hosts.emu.storeclient import EmuStore

GLANCE_S = 0.1
REPORT_LIMIT_S = 5.0
"""From the moment a guest's domain is gone until its report must be there."""

THEIRS_OCTETS_MAX = 1 << 28
"""Of one file that a guest leaves: the trace of a day."""

Devices = dict[str, dict[str, Any]]


class Places(NamedTuple):
    """Where Dom0 finds and leaves things."""

    machine: Path
    guests: Path
    out: Path
    ready: Path


class Dom0:
    """The machine, the toolstack and the backend of one run."""

    def __init__(self, block: Block, places: Places) -> None:
        self._block = block
        self._places = places
        self._attached = [attachment(guest) for guest in block.scenario.guests]

    def run(self) -> None:
        """Serve until every guest has come and gone; leave the result.  Raises RunError, HostError."""
        with ExitStack() as running:
            parts = self._start(running)
            with open_store(self._places.machine, 0) as store:
                for card in self._attached:
                    attach(store, card)
                self._places.ready.touch()
                self._wait(store, parts)
        reports = [self._take_over(guest) for guest in self._block.scenario.guests]
        counted = read_report(self._block.out / "backend.json")
        result = build(self._block.out, gather(self._block, "docker", counted, reports))
        Console().print(table(result))

    def _start(self, running: ExitStack) -> list[Child]:
        machine, out = self._places.machine, self._block.out
        for folder in (out / "logs", out / TRACES):
            folder.mkdir(parents=True, exist_ok=True)
        domids = ",".join(str(guest.id) for guest in self._block.scenario.guests)
        others = os.umask(0o007)  # a guest has a user of its own, who may use the sockets of its group
        host = Child("host", ("hosts.emu", str(machine), "--guests", domids), out / "logs" / "host.log")
        os.umask(others)
        running.enter_context(host).wait_ready()
        plan = machine / "backend.json"
        plan.write_bytes(msgspec.json.encode(backend_config(self._block)))
        arguments = ("compose.domains", "backend", str(machine), str(plan), str(out))
        backend = running.enter_context(Child("backend", arguments, out / "logs" / "backend.log"))
        backend.wait_ready()
        return [host, backend]

    def _wait(self, store: EmuStore, parts: Sequence[Child]) -> None:
        """A domain that is gone has taken the directories of its card along."""
        while any(store.read(f"{card.frontend_path}/backend") is not None for card in self._attached):
            ended = [part for part in parts if part.status is not None]
            if ended:
                raise RunError("; ".join(f"{part.name} ended: {part.last_words()}" for part in ended))
            time.sleep(GLANCE_S)
        limit_s = time.monotonic() + REPORT_LIMIT_S
        while not all(self._report(guest).exists() for guest in self._block.scenario.guests):
            if time.monotonic() > limit_s:
                left = [g.title for g in self._block.scenario.guests if not self._report(g).exists()]
                raise RunError(f"no report of {', '.join(left)}: see the log of its container")
            time.sleep(GLANCE_S)

    def _report(self, guest: GuestSpec) -> Path:
        return self._places.guests / str(guest.id) / report_name(guest.id)

    def _take_over(self, guest: GuestSpec) -> GuestReport:
        """Copy the guest's trace and what it recorded to our own; its report.  Raises RunError."""
        folder, out = self._places.guests / str(guest.id), self._block.out
        trace = (TRACES, f"guest-{guest.id}.vtrace")
        (out / Path(*trace)).write_bytes(read_theirs(folder, *trace))
        for name in (stream.records for stream in guest.streams if stream.records):
            (out / name).write_bytes(read_theirs(folder, name))
        try:
            return msgspec.json.decode(read_theirs(folder, report_name(guest.id)), type=GuestReport)
        except (msgspec.DecodeError, ValueError) as error:
            raise RunError(f"{guest.title}: its report is none: {error}") from error


def report_name(domid: int) -> str:
    """What a guest calls its report, as `compose.domains` has it."""
    return f"guest-{domid}.json"


def read_theirs(folder: Path, *parts: str) -> bytes:
    """A file that a guest made in its folder, if it is one, and no link leads to it.  Raises RunError."""
    place = "/".join(parts)
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fd)
            os.close(fd)
            fd = inner
        found = os.fstat(fd)
        if not S_ISREG(found.st_mode) or found.st_size > THEIRS_OCTETS_MAX:
            raise RunError(f"{folder}: {place}: want a file of at most {THEIRS_OCTETS_MAX} octets")
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(THEIRS_OCTETS_MAX)
    except OSError as error:
        raise RunError(f"{folder}: {place}: {error.strerror}") from error
    finally:
        os.close(fd)


def on_devices(scenario: Scenario, file: Path) -> Scenario:
    """The scenario on other devices of the same names, as `[devices]` of a TOML file has them.  Raises ConfigError."""
    devices = read_toml(file, dict[str, Devices]).get("devices", {})
    for name, options in devices.items():
        if name not in scenario.devices:
            raise ConfigError(f"{file}: devices.{name}: the scenario has none of that name")
        check_device(name, options, str(file))
    return msgspec.structs.replace(scenario, devices={**scenario.devices, **devices})


def check_folders(path: Path, scenario: Scenario, places: Places) -> None:
    """See that somebody is here to be each guest, since it would be waited for for ever.  Raises ConfigError."""
    for number, guest in enumerate(scenario.guests):
        folder = places.guests / str(guest.id)
        if not folder.is_dir():
            here = ", ".join(sorted(each.name for each in places.guests.iterdir()))
            raise ConfigError(f"{path}: guests[{number}].id: {guest.id} has no {folder}: want only those of {here}")


def be_guest(path: Path, scenario: Scenario, domid: int, places: Places) -> None:
    """Be that guest of the scenario.  Raises ConfigError, HostError."""
    spec = next((guest for guest in scenario.guests if guest.id == domid), None)
    if spec is None:
        raise ConfigError(f"{path}: guests: none has the id {domid}")
    (places.out / TRACES).mkdir(exist_ok=True)
    plan = places.out / "plan.json"
    plan.write_bytes(msgspec.json.encode(spec))
    run_guest(places.machine, plan, places.out, path.parent, scenario.duration_s)


def main() -> None:
    """Be the part that the arguments name; a refusal is one line."""
    parser = argparse.ArgumentParser(prog="compose.parts", description="A part of a scenario.")
    parser.add_argument("part", choices=("dom0", "guest"))
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--domain", type=int, default=1)
    parser.add_argument("--devices", type=Path, help="Instead of the scenario's.")
    for name, folder in (("machine", "/machine"), ("guests", "/guests"), ("out", "/out"), ("ready", "/tmp/ready")):  # noqa: S108  # the container's own
        parser.add_argument(f"--{name}", type=Path, default=Path(folder))
    asked = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    places = Places(asked.machine, asked.guests, asked.out, asked.ready)
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(128 + caught))
    try:
        path = find_scenario(asked.scenario)
        scenario = read_scenario(path)
        refuse_hosts(scenario.hosts, str(path))
        refuse_clients(scenario.clients, str(path))
        if asked.part == "guest":
            be_guest(path, scenario, asked.domain, places)
            return
        if asked.devices is not None:
            scenario = on_devices(scenario, asked.devices)
        check_folders(path, scenario, places)
        scenario = say_settled(scenario)
        block = Block(scenario, path.parent, scenario.pacing[0], scenario.seed, places.out, datetime.now(UTC))
        Dom0(block, places).run()
    except (ConfigError, RunError, OSError) as refusal:
        sys.exit(f"vsnd: {refusal}")


if __name__ == "__main__":
    main()
