"""Runs made up to be compared: what is different in them is known."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import msgspec

from backend.latency.comparison.measured import Measured
from backend.latency.facts import Facts, write_facts
from backend.latency.records import Int64s
from backend.latency.result import TraceFacts
from ringproto.trace import Point
from tests.backend.latency.synthetic import FACTS, MS, Row, boundaries, write_trace

SEEDS = count()
WHOLE = TraceFacts(records=1, dropped_records=0, damaged_files=[])


def told(facts: Facts = FACTS, looks: int = 1000, cpu_s: float = 0.5, **run: object) -> Facts:
    """Facts with a run like that, 10 s long, whose card is paced as the scenario says."""
    changed = msgspec.structs.replace(facts.run, **{"world": "processes", "pacing": "irq", "margin_us": 500, **run})
    devices = [msgspec.structs.replace(device, pacing=changed.pacing) for device in facts.devices]
    backend = msgspec.structs.replace(facts.backend, looks=looks, cpu_s=cpu_s)
    return msgspec.structs.replace(facts, run=changed, devices=devices, backend=backend)


def measured(facts: Facts, number: int = 0, of: str = "", gaps: int = 0, trace: TraceFacts = WHOLE) -> Measured:
    """A run, as if it had been measured."""
    told = frozenset((guest.domid, stream.stream) for guest in facts.guests for stream in guest.streams)
    return Measured(number, of, Path(f"runs/{number:02}-{facts.run.pacing}"), facts, trace, gaps, told)


def repeated(facts: Facts, runs: int = 3, of: str = "", gaps: int = 0) -> list[Measured]:
    """As many runs, alike but for their seeds."""
    return [measured(seeded(facts), number, of, gaps) for number in range(runs)]


def seeded(facts: Facts) -> Facts:
    """With a seed that no other run has."""
    return msgspec.structs.replace(facts, run=msgspec.structs.replace(facts.run, seed=next(SEEDS)))


def write_run(folder: Path, facts: Facts, late_ns: Int64s | Sequence[int]) -> None:
    """A run's folder: two periods of 10 ms queued before START, one more whenever told; each period told so late."""
    rows: list[Row] = [(5 * MS, Point.QUEUED, 960, 960)]
    for k, late in enumerate(map(int, late_ns), start=1):
        at_ns = 20 * MS + k * 10 * MS + late
        rows += [(at_ns, Point.TOLD, k * 480, 0), (at_ns, Point.QUEUED, 960 + k * 480, 480)]
    periods = len(late_ns) + 2
    write_trace(folder / "trace" / "guest.vtrace", rows)
    write_trace(folder / "trace" / "card.vtrace", boundaries(periods + 3), domid=0)
    end_ns = 20 * MS + periods * 10 * MS + 1
    started: list[Row] = [(15 * MS, Point.STARTED, 0, 960), (end_ns, Point.STOPPED, periods * 480, 0)]
    write_trace(folder / "trace" / "backend.vtrace", started)
    write_facts(facts, folder / "facts.json")
