"""From the snapshots of a backend, which only count, to what happened between two of them."""

from typing import NamedTuple

from backend.live.lateness import NONE, Lateness
from backend.live.snapshot import BackendFigures, DeviceFigures, Snapshot, State, StreamFigures

S_NS = 1_000_000_000
Key = tuple[int, int, int]


class Row(NamedTuple):
    """A stream, or the card of a guest that is away."""

    stream: StreamFigures
    late: Lateness
    """Of the periods told since the last picture."""
    underruns: int
    """This and the next: since the counters were cleared."""
    late_frames: int
    new_underruns: int
    """Since the last picture."""
    requests_hz: float
    events_hz: float

    @property
    def late_p50_ns(self) -> int | None:
        """Half of them were told no later."""
        return self.late.quantile_ns(0.5)

    @property
    def late_max_ns(self) -> int | None:
        """None was told later."""
        return self.late.quantile_ns(1)


class DeviceRow(NamedTuple):
    """A device."""

    device: DeviceFigures
    looks_hz: float
    underruns: int
    """Since the counters were cleared."""


class Picture(NamedTuple):
    """What is shown."""

    backend: BackendFigures
    cpu_part: float
    """Of one processor."""
    wakeups_hz: float
    preemptions_hz: float
    rows: list[Row]
    devices: list[DeviceRow]
    late: Lateness
    """Of all streams together."""

    @property
    def guests(self) -> int:
        """How many are connected."""
        return len({row.stream.domid for row in self.rows if row.stream.is_stream})

    @property
    def running(self) -> int:
        """How many streams are."""
        return sum(row.stream.state is State.RUNNING for row in self.rows)


class History:
    """What has to be remembered between pictures."""

    def __init__(self) -> None:
        self._last: Snapshot | None = None
        self._before: Snapshot | None = None  # what the last one was compared with
        self._cleared: Snapshot | None = None
        self._picture: Picture | None = None

    def forget(self) -> None:
        """The backend is gone."""
        self._last = self._before = self._cleared = self._picture = None

    def clear(self) -> Picture | None:
        """Count from now on; the last picture as it is then."""
        self._cleared = self._last
        if self._last is not None:
            self._picture = _compare(self._last, self._before or self._last, self._cleared)
        return self._picture

    def picture(self, snapshot: Snapshot) -> Picture:
        """What has happened since the last snapshot; the last picture again, if it is the same one."""
        last = self._last
        if last is not None and _whose(last) != _whose(snapshot):
            self.forget()
            last = None
        if last is not None and last.backend.samples == snapshot.backend.samples and self._picture is not None:
            return self._picture
        self._last, self._before = snapshot, last or snapshot
        self._picture = _compare(snapshot, self._before, self._cleared)
        return self._picture


def _whose(snapshot: Snapshot) -> tuple[int, int]:
    return snapshot.backend.pid, snapshot.backend.started_ns


def _compare(now: Snapshot, last: Snapshot, cleared: Snapshot | None) -> Picture:
    took_s = max(now.backend.sampled_ns - last.backend.sampled_ns, 1) / S_NS
    before = {stream.key: stream for stream in last.streams}
    zero = {stream.key: stream for stream in cleared.streams} if cleared else {}
    rows = [_row(stream, before.get(stream.key), zero.get(stream.key), took_s) for stream in now.streams]
    late = NONE
    for row in rows:
        late += row.late
    return Picture(
        backend=now.backend,
        cpu_part=(now.backend.cpu_ns - last.backend.cpu_ns) / S_NS / took_s,
        wakeups_hz=(now.backend.voluntary_switches - last.backend.voluntary_switches) / took_s,
        preemptions_hz=(now.backend.involuntary_switches - last.backend.involuntary_switches) / took_s,
        rows=rows,
        devices=_devices(now, last, cleared, took_s),
        late=late,
    )


def _row(now: StreamFigures, last: StreamFigures | None, zero: StreamFigures | None, took_s: float) -> Row:
    last = last or now
    return Row(
        stream=now,
        late=now.lateness.since(last.lateness),
        underruns=_more(now.underruns, zero.underruns if zero else 0),
        late_frames=_more(now.late_frames, zero.late_frames if zero else 0),
        new_underruns=_more(now.underruns, last.underruns),
        requests_hz=_more(now.requests, last.requests) / took_s,
        events_hz=_more(now.events, last.events) / took_s,
    )


def _devices(now: Snapshot, last: Snapshot, cleared: Snapshot | None, took_s: float) -> list[DeviceRow]:
    before = {device.name: device for device in last.devices}
    zero = {device.name: device.underruns for device in cleared.devices} if cleared else {}
    return [
        DeviceRow(
            device,
            _more(device.looks, before.get(device.name, device).looks) / took_s,
            _more(device.underruns, zero.get(device.name, 0)),
        )
        for device in now.devices
    ]


def _more(now: int, before: int) -> int:
    """How many have come since; all, if it was counted anew (a device was opened again, a card removed and given)."""
    return now - before if now >= before else now
