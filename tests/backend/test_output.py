"""An output's looks: what the card gets, who is told, and when it rests."""

import logging
from errno import EIO, ENODEV

import pytest

from backend.devices.api import DeviceError
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.mixing.voice import Voice
from backend.output import Output
from backend.pacing.api import NEVER
from hosts.sim.machine import SimMachine
from ringproto.formats import Format
from tests.backend.fakedevice import ByHand, FakeDevice, paced_by
from tests.backend.mixing.samples import put

PERIOD, LEAD = 480, 960
SPEC = SampleSpec(Format.S16_LE, 2, 48000)


class FakeLine:
    """A playing stream that takes note of what it is told."""

    due_frame = NEVER
    latency_frames = 10 * PERIOD

    def __init__(self, sample: int, frames: int = 10 * PERIOD) -> None:
        self.queue = FrameQueue(10 * PERIOD * 4, 4)
        self.voice = Voice(SPEC, SPEC, self.queue, LEAD)
        put(self.queue, sample.to_bytes(2, "little") * 2 * frames)
        self.missing: list[tuple[int, int]] = []
        self.positions: list[int] = []
        self.admitted = 0
        self.errors: list[OSError | Exception] = []
        self.skips: list[tuple[int, int]] = []

    def rendered(self, missing_frames: int, until_device_frame: int, now_ns: int) -> None:
        self.missing.append((missing_frames, until_device_frame))

    def admit(self, now_ns: int) -> None:
        self.admitted += 1

    def on_position(self, device_frames: int, now_ns: int) -> None:
        self.positions.append(device_frames)

    def skipped(self, device_frames: int, until_device_frame: int, now_ns: int) -> None:
        self.skips.append((device_frames, until_device_frame))

    def lost(self, error: OSError) -> None:
        self.errors.append(error)

    def fail(self, error: Exception) -> None:
        self.errors.append(error)


class Parts:
    """An output on a fake card."""

    def __init__(self) -> None:
        self.device, self.pacing = FakeDevice(), ByHand()
        self.output = Output("speaker", self.device, SimMachine().host(0).loop, paced_by(self.pacing))

    def look_at(self, frame: int) -> None:
        self.device.at = frame
        if self.pacing.running:
            self.output.look(0)


@pytest.fixture
def parts() -> Parts:
    return Parts()


def test_the_first_line_has_the_lead_mixed_before_the_card_starts(parts: Parts) -> None:
    line = FakeLine(7)
    parts.output.join(line, 0)
    assert (parts.device.running, parts.pacing.running) == (True, True)
    assert parts.device.heard == b"\7\0" * 2 * LEAD
    assert line.missing == [(0, LEAD)]
    assert parts.output.next_frame == LEAD


def test_each_look_mixes_the_lead_ahead_to_whole_periods(parts: Parts) -> None:
    line = FakeLine(7)
    parts.output.join(line, 0)
    for position, written in ((0, LEAD), (239, LEAD), (240, LEAD + PERIOD), (480, 1440), (481, 1440), (1500, 2400)):
        parts.look_at(position)
        assert parts.device.written_frames == written, position
    assert line.positions == [0, 239, 240, 480, 481, 1500]
    assert [missing for missing, _ in line.missing] == [0] * len(line.missing)


def test_a_line_is_told_of_its_frames_that_were_silence(parts: Parts) -> None:
    line = FakeLine(7, LEAD + 100)
    parts.output.join(line, 0)
    parts.look_at(PERIOD)
    assert line.missing == [(0, LEAD), (PERIOD - 100, LEAD + PERIOD)]
    assert parts.device.heard[-4 * (PERIOD - 100) :] == bytes(4 * (PERIOD - 100))


def test_waiting_frames_are_let_in_after_each_mixing(parts: Parts) -> None:
    line = FakeLine(7)
    parts.output.join(line, 0)
    parts.look_at(PERIOD)
    assert line.admitted == 2


def test_a_card_that_ran_dry_owes_every_line_what_it_skipped(parts: Parts) -> None:
    line = FakeLine(7)
    parts.output.join(line, 0)
    parts.device.written_frames = LEAD + 2000  # as a device does in an underrun: the next write is in time
    parts.look_at(LEAD + 2000 - PERIOD)
    assert line.skips == [(2000, LEAD + 2000)]
    assert [missing for missing, _ in line.missing] == [0] * len(line.missing)


