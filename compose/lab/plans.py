"""What each container of a block is told: its command, and the files that its command reads.  Pure, but for recordings.

Inside, the output folder is /out and the machine /machine, whatever they are called out here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from backend.config import BackendConfig
from backend.latency.truth.marker import MARKERS
from compose.facts import Block
from compose.lab.dom0 import Plan as Dom0Plan
from compose.lab.specs import MACHINE, OUT
from compose.load import processes as loading
from compose.plan import READS, TRACES, WRITES, backend_config, backend_records, generation
from compose.scenario import RECORDINGS, GuestSpec, find_recording

PLAN = "plan.json"

LIVES_MAX = 16
"""Of one guest's recordings, as many are taken: machines that it outlived, and one."""

PASSED_IN = {"server", "cookie"}
"""Options of a sound server's devices that are for whoever passes it in."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a container is to do."""

    command: tuple[str, ...]
    files: Mapping[str, bytes]
    """In its output folder."""


def dom0_told(block: Block, *, comings: bool = False) -> Told:
    """Dom0's; the files that devices record from are made on the way, in the block's folder."""
    config, files = _moved(backend_config(block))
    plan = Dom0Plan(
        machine=str(MACHINE),
        out=str(OUT),
        guests=carded(block),
        later=loading.hostiles(block),
        config=config,
        records=backend_records(block),
        comings=comings,
    )
    return Told((str(OUT / PLAN),), {PLAN: msgspec.json.encode(plan), **files})


def guest_told(block: Block, guest: GuestSpec, duration_s: float, number: int = 0) -> Told:
    """A guest's that plays and records what the scenario says, for so long, and was started so many times before."""
    arguments = str(MACHINE), str(OUT / PLAN), str(OUT), str(OUT), str(duration_s), str(number)
    files = {PLAN: msgspec.json.encode(guest)}
    for stream in guest.streams:
        if stream.plays not in {None, MARKERS}:
            path = find_recording(str(stream.plays), block.beside)
            if path.parent != RECORDINGS:  # those are in the image
                files[path.name] = path.read_bytes()
    return Told(("compose.domains", "guest", *arguments), files)


def load_told(part: loading.Part, name: str) -> Told:
    """That of a load's container of that name."""
    module, plan = part
    return Told((module, str(OUT / PLAN), str(OUT / load_leaves(name))), {PLAN: msgspec.json.encode(plan)})


def hostile_told(domid: int) -> Told:
    """That of a guest which waits to be let in, and floods."""
    files = {PLAN: msgspec.json.encode(loading.flood_plan(Path(MACHINE), domid))}
    return Told(("compose.chaos.hostile", str(OUT / PLAN), str(OUT / "said")), files)


def load_leaves(name: str) -> str:
    """What is taken from a load's container."""
    return f"{name}{loading.REPORT}"


def carded(block: Block) -> list[GuestSpec]:
    """All who have a card: the guests, and one that floods, which is like the first of them."""
    flooder = loading.flooder(block)
    return [*block.scenario.guests, *([flooder] if flooder is not None else [])]


def guest_leaves(guest: GuestSpec, number: int = 0) -> set[str]:
    """The files that are taken from a guest, and no others: what is in its volume is its own.

    `number`: it was started so many times before.  What it records on a machine that comes in the place of another has
    the next numbers.
    """
    trace = generation(Path(TRACES) / f"guest-{guest.id}.vtrace", number)
    names = [Path(stream.records) for stream in guest.streams if stream.records is not None]
    recordings = {str(generation(name, life)) for name in names for life in range(number, number + LIVES_MAX)}
    return {f"guest-{guest.id}.json", str(trace), *recordings}


def _moved(config: BackendConfig) -> tuple[BackendConfig, dict[str, bytes]]:
    """The same for devices whose files are in /out, and the files that they read.

    A sound server is where Dom0's environment says (`compose.lab.sound`), not where it is out here.
    """
    files: dict[str, bytes] = {}
    devices: dict[str, dict[str, object]] = {}
    for name, options in config.devices.items():
        devices[name] = {key: value for key, value in options.items() if key not in PASSED_IN}
        for key in (WRITES | READS) & options.keys():
            path = Path(str(options[key]))
            devices[name][key] = str(OUT / path.name)
            if key in READS:
                files[path.name] = path.read_bytes()
    return msgspec.structs.replace(config, devices=devices), files
