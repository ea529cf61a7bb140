"""What a guest's period costs the backend when nothing else runs in between: its own instructions, in warm caches.

Sixteen guests in simulated time, in one process; only the time inside the backend's own entry points is counted (the
look, the doorbells, and what is served or rung together).  Beside `backend_cost`, which has sixteen other processes
between any two of them, this says how much of that figure is the machine's.
"""

import json
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.gather import Gather
from backend.output import Output
from backend.patchbay import open_wanted
from backend.wire import GuestWire
from compose.guest import Guest
from compose.plan import attachment
from compose.scenario import RECORDINGS, GuestSpec
from compose.toolstack import attach
from hosts.sim.machine import SimMachine
from hosts.tasks import spawn
from ringproto.trace import TraceWriter
from tests.bench.scenarios import music

P = ParamSpec("P")
T = TypeVar("T")

GUESTS = 16
SECONDS = 20
PERIODS = SECONDS * 100
ENTRY_POINTS: tuple[tuple[type[object], str], ...] = (
    (Output, "look"),
    (GuestWire, "_on_doorbell"),
    (Gather, "_serve"),
    (Gather, "_ring"),
)


class Stopwatch:
    """Time spent inside the entry points, those called by each other counted once."""

    def __init__(self) -> None:
        self.ns = 0
        self._inside = False

    def around(self, call: Callable[P, T]) -> Callable[P, T]:
        """The same call, measured."""

        def measured(*args: P.args, **kwargs: P.kwargs) -> T:
            if self._inside:
                return call(*args, **kwargs)
            self._inside = True
            began_ns = time.perf_counter_ns()
            try:
                return call(*args, **kwargs)
            finally:
                self.ns += time.perf_counter_ns() - began_ns
                self._inside = False

        return measured


def measure() -> dict[str, float]:
    """backend_hot_us_per_guest_period."""
    watch = Stopwatch()
    for owner, name in ENTRY_POINTS:
        setattr(owner, name, watch.around(getattr(owner, name)))
    machine = SimMachine(1)
    dom0 = machine.host(0)
    config = BackendConfig({"speaker": {"kind": "clocked", "buffer_frames": 3840}}, {"speaker": "speaker"})
    tracer = TraceWriter(memoryview(bytearray(64 << 20)))
    backend = Backend(dom0, config, open_wanted, tracer)
    for domid in range(1, GUESTS + 1):
        spec = GuestSpec(id=domid, streams=[music()])
        attach(dom0.store, attachment(spec))
        spawn(_play(Guest(machine.host(domid), spec, RECORDINGS, RECORDINGS, tracer)))
    machine.run_until(lambda: False, 1_000_000_000)
    before_ns = watch.ns
    machine.run_until(lambda: False, (1 + SECONDS) * 1_000_000_000)
    spent_ns = watch.ns - before_ns
    backend.close()
    return {"backend_hot_us_per_guest_period": spent_ns / 1000 / (GUESTS * PERIODS)}


async def _play(guest: Guest) -> None:
    await guest.connect()
    await guest.run(2.0 * SECONDS)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
