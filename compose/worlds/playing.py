"""The time in which the guests play, in any world whose machine is real: until all have ended, and all is mended.

Meanwhile the scenario's faults are done as they are due.
"""

import time
from collections.abc import Mapping
from typing import Protocol

from backend.latency.facts import FaultFacts
from compose.chaos.schedule import Schedule
from compose.facts import Block
from compose.worlds.api import Breakable, OnProgress, RunError, UnfinishedError

LATE_LIMIT_S = 30.0
"""How much longer than its sound, and its faults, a run may take before the guests that still run are ended."""

GLANCE_S = 0.1


class Domain(Protocol):
    """A guest as a process or a container."""

    name: str

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        ...

    def last_words(self) -> str:
        """What it said last."""
        ...


class Machine(Breakable, Protocol):
    """What is played on."""

    @property
    def guests(self) -> Mapping[int, Domain]:
        """By domid, as last started."""
        ...

    def go(self) -> None:
        """Let the guests begin."""
        ...

    def missing(self) -> list[str]:
        """A line for each part that has ended by itself, and that nothing goes on without."""
        ...


def play(machine: Machine, block: Block, on_progress: OnProgress) -> list[FaultFacts]:
    """Play; what was broken.  Raises RunError when a part of the machine ends, UnfinishedError when guests do not."""
    duration_s, faults = block.scenario.duration_s, block.scenario.all_faults(block.seed)
    machine.go()
    began_ns = time.monotonic_ns()
    schedule = Schedule(faults, machine, began_ns, duration_s)
    limit_s = duration_s + sum(fault.for_s for fault in faults) + LATE_LIMIT_S
    while (left := _left(machine)) or schedule.next_ns is not None:
        schedule.act(time.monotonic_ns)
        _check(machine)
        passed_s = (time.monotonic_ns() - began_ns) / 1e9
        on_progress(min(passed_s, duration_s))
        if passed_s > limit_s:
            raise _unfinished(machine, left)
        _rest(schedule)
    _check(machine)
    return schedule.done


def _check(machine: Machine) -> None:
    missing = machine.missing()
    if missing:
        raise RunError("; ".join(missing))


def _rest(schedule: Schedule) -> None:
    """For a while, or until something is due."""
    rest_s = GLANCE_S
    if schedule.next_ns is not None:
        rest_s = min(rest_s, max(schedule.next_ns - time.monotonic_ns(), 0) / 1e9)
    time.sleep(rest_s)


def _left(machine: Machine) -> list[int]:
    return [domid for domid, guest in machine.guests.items() if not guest.has_ended]


def _unfinished(machine: Machine, domids: list[int]) -> UnfinishedError:
    guests = [machine.guests[domid] for domid in domids]
    line = "; ".join(f"{guest.name} did not finish: {guest.last_words()}" for guest in guests)
    return UnfinishedError(line, domids)
