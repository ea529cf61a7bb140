"""One run's facts, gathered from the reports of everybody who took part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from backend.devices.clocked.cable import LENGTH_NS
from backend.latency.facts import Device, Facts, FaultFacts, GuestFacts, Run, StreamFacts
from backend.pacing.choose import Pacing
from backend.report import BackendReport
from compose.guest import GuestReport
from compose.load.spec import IDLE, LoadReport
from compose.scenario import GuestSpec, Scenario, StreamSpec
from compose.version import vsnd_version


@dataclass(frozen=True, slots=True)
class Block:
    """One run of a scenario: one pacing, one load, one seed, one output folder."""

    scenario: Scenario
    beside: Path
    """The folder of the scenario's file, where its recordings are looked for."""
    pacing: Pacing
    seed: int
    out: Path
    started_at: datetime
    load: str = IDLE


def gather(
    block: Block,
    world: str,
    backend: BackendReport,
    guests: list[GuestReport],
    load: LoadReport | None = None,
    faults: Sequence[FaultFacts] = (),
    clients: Sequence[GuestFacts] = (),
) -> Facts:
    """The facts of a run.

    `load` is what came of its load, where that is real; `faults` what was broken; `clients` what came of local
    applications.
    """
    reports = {report.domid: report for report in guests}
    return Facts(
        run=Run(
            scenario=block.scenario.name,
            world=world,
            seed=block.seed,
            started_at=block.started_at.isoformat(timespec="seconds"),
            duration_s=block.scenario.duration_s,
            vsnd_version=vsnd_version(),
            pacing=block.pacing,
            load=block.load,
            warm_up_s=block.scenario.settling_s,
            margin_us=block.scenario.margin_us,
            load_cpu_s=load.cpu_s if load else None,
            load_requests=load.requests if load else None,
        ),
        machine=backend.machine,
        devices=[_device(device, block.scenario.devices) for device in backend.devices],
        guests=[*(_guest(spec, reports.get(spec.id), backend) for spec in block.scenario.guests), *clients],
        backend=backend.backend,
        faults=list(faults),
    )


def _device(counted: Device, specs: Mapping[str, Mapping[str, Any]]) -> Device:
    """The device, and where the sound is that it played."""
    options = specs.get(counted.name, {})
    played_to = options.get("play_to", options.get("path"))
    loops_back_ns = LENGTH_NS if "loop_back" in options else None
    return msgspec.structs.replace(counted, played_to=played_to, loops_back_ns=loops_back_ns)


def _guest(spec: GuestSpec, report: GuestReport | None, backend: BackendReport) -> GuestFacts:
    streams = [_stream(spec, nth, stream, report, backend) for nth, stream in enumerate(spec.streams)]
    return GuestFacts(
        domid=spec.id,
        name=spec.title,
        streams=streams,
        realtime=report.realtime if report else None,
        usage=report.usage if report else None,
    )


def _stream(
    guest: GuestSpec, number: int, spec: StreamSpec, report: GuestReport | None, backend: BackendReport
) -> StreamFacts:
    xruns = [counted.xruns for counted in (report.streams if report else []) if counted.stream == number]
    served = [s for s in backend.streams if (s.domid, s.stream) == (guest.id, number)]
    return StreamFacts(
        stream=number,
        direction="playback" if spec.is_playback else "capture",
        recording=spec.plays or spec.records or "",
        format=spec.format,
        rate_hz=spec.rate_hz,
        channels=spec.channels,
        period_frames=spec.period_frames,
        buffer_frames=spec.buffer_frames,
        device=spec.device if spec.is_playback else f"{spec.device} (capture)",
        underruns=sum(xruns),
        starved_frames=sum(s.late_frames for s in served),
        frames_played=sum(s.frames for s in served),
        clock=spec.clock,
        matched=next((s.matched for s in served), None),
        untraced_records=sum(s.untraced for s in served),
    )
