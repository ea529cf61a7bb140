"""What a backend counted comes out right, over all connections of a guest, and survives its file."""

import gc
from collections.abc import Iterator
from pathlib import Path
from weakref import ReferenceType, ref

import msgspec
import pytest

from backend.report import BackendReport, collect, cpu_seconds, read_report, write_report
from backend.stream import Stream
from ringproto.abi import Trigger
from ringproto.card import Direction
from tests.backend.rawguest import (
    BUFFER_FRAMES,
    FRAME_OCTETS,
    MS,
    PERIOD_FRAMES,
    RawGuest,
    card,
    machine_with_backend,
)  # fmt: skip


def play(guest: RawGuest, ms: int) -> None:
    """Open, play one buffer, stop after `ms`, close the connection."""
    assert guest.open() == 0
    assert guest.call(guest.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    assert guest.trigger(Trigger.START) == 0
    guest.settle((ms - 2) * MS)


def test_a_backend_nobody_used_has_nothing_to_report() -> None:
    _machine, _dom0, backend = machine_with_backend()
    report = collect(backend, cpu_seconds())
    assert (report.devices, report.streams) == ([], [])
    assert (report.backend.looks, report.backend.requests, report.backend.events) == (0, 0, 0)
    assert report.backend.rss_octets > 1 << 20
    assert report.machine.cpu_count >= 1


def test_requests_events_looks_and_frames_are_counted() -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    play(guest, 51)
    report = collect(backend, 0)
    (device,) = report.devices
    assert (device.name, device.kind, device.pacing, device.number) == ("speaker", "clocked", "irq", 0)
    assert (device.rate_hz, device.period_frames, device.underruns) == (48000, PERIOD_FRAMES, 0)
    assert device.interrupts == report.backend.looks == 5
    assert "interrupts" not in device.statistics
    assert (report.backend.requests, report.backend.events) == (3, 5)
    assert report.backend.cpu_s > 0
    (stream,) = report.streams
    assert (stream.domid, stream.stream, stream.frames) == (1, 0, 5 * PERIOD_FRAMES + 1)


def test_all_connections_of_a_guest_count_together() -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    play(guest, 51)
    guest.set_state("5")
    guest.settle()
    first = collect(backend, 0)
    guest.connect()
    play(guest, 51)
    second = collect(backend, 0)
    assert len(second.streams) == 1
    assert second.streams[0].frames > first.streams[0].frames > 0
    assert second.backend.requests == 2 * first.backend.requests


@pytest.fixture
def no_collector() -> Iterator[None]:
    """As `compose.domains` runs the backend."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_of_a_connection_that_is_over_only_its_numbers_stay() -> None:
    """A guest may connect as often as it likes, and must not fill our memory by it."""
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    streams: list[ReferenceType[Stream]] = []
    for _ in range(5):
        guest.connect()
        streams.append(ref(backend.sessions[1, 0].streams[0]))
        assert guest.open() == 0
        guest.set_state("5")
        guest.settle()
        guest.set_state("1")
        guest.settle()
    assert [stream() for stream in streams] == [None] * 5
    assert collect(backend, 0).backend.requests == 5


def test_capture_is_a_device_of_its_own() -> None:
    machine, dom0, backend = machine_with_backend()
    for domid, direction in enumerate(Direction, start=1):
        guest = RawGuest(machine, dom0, domid, card(direction=direction))
        guest.connect()
    report = collect(backend, 0)
    assert [(device.name, device.number) for device in report.devices] == [("speaker", 0), ("speaker (capture)", 1)]


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    play(guest, 51)
    report = collect(backend, 0)
    write_report(report, tmp_path / "backend.json")
    assert read_report(tmp_path / "backend.json") == report


def test_a_broken_file_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_bytes(b'{"machine": {')
    with pytest.raises(msgspec.DecodeError):
        read_report(tmp_path / "half.json")
    with pytest.raises(FileNotFoundError):
        read_report(tmp_path / "none.json")
    assert BackendReport.__struct_fields__ == ("machine", "devices", "backend", "streams", "applications")
