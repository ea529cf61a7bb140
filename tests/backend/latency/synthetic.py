"""Traces and facts made up to be measured: every delay in them is known."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from backend.latency.clientfacts import ClientFacts, ClientKind
from backend.latency.facts import Backend, Device, Facts, GuestFacts, Machine, Run, StreamFacts
from backend.latency.measures.samples import StreamSamples
from backend.latency.records import TRACE_DTYPE, Key, Levels, Records, Series, Trace
from ringproto.local.region import LOCAL_DOMID_FIRST
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, TraceWriter

MS = 1_000_000
DOMID = 3

#: (time_ns, point, frame, value)
Row = tuple[int, Point, int, int]

STREAM = StreamFacts(
    stream=0,
    direction="playback",
    recording="speech.flac",
    format="s16_le",
    rate_hz=48_000,
    channels=2,
    period_frames=480,
    buffer_frames=1920,
    device="card",
    underruns=0,
    starved_frames=0,
    frames_played=4800,
)

FACTS = Facts(
    run=Run(
        scenario="demo",
        world="sim",
        seed=7,
        started_at="2026-01-02T03:04:05+00:00",
        duration_s=10.0,
        vsnd_version="0.1.0",
    ),
    machine=Machine(
        kernel="Linux 6.18",
        python="CPython 3.11",
        cpu_model="a processor",
        cpu_count=2,
        clocksource="tsc",
        scheduling="SCHED_OTHER",
    ),
    devices=[
        Device(
            name="card", number=0, kind="clocked", pacing="irq", rate_hz=48_000, period_frames=480, underruns=0,
            interrupts=10, statistics={"late_bursts": 1},
        )
    ],
    guests=[GuestFacts(domid=DOMID, name="media", streams=[STREAM])],
    backend=Backend(cpu_s=0.5, looks=10, requests=20, events=30, rss_octets=40 << 20),
)  # fmt: skip


CLIENT = ClientFacts(
    ring_periods=3, control="rings", missed_blocks=7, unposted_blocks=2, asleep_blocks=1, lost_blocks=0
)
"""What only a local application has."""


_NONE = Series(np.zeros(0, np.int64), np.zeros(0, np.int64))
NOTHING_MEASURED = StreamSamples(
    playback_delay=_NONE, capture_delay=_NONE, period_lateness=_NONE, request_round_trip=_NONE,
    notification_delay=_NONE, service_time=_NONE, fill=Levels(_NONE.at_ns, _NONE.at_ns), hops=[],
    handovers_late=None, handovers_dropped=None, periods_untold=None,
)  # fmt: skip


def facts_with(**changes: object) -> Facts:
    """FACTS with the stream changed."""
    stream = msgspec.structs.replace(STREAM, **changes)
    return msgspec.structs.replace(FACTS, guests=[GuestFacts(domid=DOMID, name="media", streams=[stream])])


def with_client(facts: Facts, **changes: object) -> Facts:
    """The same, and beside the guest a local application with a stream like its own."""
    client = msgspec.structs.replace(CLIENT, **changes)
    kind: ClientKind = "local" if client.calls_late is None else "local, blocking"
    beside = GuestFacts(domid=LOCAL_DOMID_FIRST, name="tone", streams=[STREAM], kind=kind, client=client)
    return msgspec.structs.replace(facts, guests=[*facts.guests, beside])


def records(rows: Iterable[Row]) -> Records:
    """Records of one stream, in order of time (rows of one time in the order given)."""
    made = np.array([(time, frame, DOMID, 0, point, 0, value) for time, point, frame, value in rows], TRACE_DTYPE)
    return made[np.argsort(made["time_ns"], kind="stable")]


def write_trace(path: Path, rows: Iterable[Row], domid: int = DOMID, stream: int = 0, room: int = 0) -> None:
    """A trace file as a process leaves it, with room for just these records unless told otherwise."""
    listed = list(rows)
    memory = bytearray(HEADER_OCTETS + RECORD_OCTETS * (room or len(listed)))
    writer = TraceWriter(memoryview(memory))
    for time, point, frame, value in listed:
        writer.put(time, point, domid, stream, frame, value)
    writer.release()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(memory)


@dataclass(frozen=True)
class Held:
    """A process's records that are in memory: what `backend.latency.records.Part` wants."""

    held: Records

    @property
    def records(self) -> int:
        """How many."""
        return len(self.held)

    @property
    def counts(self) -> dict[Key, int]:
        """How many each stream has."""
        return dict(Counter(zip(self.held["domid"].tolist(), self.held["stream"].tolist(), strict=True)))

    def chunks(self) -> Iterator[Records]:
        """All at once."""
        if len(self.held):
            yield self.held


def trace_of(*parts: Records) -> Trace:
    """A trace that was never in a file."""
    return Trace(tuple(map(Held, parts)), 0, ())


def boundaries(count: int, period_frames: int = 480, period_ns: int = 10 * MS, start_ns: int = 0) -> list[Row]:
    """The card's own records: boundary k at `start_ns + k * period_ns`."""
    return [(start_ns + k * period_ns, Point.BOUNDARY, k * period_frames, 0) for k in range(1, count + 1)]


def samples_with(**measured: object) -> StreamSamples:
    """What was measured, and nothing else."""
    return replace(NOTHING_MEASURED, **measured)  # type: ignore[arg-type]  # by name, for short
