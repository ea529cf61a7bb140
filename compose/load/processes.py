"""A load in the processes world: which processes to start for it, and what they say in the end."""

import os
from dataclasses import replace
from pathlib import Path

import msgspec

from backend.config import ConfigError
from compose.facts import Block
from compose.load import cpu, flood
from compose.load.spec import CpuLoad, FloodLoad, LoadReport
from compose.plan import attachment
from compose.toolstack import Attachment

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


def flooder(block: Block) -> Attachment | None:
    """The card of the guest that floods: like that of the first guest, with one stream.  None where nobody does."""
    if not isinstance(block.scenario.load_named(block.load), FloodLoad):
        return None
    first = block.scenario.guests[0]
    like = attachment(msgspec.structs.replace(first, streams=first.streams[:1]))
    return replace(like, guest=flooder_domid(block), name="flood")


def flooder_domid(block: Block) -> int:
    """A number that none of the scenario's guests has."""
    taken = {guest.id for guest in block.scenario.guests}
    return next(domid for domid in reversed(DOMIDS) if domid not in taken)


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
