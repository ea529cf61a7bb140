"""The processes world: every domain a process on this machine, real time, nothing needed but Python.

Order of things: the machine (hosts.emu) comes up, then the backend; the toolstack's part is ours; then the load, if
there is one; then the guests, which connect, open their streams and say ready.  When all are, they start together.  At
the end the guests go first, so that they are heard to their last frame, then the load, then the backend, which writes
its report, then the machine.
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
from compose.load import processes as loading
from compose.plan import TRACES, attachment, backend_config, backend_records
from compose.scenario import GuestSpec
from compose.toolstack import attach
from compose.worlds.api import OnProgress, RunError, UnfinishedError
from hosts.emu.client import open_store

LATE_LIMIT_S = 30.0
"""How much longer than its sound a run may take before the guests that still run are ended."""

GLANCE_S = 0.1


class ProcessesWorld:
    """Guests and backend as child processes."""

    name = "processes"
    breaks = False
    domains = "compose.domains"
    """The module that domains run."""

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run the block.  Raises RunError naming the guest that failed."""
        machine = Path(tempfile.mkdtemp(prefix="vsnd-"))
        try:
            with ExitStack() as running:
                load, guests = self._start(block, machine, running)
                failed = self._wait(guests, block.scenario.duration_s, on_progress)
                failed += [f"{part.name} ended early: {part.last_words()}" for part in load if part.status is not None]
            if failed:
                raise RunError("; ".join(failed))
            return self._gather(block, machine)
        finally:
            shutil.rmtree(machine, ignore_errors=True)

    def _start(self, block: Block, machine: Path, running: ExitStack) -> tuple[list[Child], list[Child]]:
        """The load's processes, and the guests'."""
        logs = block.out / "logs"
        for folder in (logs, block.out / TRACES):
            folder.mkdir(parents=True, exist_ok=True)

        def child(name: str, *arguments: str) -> Child:
            return running.enter_context(Child(name, arguments, logs / f"{name}.log"))

        parts = loading.parts(block, machine)
        cards = [attachment(guest) for guest in block.scenario.guests]
        flooder = loading.flooder(block)
        if flooder is not None:
            cards.append(flooder)
        domids = ",".join(str(card.guest) for card in cards)
        child("host", "hosts.emu", str(machine), "--guests", domids).wait_ready()
        child("backend", *self._backend(block, machine)).wait_ready()
        with open_store(machine, 0) as store:
            for card in cards:
                attach(store, card)
        load = [child(f"load-{number}", *_load(part, number, machine)) for number, part in enumerate(parts)]
        for started in load:
            started.wait_ready()
        guests = [child(_name(guest), *self._guest(block, machine, guest)) for guest in block.scenario.guests]
        for started in guests:
            started.wait_ready()
        for started in guests:
            started.say("go")
        return load, guests

    def _backend(self, block: Block, machine: Path) -> tuple[str, ...]:
        plan = machine / "backend.json"
        plan.write_bytes(msgspec.json.encode(backend_config(block)))
        return self.domains, "backend", str(machine), str(plan), str(block.out), str(backend_records(block))

    def _guest(self, block: Block, machine: Path, guest: GuestSpec) -> tuple[str, ...]:
        plan = machine / f"{_name(guest)}.json"
        plan.write_bytes(msgspec.json.encode(guest))
        duration = str(block.scenario.duration_s)
        return self.domains, "guest", str(machine), str(plan), str(block.out), str(block.beside), duration

    def _wait(self, guests: list[Child], duration_s: float, on_progress: OnProgress) -> list[str]:
        """Until all guests have ended; what went wrong with which."""
        began_s = time.monotonic()
        while any(guest.status is None for guest in guests):
            passed_s = time.monotonic() - began_s
            on_progress(min(passed_s, duration_s))
            if passed_s > duration_s + LATE_LIMIT_S:
                raise _unfinished([guest for guest in guests if guest.status is None])
            time.sleep(GLANCE_S)
        return [f"{guest.name} failed: {guest.last_words()}" for guest in guests if guest.status]

    def _gather(self, block: Block, machine: Path) -> Facts:
        reports = [
            msgspec.json.decode((block.out / f"{_name(guest)}.json").read_bytes(), type=GuestReport)
            for guest in block.scenario.guests
        ]
        return gather(block, self.name, read_report(block.out / "backend.json"), reports, loading.report(machine))


def _load(part: loading.Part, number: int, machine: Path) -> tuple[str, ...]:
    module, plan = part
    path = machine / f"load-{number}.json"
    path.write_bytes(msgspec.json.encode(plan))
    return module, str(path), str(path.with_suffix(loading.REPORT))


GUEST = "guest-"


def _name(guest: GuestSpec) -> str:
    return f"{GUEST}{guest.id}"


def _unfinished(guests: list[Child]) -> UnfinishedError:
    line = "; ".join(f"{guest.name} did not finish: {guest.last_words()}" for guest in guests)
    return UnfinishedError(line, (int(guest.name.removeprefix(GUEST)) for guest in guests))
