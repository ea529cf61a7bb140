"""A load in a world whose time is real: which processes to start for it, and what they say in the end."""

import os
from itertools import islice
from pathlib import Path

import msgspec

from backend.config import ConfigError
from compose.facts import Block
from compose.faults import HOSTILE_MAX
from compose.load import cpu, flood
from compose.load.spec import CpuLoad, FloodLoad, LoadReport
from compose.scenario import GuestSpec

REPORT = ".report"
"""What a part's file is called, in the end, beside its plan."""

DOMIDS = range(1, 32752)

#: A module's name, its plan, and its number among those of the load.
Part = tuple[str, cpu.Plan | flood.Plan]


def parts(block: Block, machine: Path) -> list[Part]:
    """The processes of this block's load.  Raises ConfigError for a processor that we have not got."""
    load = block.scenario.load_named(block.load)
    if isinstance(load, CpuLoad):
        return [
            ("compose.load.cpu", cpu.Plan(load.cpu, load.memory_kib * 1024, processor, block.seed + number))
            for number, processor in enumerate(_processors(load, block.load))
        ]
    if isinstance(load, FloodLoad):
        return [("compose.load.flood", flood.Plan(str(machine), flooder_domid(block), load.rings))]
    return []


def flooder(block: Block) -> GuestSpec | None:
    """The guest that floods: like the first one, with one stream.  None where nobody does."""
    if not isinstance(block.scenario.load_named(block.load), FloodLoad):
        return None
    return _one_more(block, flooder_domid(block), "flood")


def flooder_domid(block: Block) -> int:
    """A number that none of the scenario's guests has."""
    return _spare_domids(block)[0]


def hostiles(block: Block) -> list[GuestSpec]:
    """The guests that are to appear as faults and flood."""
    count = sum(fault.what == "hostile" for fault in block.scenario.faults)
    return [_one_more(block, domid, "hostile") for domid in _spare_domids(block)[1 : count + 1]]


def flood_plan(machine: Path, domid: int) -> flood.Plan:
    """What a hostile guest is told."""
    return flood.Plan(str(machine), domid, FloodLoad().rings)


def _one_more(block: Block, domid: int, name: str) -> GuestSpec:
    first = block.scenario.guests[0]
    return msgspec.structs.replace(first, id=domid, name=name, streams=first.streams[:1])


def _spare_domids(block: Block) -> list[int]:
    """As many numbers as could be wanted that none of the scenario's guests has."""
    taken = {guest.id for guest in block.scenario.guests}
    return list(islice((domid for domid in reversed(DOMIDS) if domid not in taken), 1 + HOSTILE_MAX))


def report(folder: Path) -> LoadReport | None:
    """What all of the load's processes said, in that folder; None where there was none."""
    said = [msgspec.json.decode(path.read_bytes(), type=LoadReport) for path in sorted(folder.glob(f"*{REPORT}"))]
    return sum(said[1:], said[0]) if said else None


def _processors(load: CpuLoad, name: str) -> list[int]:
    ours = sorted(os.sched_getaffinity(0))
    for processor in load.processors or ():
        if processor not in ours:
            raise ConfigError(f"loads.{name}.processors: {processor} is none of ours: {', '.join(map(str, ours))}")
    return ours if load.processors is None else load.processors
