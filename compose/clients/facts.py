"""What is known of a local application when the run is over: by its own word, the backend's, and that of its end."""

import msgspec

from backend.latency.clientfacts import ClientFacts
from backend.latency.facts import Count, Direction, GuestFacts, Positive, StreamFacts, Usage
from backend.report import BackendReport, StreamCounters
from compose.clients.spec import KINDS, ClientSpec
from ringproto.local.region import CAPTURE_STREAM, PLAYBACK_STREAM


class ClientReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an application says of itself: when it is registered, and once more at its end, if it has time for that."""

    domid: Count
    rate_hz: Positive
    period_frames: Positive
    ended: str | None = None
    """Why it went before its time."""
    calls_late: Count | None = None
    """How often its calls missed deadlines; None for one that is called back.  Likewise the next."""
    calls_late_max_ns: Count | None = None
    usage: Usage | None = None


def client_facts(spec: ClientSpec, report: ClientReport, backend: BackendReport, died: str | None) -> GuestFacts:
    """The application as one more guest; `died` is why its process ended before its time, if not by its own word."""
    account = next((each for each in reversed(backend.applications) if each.domid == report.domid), None)
    turned_out = f"turned out: {account.turned_out}" if account and account.turned_out else None
    client = ClientFacts(
        ring_periods=spec.ring_periods,
        control=account.control if account else None,
        missed_blocks=account.missed_blocks if account else None,
        unposted_blocks=account.unposted_blocks if account else None,
        asleep_blocks=account.asleep_blocks if account else None,
        lost_blocks=account.lost_blocks if account else None,
        calls_late=report.calls_late,
        calls_late_max_ns=report.calls_late_max_ns,
        ended=died or turned_out or report.ended,
    )
    streams: list[StreamFacts] = []
    if spec.plays is not None:
        streams.append(_stream(spec, report, backend, PLAYBACK_STREAM, spec.plays))
    if spec.records is not None:
        streams.append(_stream(spec, report, backend, CAPTURE_STREAM, spec.records))
    return GuestFacts(
        domid=report.domid,
        name=spec.name,
        kind=KINDS[spec.style],
        streams=streams,
        usage=report.usage,
        client=client,
    )


def _stream(spec: ClientSpec, report: ClientReport, backend: BackendReport, number: int, recording: str) -> StreamFacts:
    nothing = StreamCounters(report.domid, number, 0, 0)
    counted = next((s for s in backend.streams if (s.domid, s.stream) == (report.domid, number)), nothing)
    direction: Direction = "playback" if number == PLAYBACK_STREAM else "capture"
    return StreamFacts(
        stream=number,
        direction=direction,
        recording=recording,
        format="float_le",
        rate_hz=report.rate_hz,
        channels=spec.channels,
        period_frames=report.period_frames,
        buffer_frames=spec.ring_periods * report.period_frames,
        device=spec.device if direction == "playback" else f"{spec.device} (capture)",
        underruns=counted.underruns,
        starved_frames=counted.late_frames,
        frames_played=counted.frames,
        untraced_records=counted.untraced,
    )
