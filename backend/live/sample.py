"""Taking a snapshot of a backend: of what its streams and devices count anyway, and of where they are just now.

It asks each device once where it is, reads no guest's memory, and asks the store once for each guest's name.
"""

import os
import resource
from collections.abc import Mapping
from contextlib import suppress
from errno import ENODEV

from backend.counters import Counters
from backend.daemon import Backend
from backend.devices.api import DeviceError
from backend.input import Input
from backend.jack import Place
from backend.live.applications import application_rows
from backend.live.snapshot import NO_STREAM, BackendFigures, DeviceFigures, Snapshot, State, StreamFigures
from backend.output import Output
from backend.session import Session
from backend.stream import Stream
from ringproto.lifecycle import StreamState

Names = Mapping[int, str]
Ports = Mapping[Place, Output | Input]

STATES = {
    StreamState.CLOSED: State.CLOSED,
    StreamState.PREPARED: State.PREPARED,
    StreamState.RUNNING: State.RUNNING,
    StreamState.PAUSED: State.PAUSED,
}
NS_PER_S = 1_000_000_000


class Sampler:
    """Takes snapshots of one backend."""

    def __init__(self, backend: Backend, started_ns: int) -> None:
        self._backend = backend
        self._started_ns = started_ns
        self._pid = os.getpid()
        self._names: dict[int, str] = {}
        self.samples = 0
        self.sampling_ns = 0

    def take(self, now_ns: int) -> Snapshot:
        """The snapshot of this moment."""
        sessions = self._backend.sessions
        ports = self._backend.patchbay.ports
        here = {domid for domid, _ in sessions}
        self._names = {domid: self._names.get(domid) or self._backend.name_of(domid) for domid in here}
        rows = [
            row for _, session in sorted(sessions.items()) for row in stream_rows(session, self._names, ports, now_ns)
        ]
        if self._backend.local is not None:
            rows += application_rows(self._backend.local, now_ns)
        return Snapshot(
            self._process(now_ns),
            tuple(device_row(self._backend, place, port, now_ns) for place, port in sorted(ports.items(), key=_label)),
            tuple(rows),
        )

    def _process(self, now_ns: int) -> BackendFigures:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return BackendFigures(
            pid=self._pid,
            started_ns=self._started_ns,
            sampled_ns=now_ns,
            samples=self.samples,
            sampling_ns=self.sampling_ns,
            cpu_ns=round((usage.ru_utime + usage.ru_stime) * NS_PER_S),
            voluntary_switches=usage.ru_nvcsw,
            involuntary_switches=usage.ru_nivcsw,
            rss_octets_max=usage.ru_maxrss * 1024,  # getrusage counts KiB
        )


def _label(item: tuple[Place, Output | Input]) -> str:
    return item[0].label


def device_row(backend: Backend, place: Place, port: Output | Input, now_ns: int) -> DeviceFigures:
    """What one device shows."""
    params = port.device.params
    ahead_ns = None
    with suppress(DeviceError):
        if port.streams and isinstance(port, Output):
            ahead_ns = port.device.frame_time_ns(port.next_frame, _alive(port, now_ns)) - now_ns
    return DeviceFigures(
        name=place.label,
        kind=str(backend.config.devices[place.name]["kind"]),
        pacing=port.pacing.name,
        rate_hz=params.rate_hz,
        channels=params.channels,
        format=params.format,
        period_frames=params.period_frames,
        buffer_frames=params.buffer_frames,
        streams=port.streams,
        ahead_ns=ahead_ns,
        looks=port.looks,
        underruns=port.device.underruns,
    )


def _alive(port: Output | Input, now_ns: int) -> int:
    """The time, if there is a device to be asked then.  Raises DeviceError."""
    if port.failed:
        raise DeviceError(ENODEV, f"{port.name} is gone")
    return now_ns


def stream_rows(session: Session, names: Names, ports: Ports, now_ns: int) -> list[StreamFigures]:
    """What one guest's card shows: its streams, or itself when the guest is not connected."""
    guest, card = names[session.domid], session.devid
    if not session.streams:
        return [StreamFigures(session.domid, card, NO_STREAM, guest, State.AWAY)]
    whose = session.domid, card, guest
    return [_stream_row(stream, whose, session.counters_of(stream), ports, now_ns) for stream in session.streams]


def _stream_row(
    stream: Stream, whose: tuple[int, int, str], counted: Counters, ports: Ports, now_ns: int
) -> StreamFigures:
    domid, card, guest = whose
    line = stream.line
    place = stream.place
    port = ports.get(place) if place is not None else None
    opened = line.opened if line is not None else None
    is_lost = line is not None and line.is_lost
    return StreamFigures(
        domid, card, stream.number, guest, State.LOST if is_lost else STATES[stream.state],
        direction=stream.config.direction,
        device=place.label if place is not None and port is not None else "",
        pacing=port.pacing.name if port is not None else "",
        format=opened.format if opened else None,
        channels=opened.channels if opened else 0,
        rate_hz=opened.rate_hz if opened else 0,
        period_frames=line.period_frames if line is not None else 0,
        buffer_frames=line.buffer_frames if line is not None else 0,
        fill_ns=line.fill_frames * NS_PER_S // line.opened.rate_hz if line is not None else None,
        delay_ns=_delay_ns(stream, port, now_ns),
        frames=counted.frames,
        late_frames=counted.late_frames,
        underruns=counted.underruns,
        requests=counted.requests,
        events=counted.events,
        lateness=counted.lateness,
    )  # fmt: skip


def _delay_ns(stream: Stream, port: Output | Input | None, now_ns: int) -> int | None:
    if stream.line is None or port is None or port.failed or stream.line.is_lost:
        return None
    try:
        return stream.line.delay_ns(now_ns)
    except DeviceError:
        return None
