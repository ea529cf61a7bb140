"""The two kinds of domains as processes: `python -m compose.domains backend|guest ...`, started by a world.

Both say "ready" on stdout when they are, end on SIGTERM or SIGINT with all files whole, and leave a report (JSON) and a
trace in the output folder.  One that takes the place of another that was killed is told how many there were before it,
and leaves their files as they are; but the report is the last one's.
"""

import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from errno import ETIMEDOUT
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.latency.instrument import instrument
from backend.live.memory import live_path_of_run
from backend.live.publisher import shown
from backend.patchbay import open_wanted
from backend.realtime import ask, at_the_end
from backend.report import collect, cpu_seconds, write_report
from backend.usage import Meter
from compose.guest import Guest
from compose.plan import TRACES, generation, later, later_guest, open_traced, trace_records
from compose.scenario import GuestSpec
from frontend import attached
from hosts.api import HostError
from hosts.emu.client import EmuHost, wait_for_host
from hosts.loop import RealLoop
from hosts.process import allow_many_files
from hosts.tasks import run, spawn
from hosts.tracefile import RECORDS, TraceFile

log = logging.getLogger("vsnd")

MACHINE_LIMIT_NS = 30_000_000_000
"""How long a guest waits for another machine: a container of Dom0's is there again in a few seconds."""


def ready() -> None:
    """Tell the world that started us."""
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world


def run_backend(machine: Path, plan: Path, out: Path, records: int = RECORDS, number: int = 0) -> None:
    """Serve the machine's guests until told to end; the trace has room for so many records."""
    config = msgspec.json.decode(plan.read_bytes(), type=BackendConfig)
    serve_backend(machine, config, out, live_path_of_run(out), ready, records, number)


def serve_backend(
    machine: Path,
    config: BackendConfig,
    out: Path,
    live: Path,
    on_ready: Callable[[], None],
    records: int = RECORDS,
    number: int = 0,
) -> None:
    """Serve as Dom0 of `machine`, the backend of that number; the report and the traces go to `out`.

    Meanwhile it shows itself at `live`.

    When the machine goes, all on it goes too.  We wait for another in its place, and serve that.
    """
    allow_many_files()
    loop = RealLoop()
    stopping: list[int] = []
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda caught, frame: stopping.append(caught))
    with TraceFile(generation(out / TRACES / "backend.vtrace", number), records) as trace:
        host = EmuHost(machine, 0, loop)
        backend = Backend(host, later(config, number), open_traced(out, config, number), trace.writer)
        helped = ask(config.realtime)
        on_ready()
        cpu_before_s, meter = cpu_seconds(), Meter(loop)
        for served in count(number + 1):
            with shown(backend, loop, live):
                _serve(host, loop, stopping)
            usage, instruments = meter.read(), instrument(loop.now_ns)
            report = collect(backend, cpu_before_s, at_the_end(helped), usage, instruments)
            backend.close()
            host.close()
            another = None if stopping else _wait_for_another(machine, loop, stopping)
            if another is None:
                write_report(report, out / "backend.json")
                return
            host = another
            backend = Backend(host, later(config, served), open_wanted, trace.writer)


def _serve(host: EmuHost, loop: RealLoop, stopping: list[int]) -> None:
    loop.run_until(lambda: bool(stopping) or host.is_lost)


def _wait_for_another(machine: Path, loop: RealLoop, stopping: list[int]) -> EmuHost | None:
    log.warning("the machine in %s is gone; waiting for another", machine)
    host = wait_for_host(machine, 0, loop, lambda: bool(stopping))
    if host is not None:
        log.warning("there is a machine in %s again", machine)
    return host


def run_guest(machine: Path, plan: Path, out: Path, beside: Path, duration_s: float, number: int = 0) -> None:
    """Be a guest: connect, say ready, wait for a line, play and record, leave.

    When the machine goes, so does the guest; on another in its place it is there again, and plays what is left of the
    time.  What it recorded before is left as it is, as if another guest had been started.
    """
    spec = msgspec.json.decode(plan.read_bytes(), type=GuestSpec)
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(128 + caught))
    loop = RealLoop()
    path = generation(out / TRACES / f"guest-{spec.id}.vtrace", number)
    with TraceFile(path, trace_records([spec], duration_s)) as trace:
        host = EmuHost(machine, spec.id, loop)
        guest = Guest(host, later_guest(spec, number), beside, out, trace.writer)
        try:
            run(loop, guest.connect())
            helped = ask(spec.realtime)
            ready()
            meter = Meter(loop)
            sys.stdin.readline()
            end_ns = loop.now_ns() + round(duration_s * 1e9)
            playing = guest.run(duration_s)
            while _loses_machine(host, playing):
                number += 1
                host = _enter_another(host, machine)
                guest = Guest(host, later_guest(spec, number), beside, out, trace.writer)
                playing = _play_on(guest, loop, end_ns)
            usage = meter.read()
        finally:
            if not host.is_lost:
                run(loop, guest.close())
            host.close()
    (out / f"guest-{spec.id}.json").write_bytes(msgspec.json.encode(guest.report(at_the_end(helped), usage)))


async def _play_on(guest: Guest, loop: RealLoop, end_ns: int) -> None:
    await guest.connect()
    await guest.run((end_ns - loop.now_ns()) / 1e9)


def _loses_machine(host: EmuHost, playing: Coroutine[Any, Any, None]) -> bool:
    """Play to the end; whether the machine goes before.  Raises HostError for anything else that goes wrong."""
    done = spawn(playing)
    host.loop.run_until(lambda: done.done or host.is_lost)
    if not host.is_lost:
        done.result()
    return host.is_lost


def _enter_another(lost: EmuHost, machine: Path) -> EmuHost:
    """The same domain of the machine that comes in the place of the lost one.  Raises HostError when none does."""
    log.warning("the machine in %s is gone; waiting for another", machine)
    loop = lost.loop
    limit_ns = loop.now_ns() + MACHINE_LIMIT_NS
    host = wait_for_host(machine, lost.domid, loop, lambda: loop.now_ns() > limit_ns)
    if host is None:
        raise HostError(ETIMEDOUT, f"no machine in {machine} again in {MACHINE_LIMIT_NS / 1e9:g} s")
    lost.close()
    run(loop, attached(host))
    return host


def main() -> None:
    """Be the domain that the arguments name."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    kind, machine, plan, out, *rest = sys.argv[1:]
    if kind == "backend":
        run_backend(Path(machine), Path(plan), Path(out), *map(int, rest))
    else:
        beside, duration_s, *number = rest
        run_guest(Path(machine), Path(plan), Path(out), Path(beside), float(duration_s), *map(int, number))


if __name__ == "__main__":
    main()
