"""A local application as a process: `python -m compose.clients.process PLAN`, started by the world `processes`.

It says "ready" when it is registered, begins when it is told to, plays and records for so long, and leaves a trace and
a report.  It registers only when it is told to, so that applications are always numbered in the scenario's order.
"""

import logging
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import msgspec

from backend.usage import Meter
from compose.clients.blocking import BlockingStyle
from compose.clients.callback import CallbackStyle
from compose.clients.facts import ClientReport
from compose.clients.sound import Sound, take_of
from compose.clients.spec import ClientSpec, Style
from compose.plan import SLACK_S, TRACES
from frontend.local import LocalClient, LocalParams, connect
from hosts.api import HostError
from hosts.tracefile import TraceFile
from ringproto.trace import RATION

log = logging.getLogger("vsnd")

GLANCE_S = 0.1

STYLES: dict[Style, type[CallbackStyle] | type[BlockingStyle]] = {"callback": CallbackStyle, "blocking": BlockingStyle}


class ClientPlan(msgspec.Struct, frozen=True):
    """What the process is told."""

    spec: ClientSpec
    number: int
    """In the scenario, from 0."""
    socket: str
    out: str
    beside: str
    duration_s: float

    @property
    def report(self) -> Path:
        """Where it leaves its report."""
        return report_path(Path(self.out), self.number)


def report_path(out: Path, number: int) -> Path:
    """Where the application of that number leaves its report."""
    return out / f"client-{number}.json"


@dataclass
class Rings:
    """How often it was rung: what a `Meter` takes for a loop."""

    wakeups: int = 0

    def now_ns(self) -> int:
        """The time on the machine's clock."""
        return time.monotonic_ns()


def run_client(plan: ClientPlan) -> None:
    """Be that application.  Raises HostError, ConfigError when it cannot be."""
    spec, out = plan.spec, Path(plan.out)
    plays, records = (spec.channels if wanted else 0 for wanted in (spec.plays, spec.records))
    params = LocalParams(spec.name, spec.device, plays, records, spec.ring_periods, rings=spec.control == "rings")
    room = ceil(RATION * (plan.duration_s + SLACK_S))
    with ExitStack() as open_:
        trace = open_.enter_context(TraceFile(out / TRACES / f"client-{plan.number}.vtrace", room))
        client = open_.enter_context(connect(Path(plan.socket), params, trace.writer))
        sound = Sound(spec, client.shape, Path(plan.beside))
        style = STYLES[spec.style](client, sound, open_.enter_context(take_of(spec, client.shape, out)))
        shape = client.shape
        report = ClientReport(domid=client.domid, rate_hz=shape.rate_hz, period_frames=shape.period_frames)
        write(report, plan)
        print("ready", flush=True)  # noqa: T201  # stdout is the line to the world
        sys.stdin.readline()
        rings = Rings()
        meter = Meter(rings)
        ended = None
        try:
            play(client, style, plan.duration_s)
            rings.wakeups = client.statistics().posts
        except HostError as error:
            ended = str(error.strerror or error)
            log.warning("%s: %s", spec.name, ended)
        finally:
            style.stop()
        report = msgspec.structs.replace(
            report, ended=ended, calls_late=style.calls_late, calls_late_max_ns=style.calls_late_max_ns,
            usage=None if ended else meter.read(),
        )  # fmt: skip
        write(report, plan)


def play(client: LocalClient, style: CallbackStyle | BlockingStyle, duration_s: float) -> None:
    """Until so much of it was heard, or recorded.  Raises HostError."""
    style.start()
    wanted = duration_s * client.shape.rate_hz
    while client.passed_frames < wanted:
        client.wait(GLANCE_S)
        style.attend()


def write(report: ClientReport, plan: ClientPlan) -> None:
    """Leave it for the world."""
    plan.report.write_bytes(msgspec.json.encode(report))


def main() -> None:
    """Be the application that the plan says."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=ClientPlan)
    sys.stdin.readline()
    run_client(plan)


if __name__ == "__main__":
    main()
