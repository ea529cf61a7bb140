"""The processes world: every domain a process on this machine, real time, nothing needed but Python.

`parts` starts all of them.  While the guests play, the scenario's faults are done as they are due.  At the end the
guests go first, so that they are heard to their last frame, then the load, then the backend, which writes its report,
then the machine.
"""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from backend.latency.facts import Facts, FaultFacts
from backend.report import read_report
from compose.facts import Block, gather
from compose.faults import DRAWN, Kind
from compose.guest import GuestReport
from compose.load import processes as loading
from compose.worlds.api import OnProgress, RunError
from compose.worlds.invariants import check_run
from compose.worlds.parts import Parts
from compose.worlds.playing import play
from compose.worlds.witness import Broken, problems_of


class ProcessesWorld:
    """Guests and backend as child processes."""

    name = "processes"
    breaks: frozenset[Kind] = frozenset((*DRAWN, "throttle", "sound_server", "hostile"))
    limits = False
    domains = "compose.domains"
    """The module that domains run."""

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run the block.

        Raises RunError naming the guest that failed, InvariantError when a rule was broken that faults must not break.
        """
        machine = Path(tempfile.mkdtemp(prefix="vsnd-"))
        try:
            with ExitStack() as running:
                parts = Parts(block, machine, running, self.domains)
                parts.start_all()
                faults = play(parts, block, on_progress)
                parts.clients.finish()
                failed = [f"{part.name} failed: {part.last_words()}" for part in parts.guests.values() if part.status]
            if failed:
                raise RunError("; ".join(failed))
            return self._gather(block, machine, parts, faults)
        finally:
            shutil.rmtree(machine, ignore_errors=True)

    def _gather(self, block: Block, machine: Path, parts: Parts, faults: list[FaultFacts]) -> Facts:
        reports = read_reports(block)
        backend = read_report(block.out / "backend.json")
        if faults:
            check_run(block.seed, problems_of(block, reports, Broken(parts.restarts, parts.backends)))
        clients = parts.clients.facts(backend)
        return gather(block, self.name, backend, reports, loading.report(machine), faults, clients)


def read_reports(block: Block) -> list[GuestReport]:
    """What the guests left in the output folder."""
    paths = [block.out / f"guest-{guest.id}.json" for guest in block.scenario.guests]
    return [msgspec.json.decode(path.read_bytes(), type=GuestReport) for path in paths]
