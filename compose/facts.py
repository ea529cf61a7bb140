"""One run's facts, gathered from the reports of everybody who took part."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backend.latency.facts import Facts, GuestFacts, Run, StreamFacts
from backend.pacing.choose import Pacing
from backend.report import BackendReport
from compose.guest import GuestReport
from compose.scenario import GuestSpec, Scenario, StreamSpec


@dataclass(frozen=True, slots=True)
class Block:
    """One run of a scenario: one pacing, one seed, one output folder."""

    scenario: Scenario
    beside: Path
    """The folder of the scenario's file, where its recordings are looked for."""
    pacing: Pacing
    seed: int
    out: Path
    started_at: datetime


def gather(block: Block, world: str, version: str, backend: BackendReport, guests: list[GuestReport]) -> Facts:
    """The facts of a run."""
    reports = {report.domid: report for report in guests}
    return Facts(
        run=Run(
            scenario=block.scenario.name,
            world=world,
            seed=block.seed,
            started_at=block.started_at.isoformat(timespec="seconds"),
            duration_s=block.scenario.duration_s,
            vsnd_version=version,
        ),
        machine=backend.machine,
        devices=backend.devices,
        guests=[_guest(spec, reports.get(spec.id), backend) for spec in block.scenario.guests],
        backend=backend.backend,
    )


def _guest(spec: GuestSpec, report: GuestReport | None, backend: BackendReport) -> GuestFacts:
    streams = [_stream(spec, nth, stream, report, backend) for nth, stream in enumerate(spec.streams)]
    return GuestFacts(domid=spec.id, name=spec.title, streams=streams, realtime=report.realtime if report else None)


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
    )
