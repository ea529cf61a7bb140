"""The sim world: all domains as objects in one process, in virtual time, the whole history from one seed.

Domains are late to wake as on a real, lightly loaded machine: by tens of microseconds mostly and rarely by
milliseconds.  The same seed gives the same trace, octet for octet.
"""

from contextlib import ExitStack
from functools import partial

from backend.daemon import Backend
from backend.latency.facts import Facts
from backend.report import collect, cpu_seconds
from compose.facts import Block, gather
from compose.guest import Guest
from compose.plan import TRACES, attachment, backend_config, device_numbers, open_traced
from compose.toolstack import attach
from compose.version import vsnd_version
from compose.worlds.api import OnProgress, RunError
from hosts.api import HostError
from hosts.sim.delays import Delays, long_tail_ns
from hosts.sim.machine import SimMachine
from hosts.tasks import Future, spawn
from hosts.tracefile import TraceFile

DELAYS = Delays(
    wake_ns=long_tail_ns(50_000, 0.7, 5_000_000),
    notify_ns=long_tail_ns(5_000, 0.3, 1_000_000),
    watch_ns=long_tail_ns(100_000, 0.3, 1_000_000),
)
"""Medians as measured between processes on idle two-CPU machines."""

GLANCE_NS = 100_000_000

LATE_LIMIT_NS = 30_000_000_000
"""How much longer than its sound a run may take: as in the processes world."""


class SimWorld:
    """Everything in virtual time."""

    name = "sim"

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run the block.  Raises RunError when a guest could not play or record to the end."""
        machine = SimMachine(block.seed, DELAYS)
        with ExitStack() as open_files:

            def tracer(name: str) -> TraceFile:
                return open_files.enter_context(TraceFile(block.out / TRACES / f"{name}.vtrace"))

            numbers = device_numbers(block.scenario.devices)
            dom0 = machine.host(0)
            backend = Backend(dom0, backend_config(block), open_traced(block.out, numbers), tracer("backend").writer)
            open_files.callback(backend.close)
            guests: list[Guest] = []
            for spec in block.scenario.guests:
                attach(dom0.store, attachment(spec))
                trace = tracer(f"guest-{spec.id}").writer
                guests.append(Guest(machine.host(spec.id), spec, block.beside, block.out, trace))
            cpu_before_s = cpu_seconds()
            self._play(machine, guests, block.scenario.duration_s, on_progress)
            reports = [guest.report() for guest in guests]
            report = collect(backend, numbers, cpu_before_s)
        return gather(block, self.name, vsnd_version(), report, reports)

    def _play(self, machine: SimMachine, guests: list[Guest], duration_s: float, on_progress: OnProgress) -> None:
        running = [spawn(_life(guest, duration_s)) for guest in guests]
        left = set(running)
        for life in running:
            life.on_done(partial(left.discard, life))
        while left:
            if machine.timeline.now_ns > duration_s * 1e9 + LATE_LIMIT_NS:
                _raise_first([life for life in running if life.done])
                raise RunError(f"{len(left)} of {len(running)} guests did not finish")
            on_progress(min(machine.timeline.now_ns / 1e9, duration_s))
            machine.run_until(lambda: not left, machine.timeline.now_ns + GLANCE_NS)
        _raise_first(running)


async def _life(guest: Guest, duration_s: float) -> None:
    await guest.connect()
    await guest.run(duration_s)
    await guest.close()


def _raise_first(lives: list[Future[None]]) -> None:
    for life in lives:
        try:
            life.result()
        except HostError as error:
            raise RunError(f"a guest failed: {error}") from error
