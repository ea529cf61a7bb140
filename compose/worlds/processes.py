"""The processes world: every domain a process on this machine, real time, nothing needed but Python.

Order of things: the machine (hosts.emu) comes up, then the backend; the toolstack's part is ours; then the guests,
which connect, open their streams and say ready.  When all are, they start together.  At the end the guests go first, so
that they are heard to their last frame, then the backend, which writes its report, then the machine.
"""

import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from backend.latency.facts import Facts
from backend.report import read_report
from compose.children import Child
from compose.facts import Block, gather
from compose.guest import GuestReport
from compose.plan import TRACES, attachment, backend_config
from compose.scenario import GuestSpec
from compose.toolstack import attach
from compose.version import vsnd_version
from compose.worlds.api import OnProgress, RunError
from hosts.emu.client import open_store

LATE_LIMIT_S = 30.0
"""How much longer than its sound a run may take before the guests that still run are ended."""

GLANCE_S = 0.1


class ProcessesWorld:
    """Guests and backend as child processes."""

    name = "processes"
    breaks = False

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run the block.  Raises RunError naming the guest that failed."""
        machine = Path(tempfile.mkdtemp(prefix="vsnd-"))
        try:
            with ExitStack() as running:
                guests = self._start(block, machine, running)
                failed = self._wait(guests, block.scenario.duration_s, on_progress)
            if failed:
                raise RunError("; ".join(failed))
            return self._gather(block)
        finally:
            shutil.rmtree(machine, ignore_errors=True)

    def _start(self, block: Block, machine: Path, running: ExitStack) -> list[Child]:
        logs = block.out / "logs"
        for folder in (logs, block.out / TRACES):
            folder.mkdir(parents=True, exist_ok=True)

        def child(name: str, *arguments: str) -> Child:
            return running.enter_context(Child(name, arguments, logs / f"{name}.log"))

        domids = ",".join(str(guest.id) for guest in block.scenario.guests)
        child("host", "hosts.emu", str(machine), "--guests", domids).wait_ready()
        plan = machine / "backend.json"
        plan.write_bytes(msgspec.json.encode(backend_config(block)))
        child("backend", "compose.domains", "backend", str(machine), str(plan), str(block.out)).wait_ready()
        with open_store(machine, 0) as store:
            for guest in block.scenario.guests:
                attach(store, attachment(guest))
        guests = [child(_name(guest), *self._guest(block, machine, guest)) for guest in block.scenario.guests]
        for started in guests:
            started.wait_ready()
        for started in guests:
            started.say("go")
        return guests

    def _guest(self, block: Block, machine: Path, guest: GuestSpec) -> tuple[str, ...]:
        plan = machine / f"{_name(guest)}.json"
        plan.write_bytes(msgspec.json.encode(guest))
        duration = str(block.scenario.duration_s)
        return "compose.domains", "guest", str(machine), str(plan), str(block.out), str(block.beside), duration

    def _wait(self, guests: list[Child], duration_s: float, on_progress: OnProgress) -> list[str]:
        """Until all guests have ended; what went wrong with which."""
        began_s = time.monotonic()
        while any(guest.status is None for guest in guests):
            passed_s = time.monotonic() - began_s
            on_progress(min(passed_s, duration_s))
            if passed_s > duration_s + LATE_LIMIT_S:
                return [
                    f"{guest.name} did not finish: {guest.last_words()}" for guest in guests if guest.status is None
                ]
            time.sleep(GLANCE_S)
        return [f"{guest.name} failed: {guest.last_words()}" for guest in guests if guest.status]

    def _gather(self, block: Block) -> Facts:
        reports = [
            msgspec.json.decode((block.out / f"{_name(guest)}.json").read_bytes(), type=GuestReport)
            for guest in block.scenario.guests
        ]
        return gather(block, self.name, vsnd_version(), read_report(block.out / "backend.json"), reports)


def _name(guest: GuestSpec) -> str:
    return f"guest-{guest.id}"
