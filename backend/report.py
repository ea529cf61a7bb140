"""What a backend counted, for whoever composes a run's facts."""

import resource
from collections import defaultdict
from pathlib import Path

import msgspec

from backend.counters import Counters
from backend.daemon import Backend
from backend.latency.facts import Backend as BackendFacts
from backend.latency.facts import Device, Instrument, Machine, Matched, RealtimeHelp, Usage
from backend.latency.machine import this_machine
from backend.local.account import Account
from backend.usage import peak_octets


class StreamCounters(msgspec.Struct, frozen=True):
    """One stream of one guest, over all its connections; or of the local applications that had that number in turn."""

    domid: int
    stream: int
    """Its number in the trace."""
    late_frames: int
    frames: int
    """Presented, or recorded."""
    matched: Matched | None = None
    """How two clocks were matched; None for a guest that goes by the card's."""
    untraced: int = 0
    """Trace records that were left out, being too many."""
    underruns: int = 0
    """As the backend counts them: stretches of silence, or of what was recorded and not taken."""


class BackendReport(msgspec.Struct, frozen=True):
    """All of it."""

    machine: Machine
    devices: list[Device]
    backend: BackendFacts
    streams: list[StreamCounters]
    applications: list[Account] = []
    """The local ones."""


def cpu_seconds() -> float:
    """CPU time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def collect(
    backend: Backend,
    cpu_before_s: float,
    realtime: RealtimeHelp | None = None,
    usage: Usage | None = None,
    instrument: Instrument | None = None,
) -> BackendReport:
    """The counters of a backend that is still open, and what its process knows besides.

    `cpu_before_s` is the CPU time that was used before it served, `realtime` what came of asking for it.
    """
    counters = [counted for session in backend.sessions.values() for counted in session.counters.values()]
    return BackendReport(
        machine=this_machine(),
        devices=_devices(backend),
        backend=BackendFacts(
            cpu_s=cpu_seconds() - cpu_before_s,
            looks=sum(port.looks for port in backend.patchbay.ports.values()),
            requests=sum(counted.requests for counted in counters),
            events=sum(counted.events for counted in counters),
            rss_octets=peak_octets(),
            realtime=realtime,
            usage=usage,
            instrument=instrument,
        ),
        streams=_streams(backend),
        applications=backend.local.accounts() if backend.local is not None else [],
    )


def _devices(backend: Backend) -> list[Device]:
    devices: list[Device] = []
    for place, port in backend.patchbay.ports.items():
        statistics = dict(port.device.statistics())
        interrupts = statistics.pop("interrupts", None)
        devices.append(
            Device(
                name=place.label,
                number=backend.config.device_number(place.name, place.direction),
                kind=str(backend.config.devices[place.name]["kind"]),
                pacing=port.pacing.name,
                rate_hz=port.spec.rate_hz,
                period_frames=port.device.params.period_frames,
                underruns=port.device.underruns,
                interrupts=interrupts if isinstance(interrupts, int) else None,
                statistics=statistics,
                looks=port.looks,
                pacing_statistics=dict(port.pacing.statistics()),
            )
        )
    return devices


def _streams(backend: Backend) -> list[StreamCounters]:
    totals: defaultdict[tuple[int, int], Counters] = defaultdict(Counters)  # a guest may have several cards
    for session in backend.sessions.values():
        for number, counters in session.counters.items():
            totals[session.domid, number] += counters
    if backend.local is not None:
        totals.update(backend.local.counters())
    return [
        StreamCounters(*key, total.late_frames, total.frames, total.matched, total.untraced, total.underruns)
        for key, total in totals.items()
    ]


def write_report(report: BackendReport, path: Path) -> None:
    """Write it as JSON."""
    path.write_bytes(msgspec.json.encode(report))


def read_report(path: Path) -> BackendReport:
    """Read it back.  Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode(path.read_bytes(), type=BackendReport)
