"""From a scenario with hosts to a scenario for each of them, and its runs.  Pure.

A host's scenario is one that somebody could have written for that machine alone: its guests, the devices that they use,
what happens to them.  So all that knows one machine stays as it is.

All hosts have the same runs in the same order, each with the same seed, pacing and load.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from compose.facts import Block
from compose.faults import Fault
from compose.fleet.spec import HostSpec
from compose.run import plan_blocks
from compose.scenario import Scenario


def host_scenario(scenario: Scenario, host: HostSpec, seed: int) -> Scenario:
    """What of the scenario is this host's, in a run with that seed.

    What is broken for everybody is broken on each host.  What the seed draws is drawn once, for all of them.
    """
    guests = [guest for guest in scenario.guests if guest.id in host.guests]
    used = {stream.device for guest in guests for stream in guest.streams}

    def concerns(fault: Fault) -> bool:
        return fault.guest is None or fault.guest in host.guests

    return msgspec.structs.replace(
        scenario,
        name=f"{scenario.name} on {host.name}",
        guests=guests,
        devices={name: options for name, options in scenario.devices.items() if name in used},
        faults=list(filter(concerns, scenario.all_faults(seed))),
        random_faults=0,
        hosts=[],
    )


def host_blocks(scenario: Scenario, host: HostSpec, beside: Path, out: Path, seed: int) -> Iterator[Block]:
    """The runs of this host; its folder, below `out`, is laid out as that of a scenario without hosts."""
    for block in plan_blocks(scenario, beside, out / host.name, seed):
        yield replace(block, scenario=host_scenario(scenario, host, block.seed))
