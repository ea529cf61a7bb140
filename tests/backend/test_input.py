"""An input's looks: everybody gets what the card recorded, and it runs only while somebody listens."""

import logging
from errno import ENODEV

import numpy as np
import pytest

from backend.devices.api import DeviceError
from backend.input import Input
from backend.mixing.capture import CaptureVoice
from backend.mixing.queue import FrameQueue
from backend.mixing.spec import SampleSpec
from backend.pacing.api import NEVER
from hosts.sim.machine import SimMachine
from ringproto.formats import Format
from tests.backend.fakedevice import PARAMS, ByHand, FakeDevice, paced_by
from tests.backend.mixing.samples import take

SPEC = SampleSpec(Format.S16_LE, 2, 48000)


class FakeLine:
    """A recording stream that takes note of what it is told."""

    due_frame = NEVER

    def __init__(self, source: Input, guest: SampleSpec = SPEC, capacity_frames: int = 9600) -> None:
        self.queue = FrameQueue(capacity_frames * guest.frame_octets, guest.frame_octets)
        self.voice = CaptureVoice(source.spec, guest, self.queue, source.block_frames)
        self.blocks: list[tuple[int, int]] = []
        self.errors: list[OSError | Exception] = []
        self.skips: list[int] = []
        self.overruns: list[int] = []

    def recorded(self, guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        self.blocks.append((guest_frames, until_device_frame))

    def overran(self, device_frames: int) -> None:
        self.overruns.append(device_frames)

    def skipped(self, device_frames: int) -> None:
        self.skips.append(device_frames)

    def lost(self, error: OSError) -> None:
        self.errors.append(error)

    def fail(self, error: Exception) -> None:
        self.errors.append(error)


class Parts:
    """An input on a fake card."""

    def __init__(self) -> None:
        self.device, self.pacing = FakeDevice(), ByHand()
        self.input = Input("mic", self.device, SimMachine().host(0).loop, paced_by(self.pacing))

    def record(self, frames: int) -> bytes:
        """Have the card record so many frames of noise, and look."""
        sound = np.random.default_rng(frames).bytes(frames * 4)
        self.device.recorded += sound
        if self.pacing.running:
            self.input.look(0)
        return sound


@pytest.fixture
def parts() -> Parts:
    return Parts()


def test_the_card_runs_while_anybody_records(parts: Parts) -> None:
    first, second = FakeLine(parts.input), FakeLine(parts.input)
    running: list[tuple[bool, bool]] = []
    for line, joins in ((first, True), (second, True), (first, False), (second, False)):
        if joins:
            parts.input.join(line, 0)
        else:
            parts.input.leave(line, 0)
        running.append((parts.device.running, parts.pacing.running))
    assert running == [(True, True)] * 3 + [(False, False)]


def test_everybody_gets_the_same_frames(parts: Parts) -> None:
    lines = [FakeLine(parts.input), FakeLine(parts.input)]
    for line in lines:
        parts.input.join(line, 0)
    sound = parts.record(480) + parts.record(100)
    for line in lines:
        assert line.blocks == [(480, 480), (100, 580)]
        assert take(line.queue) == sound


def test_more_than_a_block_is_taken_in_one_look(parts: Parts) -> None:
    line = FakeLine(parts.input)
    parts.input.join(line, 0)
    sound = parts.record(2 * PARAMS.buffer_frames + 7)
    assert [frames for frames, _ in line.blocks] == [1920, 1920, 7]
    assert take(line.queue) == sound


def test_a_line_that_joins_later_gets_only_what_comes_later(parts: Parts) -> None:
    early, late = FakeLine(parts.input), FakeLine(parts.input)
    parts.input.join(early, 0)
    parts.record(480)
    assert parts.input.next_frame == 480
    parts.input.join(late, 0)
    sound = parts.record(100)
    assert late.blocks == [(100, 580)]
    assert take(late.queue) == sound


def test_a_line_with_no_room_loses_the_newest_and_the_others_nothing(parts: Parts) -> None:
    small, large = FakeLine(parts.input, capacity_frames=200), FakeLine(parts.input)
    for line in (small, large):
        parts.input.join(line, 0)
    sound = parts.record(480)
    assert small.blocks == [(200, 480)]
    assert take(small.queue) == sound[:800]
    assert small.voice.lost_frames == 280
    assert take(large.queue) == sound


def test_another_format_is_converted_beside_one_that_is_not(parts: Parts) -> None:
    exact, mono = FakeLine(parts.input), FakeLine(parts.input, SampleSpec(Format.S16_LE, 1, 48000))
    for line in (exact, mono):
        parts.input.join(line, 0)
    sound = np.frombuffer(parts.record(480), np.int16).reshape(-1, 2)
    assert take(exact.queue) == sound.tobytes()
    heard = np.frombuffer(take(mono.queue), np.int16)
    assert np.abs(heard - sound.mean(axis=1)).max() <= 1


def test_leaving_without_having_joined_is_harmless(parts: Parts) -> None:
    first, second = FakeLine(parts.input), FakeLine(parts.input)
    parts.input.join(first, 0)
    parts.input.leave(second, 0)
    assert parts.device.running


def test_a_line_that_leaves_while_it_is_told_does_not_disturb_the_look(parts: Parts) -> None:
    leaving, staying = FakeLine(parts.input), FakeLine(parts.input)

    def leave(guest_frames: int, until_device_frame: int, now_ns: int) -> None:
        parts.input.leave(leaving, now_ns)

    leaving.recorded = leave  # type: ignore[method-assign]
    parts.input.join(leaving, 0)
    parts.input.join(staying, 0)
    parts.record(480)
    parts.record(100)
    assert staying.blocks == [(480, 480), (100, 580)]


def test_a_card_that_fails_is_said_once_and_so_to_each_of_its_lines(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    line = FakeLine(parts.input)
    parts.input.join(line, 0)
    parts.device.failing = True
    with caplog.at_level(logging.WARNING):
        parts.record(480)
        parts.record(480)
    assert [record.getMessage() for record in caplog.records] == ["device mic: pulled out"]
    assert line.blocks == []
    assert len(line.errors) == 1
    assert not parts.pacing.running
    with pytest.raises(DeviceError) as gone:
        parts.input.join(FakeLine(parts.input), 0)
    assert gone.value.errno == ENODEV
    parts.input.leave(line, 0)
    parts.input.close()
    assert not parts.device.open


def test_a_card_that_does_not_start_takes_no_line(parts: Parts) -> None:
    parts.device.failing = True
    line = FakeLine(parts.input)
    with pytest.raises(DeviceError):
        parts.input.join(line, 0)
    parts.device.failing = False
    parts.input.join(line, 0)
    parts.record(10)
    assert line.blocks == [(10, 10)]


def test_what_the_card_lost_is_silence_in_its_place(parts: Parts) -> None:
    line = FakeLine(parts.input)
    parts.input.join(line, 0)
    first = parts.record(480)
    parts.device.written_frames += 700
    second = parts.record(480)
    assert line.blocks == [(480, 480), (700, 1180), (480, 1660)]
    octets, _ = line.queue.peek(9600)
    assert bytes(octets) == first + bytes(700 * 4) + second


def test_of_a_gap_of_minutes_two_seconds_are_silence_and_the_rest_is_only_counted(parts: Parts) -> None:
    line = FakeLine(parts.input, capacity_frames=100_000)
    parts.input.join(line, 0)
    parts.device.written_frames += 60 * 48000
    parts.record(480)
    assert line.skips == [58 * 48000]
    assert line.overruns == [60 * 48000]
    assert sum(frames for frames, _ in line.blocks) == 2 * 48000 + 480
    assert line.blocks[-1] == (480, 60 * 48000 + 480)


def test_a_card_that_rests_anywhere_begins_with_a_whole_period(parts: Parts) -> None:
    parts.device.written_frames = 100
    line = FakeLine(parts.input)
    parts.input.join(line, 0)
    assert parts.input.next_frame == 480
    sound = parts.record(700)
    octets, _ = line.queue.peek(9600)
    assert bytes(octets) == sound[380 * 4 :]
    assert line.blocks == [(320, 800)]