def test_a_second_line_begins_behind_what_is_mixed_and_disturbs_nobody(parts: Parts) -> None:
    first, second = FakeLine(7), FakeLine(8)
    parts.output.join(first, 0)
    begins = parts.output.next_frame
    parts.output.join(second, 0)
    assert second.missing == []
    parts.look_at(PERIOD)
    assert parts.device.heard == b"\7\0" * 2 * begins + b"\x0f\0" * 2 * PERIOD
    parts.output.leave(second)
    parts.look_at(2 * PERIOD)
    assert parts.device.heard[-4 * PERIOD :] == b"\7\0" * 2 * PERIOD
    assert parts.output.clipped_samples == 0


def test_leaving_twice_or_without_having_joined_is_harmless(parts: Parts) -> None:
    line = FakeLine(7)
    parts.output.leave(line)
    parts.output.join(line, 0)
    parts.output.leave(line)
    parts.output.leave(line)
    assert parts.device.running


def test_when_nobody_plays_the_card_rests_once_the_last_sound_was_heard(parts: Parts) -> None:
    line = FakeLine(7)
    parts.output.join(line, 0)
    parts.output.leave(line)
    parts.look_at(LEAD - 1)
    assert parts.device.running
    parts.look_at(LEAD)
    assert (parts.device.running, parts.pacing.running) == (False, False)
    assert line.positions == []
    again = FakeLine(9)
    parts.output.join(again, 0)
    assert (parts.device.running, parts.pacing.running) == (True, True)
    assert again.missing == [(0, 2 * LEAD)]
    assert parts.device.heard[-4 * LEAD :] == b"\x09\0" * 2 * LEAD


def test_sums_beyond_full_scale_are_counted(parts: Parts) -> None:
    for _ in range(2):
        parts.output.join(FakeLine(0x7000), 0)
    parts.look_at(PERIOD)
    assert parts.output.clipped_samples == 2 * PERIOD
    assert parts.device.heard[-2:] == b"\xff\x7f"


def test_a_card_that_fails_is_said_once_and_so_to_each_of_its_lines(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [FakeLine(1), FakeLine(2)]
    for line in lines:
        parts.output.join(line, 0)
    parts.device.failing = True
    with caplog.at_level(logging.WARNING):
        for frame in (480, 960):
            parts.look_at(frame)
    assert [record.getMessage() for record in caplog.records] == ["device speaker: pulled out"]
    assert [line.positions for line in lines] == [[], []]
    assert [[error.errno for error in line.errors if isinstance(error, OSError)] for line in lines] == [[ENODEV]] * 2
    assert not parts.pacing.running
    with pytest.raises(DeviceError) as gone:
        parts.output.join(FakeLine(3), 0)
    assert gone.value.errno == ENODEV
    for line in lines:
        parts.output.leave(line)
    parts.output.close()
    assert not parts.device.open


def test_a_card_that_fails_at_the_start_takes_no_line(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    parts.device.failing = True
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with pytest.raises(DeviceError) as gone:
                parts.output.join(FakeLine(1), 0)
            assert gone.value.errno == ENODEV
    assert len(caplog.records) == 1
    assert not parts.pacing.running


def test_a_card_with_less_room_than_it_said_has_failed(
    parts: Parts, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.device, "write", lambda frames, now_ns: 0)
    with pytest.raises(DeviceError) as broken:
        parts.output.join(FakeLine(1), 0)
    assert broken.value.errno == EIO
    assert "less room than its buffer" in caplog.text


def test_a_card_that_rests_anywhere_begins_with_a_whole_period(parts: Parts) -> None:
    """Otherwise a guest's periods would end between the card's interrupts, and it would be told of them late."""
    parts.device.at = parts.device.written_frames = 100
    assert parts.output.next_frame == PERIOD
    line = FakeLine(7)
    parts.output.join(line, 0)
    assert parts.device.heard[: (PERIOD - 100) * 4] == bytes((PERIOD - 100) * 4)
    assert parts.device.heard[(PERIOD - 100) * 4 :][:4] == bytes((7, 0, 7, 0))
    assert parts.device.written_frames % PERIOD == 0
