"""The two kinds of domains as processes: `python -m compose.domains backend|guest ...`, started by a world.

Both say "ready" on stdout when they are, end on SIGTERM or SIGINT with all files whole, and leave a report (JSON) and a
trace in the output folder.
"""

import logging
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

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
from compose.plan import TRACES, later, open_traced, trace_records
from compose.scenario import GuestSpec
from hosts.emu.client import EmuHost, wait_for_host
from hosts.loop import RealLoop
from hosts.process import allow_many_files
from hosts.tasks import run
from hosts.tracefile import RECORDS, TraceFile

log = logging.getLogger("vsnd")


def ready() -> None:
    """Tell the world that started us."""
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world


def run_backend(machine: Path, plan: Path, out: Path, records: int = RECORDS) -> None:
    """Serve the machine's guests until told to end; the trace has room for so many records."""
    config = msgspec.json.decode(plan.read_bytes(), type=BackendConfig)
    serve_backend(machine, config, out, live_path_of_run(out), ready, records)


def serve_backend(
    machine: Path, config: BackendConfig, out: Path, live: Path, on_ready: Callable[[], None], records: int = RECORDS
) -> None:
    """Serve as Dom0 of `machine`; the report and the traces go to `out`, and meanwhile it shows itself at `live`.

    When the machine goes, all on it goes too.  We wait for another in its place, and serve that.
    """
    allow_many_files()
    loop = RealLoop()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, frame: stopping.append(caught))
    with TraceFile(out / TRACES / "backend.vtrace", records) as trace:
        host = EmuHost(machine, 0, loop)
        backend = Backend(host, config, open_traced(out, config), trace.writer)
        helped = ask(config.realtime)
        on_ready()
        cpu_before_s, meter = cpu_seconds(), Meter(loop)
        for served in count(1):
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


def run_guest(machine: Path, plan: Path, out: Path, beside: Path, duration_s: float) -> None:
    """Be a guest: connect, say ready, wait for a line, play and record, leave."""
    spec = msgspec.json.decode(plan.read_bytes(), type=GuestSpec)
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(128 + caught))
    loop = RealLoop()
    with TraceFile(out / TRACES / f"guest-{spec.id}.vtrace", trace_records([spec], duration_s)) as trace:
        host = EmuHost(machine, spec.id, loop)
        guest = Guest(host, spec, beside, out, trace.writer)
        try:
            run(loop, guest.connect())
            helped = ask(spec.realtime)
            ready()
            meter = Meter(loop)
            sys.stdin.readline()
            run(loop, guest.run(duration_s))
            usage = meter.read()
        finally:
            run(loop, guest.close())
            host.close()
    (out / f"guest-{spec.id}.json").write_bytes(msgspec.json.encode(guest.report(at_the_end(helped), usage)))


def main() -> None:
    """Be the domain that the arguments name."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    kind, machine, plan, out, *rest = sys.argv[1:]
    if kind == "backend":
        run_backend(Path(machine), Path(plan), Path(out), *map(int, rest))
    else:
        beside, duration_s = rest
        run_guest(Path(machine), Path(plan), Path(out), Path(beside), float(duration_s))


if __name__ == "__main__":
    main()
