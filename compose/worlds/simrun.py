"""One run in simulated time: the domains, the backend's process, and what is broken and mended on the way."""

from collections import Counter
from contextlib import ExitStack
from functools import partial

from backend.daemon import Backend
from backend.latency.facts import FaultFacts
from backend.realtime import SIMULATED
from backend.report import BackendReport, collect, cpu_seconds
from compose.chaos.brake import CYCLE_NS
from compose.chaos.schedule import happened
from compose.facts import Block
from compose.faults import Fault
from compose.guest import Guest, GuestReport
from compose.plan import (
    TRACES,
    attachment,
    backend_config,
    later,
    open_traced,
    trace_records,
)
from compose.scenario import GuestSpec
from compose.toolstack import attach, detach, remove
from hosts.api import OnTime
from hosts.sim.delays import Delays
from hosts.sim.loop import SimLoop
from hosts.sim.machine import SimMachine
from hosts.sim.process import SimProcess
from hosts.tasks import Future, spawn
from hosts.tracefile import TraceFile
from ringproto.trace import Tracer

SETTLE_NS = 20_000_000
"""After the last mending nothing is over before this has passed."""

MIN_S = 0.1
"""A guest that is restarted near the end plays so long at least."""


class SimRun:
    """The machine of one block, from its start on; `files` closes the traces."""

    def __init__(self, block: Block, machine: SimMachine, files: ExitStack, backend_delays: Delays) -> None:
        self.machine = machine
        self.restarts: Counter[int] = Counter()
        self.breaks: Counter[int] = Counter()
        """By domid: faults that may have cost it its streams."""
        self.late_frames: Counter[tuple[int, int]] = Counter()
        """By domid and stream, of the backends that were killed."""
        self.backends = 0
        self.faults: list[FaultFacts] = []
        """What was broken."""
        self.quiet_from_ns = 0
        """When everything that is broken so far will have been mended."""
        self._block = block
        self._specs = {spec.id: spec for spec in block.scenario.guests}
        self._dom0 = machine.host(0, backend_delays)
        self._cpu_before_s = cpu_seconds()
        self._chaos = SimLoop(machine.timeline)
        self._traces: dict[int, Tracer] = {}
        for spec in block.scenario.guests:
            self._traces[spec.id] = self._trace(f"guest-{spec.id}", [spec], files)
        self._backend_trace = self._trace("backend", block.scenario.guests, files)
        self._guests: dict[int, Guest] = {}
        self.lives: dict[int, Future[None]] = {}
        self._start_backend()
        for spec in block.scenario.guests:
            self._start_guest(spec)
        for fault in block.scenario.all_faults(block.seed):
            self._at(fault.at_s, partial(self._break, fault))

    def _trace(self, name: str, guests: list[GuestSpec], files: ExitStack) -> Tracer:
        path = self._block.out / TRACES / f"{name}.vtrace"
        return files.enter_context(TraceFile(path, trace_records(guests, self._block.scenario.duration_s))).writer

    def _at(self, at_s: float, act: OnTime) -> None:
        self._chaos.timer(act).arm(round(at_s * 1e9))

    # -- the backend --------------------------------------------------------------------------------------------------

    def _start_backend(self) -> None:
        """A backend's process; later ones leave the files of those before them as they are."""
        self._process = SimProcess(self._dom0)
        config = later(backend_config(self._block), self.backends)
        opened = open_traced(self._block.out, config, self.backends)
        self._backend = Backend(self._process, config, opened, self._backend_trace)
        self.backends += 1

    def _kill_backend(self) -> None:
        for stream in self.report_backend().streams:
            self.late_frames[stream.domid, stream.stream] += stream.late_frames
        for port in self._backend.patchbay.ports.values():
            port.device.close()
        self._process.die()

    def report_backend(self) -> BackendReport:
        """What the backend counted that runs now."""
        return collect(self._backend, self._cpu_before_s, SIMULATED)

    # -- guests -------------------------------------------------------------------------------------------------------

    def _start_guest(self, spec: GuestSpec) -> None:
        host = self.machine.host(spec.id)
        attach(self._dom0.store, attachment(spec))
        guest = self._guests[spec.id] = Guest(host, spec, self._block.beside, self._block.out, self._traces[spec.id])
        left_s = max(self._block.scenario.duration_s - self.machine.timeline.now_ns / 1e9, MIN_S)
        self.lives[spec.id] = spawn(_life(guest, left_s))

    def reports(self) -> list[GuestReport]:
        """What each guest counted since it was last started."""
        return [guest.report(SIMULATED) for guest in self._guests.values()]

    # -- faults -------------------------------------------------------------------------------------------------------

    def _break(self, fault: Fault, now_ns: int) -> None:
        mend_at_s = now_ns / 1e9 + fault.for_s
        mend_at_ns = round(mend_at_s * 1e9)
        self.quiet_from_ns = max(self.quiet_from_ns, mend_at_ns + SETTLE_NS)
        if fault.what == "backend":
            self.breaks.update(list(self._specs))
            self._kill_backend()
            self._at(mend_at_s, lambda now_ns: self._start_backend())
        else:
            assert fault.guest is not None
            if self.lives[fault.guest].done:
                return
            self._break_guest(fault, self._specs[fault.guest], mend_at_s)
        self.faults.append(happened(fault, now_ns, mend_at_ns))

    def _break_guest(self, fault: Fault, spec: GuestSpec, mend_at_s: float) -> None:
        self.breaks[spec.id] += 1
        if fault.what == "pause":
            self.machine.hosts[spec.id].loop.pause(round(mend_at_s * 1e9))
        elif fault.what == "throttle":
            self._throttle(spec.id, fault.left, mend_at_s)
        elif fault.what == "restart":
            self.machine.kill(spec.id)
            self.restarts[spec.id] += 1
            self._at(mend_at_s, lambda now_ns: self._revive(spec))
        else:
            assert fault.what == "detach"
            detach(self._dom0.store, attachment(spec))
            self._at(mend_at_s, lambda now_ns: self._attach_anew(spec))

    def _throttle(self, domid: int, share: float, until_s: float) -> None:
        """Pause it for the rest of each 10 ms."""

        def stop(now_ns: int) -> None:
            if now_ns < until_s * 1e9:
                rest_ns = round((1 - share) * CYCLE_NS)
                self.machine.hosts[domid].loop.pause(min(now_ns + rest_ns, round(until_s * 1e9)))
                self._at((now_ns + CYCLE_NS) / 1e9, stop)

        stop(self.machine.timeline.now_ns)

    def _revive(self, spec: GuestSpec) -> None:
        remove(self._dom0.store, attachment(spec))
        self._start_guest(spec)

    def _attach_anew(self, spec: GuestSpec) -> None:
        remove(self._dom0.store, attachment(spec))
        attach(self._dom0.store, attachment(spec))

    def close(self) -> None:
        """Everybody has left; so does the backend."""
        self._backend.close()
        self._process.die()


async def _life(guest: Guest, duration_s: float) -> None:
    await guest.connect()
    await guest.run(duration_s)
    await guest.close()
