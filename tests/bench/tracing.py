"""What tracing costs: one record, and a run with it against the same run without, in pairs.

    python -m tests.bench.tracing

Pairs are ABBA: with, without, without, with, and so on, so that a machine that gets slower or quicker meanwhile does so
for both.  The interval is Student's, of the pairs' differences: it says how far the mean is known, whatever else the
machine did.  In simulated time the work is the same to the instruction but for the records, in one process; between
processes it is the backend's CPU time by the kernel's count.
"""

import json
import tempfile
import time
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.latency.instrument import instrument
from backend.patchbay import open_wanted
from compose.guest import Guest
from compose.plan import attachment
from compose.scenario import RECORDINGS, GuestSpec
from compose.toolstack import attach
from compose.worlds.processes import ProcessesWorld
from hosts.collector import silent_collector
from hosts.loop import RealLoop
from hosts.sim.machine import SimMachine
from hosts.tasks import spawn
from ringproto.trace import NoTrace, Tracer, TraceWriter
from tests.bench.scenarios import alike, music

GUESTS = 8
PERIODS_PER_SECOND = 100
PAIRS = {"sim": 20, "processes": 10}
SIM_SECONDS = 10
SECONDS = 4.0
T_975 = {9: 2.262, 19: 2.093}
"""Student's t for 95 %, by degrees of freedom."""


def measure() -> dict[str, float]:
    """record_ns, clock_ns; us per guest's period without tracing, what tracing adds, and the interval of that."""
    loop = RealLoop()
    cost = instrument(loop.now_ns)
    loop.close()
    figures = {"record_ns": cost.record_ns, "clock_ns": cost.clock_ns}
    with silent_collector():
        figures |= _pairs("sim", lambda traced: _simulated_us(TraceWriter(_memory()) if traced else NoTrace()))
    return figures | _pairs("processes", lambda traced: _between_processes_us(traced=traced))


def _pairs(name: str, run: Callable[[bool], float]) -> dict[str, float]:
    added: list[float] = []
    without: list[float] = []
    for pair in range(PAIRS[name]):
        cost = {traced: run(traced) for traced in ((True, False) if pair % 2 == 0 else (False, True))}
        added.append(cost[True] - cost[False])
        without.append(cost[False])
    half = T_975[len(added) - 1] * stdev(added) / sqrt(len(added))
    return {
        f"{name}_without_us": mean(without),
        f"{name}_added_us": mean(added),
        f"{name}_added_low_us": mean(added) - half,
        f"{name}_added_high_us": mean(added) + half,
    }


def _memory() -> memoryview:
    return memoryview(bytearray(16 << 20))


def _simulated_us(tracer: Tracer) -> float:
    """CPU per guest's period, of guests and backend together."""
    machine = SimMachine(1)
    dom0 = machine.host(0)
    config = BackendConfig({"speaker": {"kind": "clocked", "buffer_frames": 3840}}, {"speaker": "speaker"})
    backend = Backend(dom0, config, open_wanted, tracer)
    for domid in range(1, GUESTS + 1):
        spec = GuestSpec(id=domid, streams=[music()])
        attach(dom0.store, attachment(spec))
        spawn(_play(Guest(machine.host(domid), spec, RECORDINGS, RECORDINGS, tracer)))
    machine.run_until(lambda: False, 1_000_000_000)
    before_ns = time.process_time_ns()
    machine.run_until(lambda: False, (1 + SIM_SECONDS) * 1_000_000_000)
    spent_ns = time.process_time_ns() - before_ns
    backend.close()
    return spent_ns / 1000 / (GUESTS * SIM_SECONDS * PERIODS_PER_SECOND)


async def _play(guest: Guest) -> None:
    await guest.connect()
    await guest.run(2.0 * SIM_SECONDS)


class Untraced(ProcessesWorld):
    """The same world, whose domains leave no trace."""

    domains = "tests.bench.untraced"


def _between_processes_us(*, traced: bool) -> float:
    """The backend's CPU per guest's period."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        out = Path(folder)
        block = alike(GUESTS, SECONDS, out, music())
        world = ProcessesWorld() if traced else Untraced()
        facts = world.run(block, lambda passed_s: None)
        assert bool(list(out.glob("trace/*.vtrace"))) == traced
    return facts.backend.cpu_s * 1e6 / (GUESTS * SECONDS * PERIODS_PER_SECOND)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
