"""The sim world: all domains as objects in one process, in virtual time, the whole history from one seed.

Domains are late to wake as on a real, lightly loaded machine: by tens of microseconds mostly and rarely by
milliseconds.  The same seed gives the same trace, octet for octet.  Each run is checked for what must hold whatever
goes wrong in it (`invariants`).
"""

from contextlib import ExitStack

from backend.latency.facts import Facts
from backend.report import BackendReport
from compose.facts import Block, gather
from compose.faults import DRAWN, Kind
from compose.guest import GuestReport
from compose.load.model import burdened
from compose.worlds.api import OnProgress, RunError, UnfinishedError
from compose.worlds.invariants import check_leftovers, check_run
from compose.worlds.simrun import SimRun
from compose.worlds.witness import Broken, problems_of
from hosts.api import HostError
from hosts.collector import silent_collector
from hosts.sim.delays import Delays, long_tail_ns
from hosts.sim.machine import SimMachine

DELAYS = Delays(
    wake_ns=long_tail_ns(50_000, 0.7, 5_000_000),
    notify_ns=long_tail_ns(5_000, 0.3, 1_000_000),
    watch_ns=long_tail_ns(100_000, 0.3, 1_000_000),
)
"""Medians as measured between processes on idle two-CPU machines."""

GLANCE_NS = 10_000_000
"""How often it is asked whether the run is over."""

LATE_LIMIT_NS = 30_000_000_000
"""How much longer than its sound a run may take: as in the processes world."""


class SimWorld:
    """Everything in virtual time."""

    name = "sim"
    breaks: frozenset[Kind] = frozenset((*DRAWN, "throttle"))
    limits = False

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run the block.

        Raises RunError when a guest could not play or record to the end, InvariantError when a rule was broken.
        """
        delays = burdened(block.scenario.load_named(block.load), DELAYS)
        machine = SimMachine(block.seed, delays.guests)
        with ExitStack() as files, silent_collector():
            run = SimRun(block, machine, files, delays.backend)
            files.callback(run.close)
            self._play(run, block, on_progress)
            reports, backend = run.reports(), run.report_backend()
        _check(run, block, reports, backend)
        return gather(block, self.name, backend, reports, faults=run.faults)

    def _play(self, run: SimRun, block: Block, on_progress: OnProgress) -> None:
        machine, duration_s = run.machine, block.scenario.duration_s

        def over() -> bool:
            return all(life.done for life in run.lives.values()) and machine.timeline.now_ns >= run.quiet_from_ns

        while not over():
            _raise_first(run, block.seed)
            late = machine.timeline.now_ns > duration_s * 1e9 + LATE_LIMIT_NS
            if late:
                left = [domid for domid, life in run.lives.items() if not life.done]
                raise UnfinishedError(f"seed {block.seed}: {len(left)} of {len(run.lives)} guests did not finish", left)
            on_progress(min(machine.timeline.now_ns / 1e9, duration_s))
            machine.run_until(_never, machine.timeline.now_ns + GLANCE_NS)
        _raise_first(run, block.seed)


def _never() -> bool:
    return False


def _raise_first(run: SimRun, seed: int) -> None:
    for domid, life in run.lives.items():
        if life.done:
            try:
                life.result()
            except HostError as error:
                raise RunError(f"seed {seed}: guest {domid} failed: {error}") from error


def _check(run: SimRun, block: Block, reports: list[GuestReport], backend: BackendReport) -> None:
    late = run.late_frames.copy()
    for served in backend.streams:
        late[served.domid, served.stream] += served.late_frames
    gaps = {key: run.breaks[key[0]] + (late[key] > 0) for key in late}
    for guest in block.scenario.guests:
        for number in range(len(guest.streams)):
            gaps.setdefault((guest.id, number), run.breaks[guest.id])
    problems = problems_of(block, reports, Broken(run.restarts, run.backends, gaps))
    check_run(block.seed, [check_leftovers(run.machine), *problems])
