"""Volume and mute over the wire, heard at the card."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from ringproto.abi import Trigger
from ringproto.buffer import SharedBuffer
from ringproto.card import Direction
from ringproto.errors import Errno
from ringproto.messages import (
    CloseRequest,
    GetVolumeRequest,
    MuteRequest,
    RangeRequest,
    ReadRequest,
    SetVolumeRequest,
    UnmuteRequest,
)
from ringproto.volume import gain_of, pack_flags, pack_volumes, unpack_volumes
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, PERIOD_FRAMES, RawGuest, card, machine_with_backend

LEVEL = 10_000
SIZE = BUFFER_FRAMES * FRAME_OCTETS


class Listener:
    """A guest that plays the same sample for ever, and what the card played."""

    def __init__(self, folder: Path) -> None:
        self.wav = folder / "x.wav"
        machine, dom0, self.backend = machine_with_backend({"play_to": str(self.wav)})
        self.guest = RawGuest(machine, dom0)
        self.guest.connect()
        self.written = 0

    def start(self) -> None:
        assert self.guest.open() == 0
        for _ in range(BUFFER_FRAMES // PERIOD_FRAMES):
            self.feed()
        assert self.guest.trigger(Trigger.START) == 0

    def feed(self) -> None:
        """Hand a period over."""
        offset = self.written % BUFFER_FRAMES * FRAME_OCTETS
        block = np.full(PERIOD_FRAMES * 2, LEVEL, "<i2").tobytes()
        self.guest.send(self.guest.write(block, offset))
        self.written += PERIOD_FRAMES

    def play(self, periods: int) -> None:
        for _ in range(periods):
            told = len(self.guest.events)
            assert self.guest.wait_for_events(told + 1)
            self.feed()

    def ask(self, kind: type[RangeRequest], array: bytes, offset: int = 0) -> int:
        """Only while nothing is on its way: the array stands where sound has been."""
        self.guest.settle(1 * MS)
        self.guest.buffer.write_from(offset, memoryview(array))
        return self.guest.call(kind(self.guest.next_id(), offset, len(array)))

    def heard(self) -> NDArray[np.float64]:
        self.backend.close()
        samples, _ = soundfile.read(self.wav, dtype="int16", always_2d=True)
        return np.asarray(samples, np.float64)


@pytest.fixture
def listener(tmp_path: Path) -> Listener:
    return Listener(tmp_path)


def test_a_volume_is_heard_exactly_and_without_a_step(listener: Listener) -> None:
    listener.start()
    listener.play(5)
    assert listener.ask(SetVolumeRequest, pack_volumes([-6_021, -1])) == 0
    listener.play(8)
    left, right = listener.heard()[: 10 * PERIOD_FRAMES].T
    assert left[0] == right[0] == LEVEL
    assert left[-1] == pytest.approx(LEVEL * gain_of(-6_021), abs=1)
    assert right[-1] == pytest.approx(LEVEL * gain_of(-1), abs=1)
    assert np.abs(np.diff(left)).max() <= LEVEL / 480 / 2 + 2, "a ramp over ten milliseconds"


def test_mute_and_unmute_are_ramps_and_then_every_octet_is_as_it_was(listener: Listener) -> None:
    listener.start()
    listener.play(4)
    assert listener.ask(MuteRequest, pack_flags([True, False])) == 0
    listener.play(5)
    assert listener.ask(UnmuteRequest, pack_flags([True, True])) == 0
    listener.play(8)
    left, right = listener.heard()[: 14 * PERIOD_FRAMES].T
    assert 0 in left
    assert set(right) == {LEVEL}
    assert np.abs(np.diff(left)).max() <= LEVEL / 480 + 2
    assert set(left[-2 * PERIOD_FRAMES :]) == {LEVEL}


def test_what_is_set_before_the_start_holds_from_the_first_frame(listener: Listener) -> None:
    assert listener.guest.open() == 0
    assert listener.ask(SetVolumeRequest, pack_volumes([-20_000, -20_000])) == 0
    listener.start()
    listener.play(3)
    heard = listener.heard()
    assert heard[0, 0] == heard[479, 1] == LEVEL / 10


def test_a_ramp_that_was_cut_short_by_a_stop_does_not_go_on_in_the_next_sound(listener: Listener) -> None:
    listener.start()
    listener.play(4)
    assert listener.ask(SetVolumeRequest, pack_volumes([-20_000, -20_000])) == 0
    assert listener.guest.trigger(Trigger.STOP) == 0
    listener.guest.settle(40 * MS)
    listener.written = 0
    for _ in range(BUFFER_FRAMES // PERIOD_FRAMES):
        listener.feed()
    assert listener.guest.trigger(Trigger.START) == 0
    listener.guest.settle(15 * MS)
    assert set(listener.heard()[:, 0]) == {LEVEL, LEVEL / 10}


def test_what_is_set_in_a_pause_holds_from_the_first_frame_after_it(listener: Listener) -> None:
    listener.start()
    listener.play(2)
    assert listener.guest.trigger(Trigger.PAUSE) == 0
    listener.guest.settle(40 * MS)
    assert listener.ask(SetVolumeRequest, pack_volumes([-20_000, 0])) == 0
    assert listener.guest.trigger(Trigger.RESUME) == 0
    listener.guest.settle(15 * MS)
    left, right = listener.heard().T
    assert set(left[right == LEVEL]) == {LEVEL, LEVEL / 10}


def test_volumes_are_given_back_as_they_were_set_and_outlive_an_opening(listener: Listener) -> None:
    guest = listener.guest
    assert guest.open() == 0
    assert listener.ask(SetVolumeRequest, pack_volumes([-1234, 5]), offset=16) == 0
    assert listener.ask(MuteRequest, pack_flags([True, True])) == 0
    assert guest.call(CloseRequest(guest.next_id())) == 0
    assert guest.open() == 0
    assert listener.ask(GetVolumeRequest, bytes(8), offset=SIZE - 8) == 0
    array = bytearray(8)
    guest.buffer.read_into(SIZE - 8, memoryview(array))
    assert unpack_volumes(array) == (-1234, 5)


@pytest.mark.parametrize("kind", [SetVolumeRequest, GetVolumeRequest, MuteRequest, UnmuteRequest])
@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 0), (0, 4), (0, 7), (0, 12), (SIZE - 4, 8), (SIZE, 8), ((1 << 32) - 4, 8), (0, (1 << 32) - 1)],
)
def test_an_array_that_is_none_is_refused(
    listener: Listener, kind: type[RangeRequest], offset: int, length: int
) -> None:
    assert listener.guest.open() == 0
    assert listener.guest.call(kind(listener.guest.next_id(), offset, length)) == -Errno.EINVAL


@pytest.mark.parametrize("kind", [SetVolumeRequest, GetVolumeRequest, MuteRequest, UnmuteRequest])
def test_a_stream_that_is_not_open_has_no_buffer_to_look_in(listener: Listener, kind: type[RangeRequest]) -> None:
    assert listener.guest.call(kind(1, 0, 8)) == -Errno.EINVAL


def test_the_extremes_of_a_word(listener: Listener) -> None:
    assert listener.guest.open() == 0
    assert listener.ask(SetVolumeRequest, pack_volumes([-(1 << 31), -(1 << 31)])) == 0
    assert listener.ask(SetVolumeRequest, pack_volumes([0, (1 << 31) - 1])) == -Errno.EINVAL
    assert listener.ask(GetVolumeRequest, bytes(8)) == 0
    array = bytearray(8)
    listener.guest.buffer.read_into(0, memoryview(array))
    assert unpack_volumes(array) == (-(1 << 31), -(1 << 31)), "a refusal changes nothing"


def test_an_array_that_changes_while_it_is_read_counts_as_it_was_read(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert listener.guest.open() == 0
    read_into, reads = SharedBuffer.read_into, list[int]()

    def read_and_let_change(buffer: SharedBuffer, offset: int, into: memoryview) -> None:
        read_into(buffer, offset, into)
        reads.append(len(into))
        listener.guest.data_pages[0][:8] = b"\xff\xff\xff\x7f" * 2  # far too loud

    monkeypatch.setattr(SharedBuffer, "read_into", read_and_let_change)
    assert listener.ask(SetVolumeRequest, pack_volumes([-5, -7])) == 0
    monkeypatch.undo()
    assert reads == [8]
    assert listener.ask(GetVolumeRequest, bytes(8)) == 0
    array = bytearray(8)
    listener.guest.buffer.read_into(0, memoryview(array))
    assert unpack_volumes(array) == (-5, -7)


def test_refusals_are_the_guests_own_affair(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    """However often it asks for nonsense: the answer is all there is, and its sound goes on."""
    listener.start()
    listener.play(2)
    caplog.clear()
    for _ in range(20):
        assert listener.ask(SetVolumeRequest, pack_volumes([(1 << 31) - 1] * 2)) == -Errno.EINVAL
        assert listener.guest.call(MuteRequest(listener.guest.next_id(), SIZE, 8)) == -Errno.EINVAL
    assert caplog.records == []
    assert listener.guest.trigger(Trigger.STOP) == 0
    assert set(listener.heard()[: 2 * PERIOD_FRAMES, 0]) == {LEVEL}


def test_a_mute_is_not_lifted_by_a_volume_nor_by_opening_anew(listener: Listener) -> None:
    assert listener.guest.open() == 0
    assert listener.ask(MuteRequest, pack_flags([False, True])) == 0
    assert listener.ask(SetVolumeRequest, pack_volumes([-20_000, 20_000])) == 0
    listener.start()
    listener.play(3)
    heard = listener.heard()[: 3 * PERIOD_FRAMES]
    assert set(heard[:, 0]) == {LEVEL / 10}
    assert set(heard[:, 1]) == {0}


def test_a_recording_has_its_volume_too(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.full((4800, 2), LEVEL, "int16"), 48000)
    machine, dom0, _ = machine_with_backend({"record_from": str(tmp_path / "in.wav")})
    guest = RawGuest(machine, dom0, config=card(direction=Direction.CAPTURE))
    guest.connect()
    assert guest.open() == 0
    guest.buffer.write_from(0, memoryview(pack_volumes([-20_000, 0])))
    assert guest.call(SetVolumeRequest(guest.next_id(), 0, 8)) == 0
    assert guest.trigger(Trigger.START) == 0
    guest.settle(30 * MS)
    assert guest.call(ReadRequest(guest.next_id(), 0, 960 * FRAME_OCTETS)) == 0
    samples = np.frombuffer(bytes(guest.data_pages[0])[: 480 * 4], "<i2").reshape(-1, 2)
    assert set(samples[:, 0]) == {LEVEL // 10}
    assert set(samples[:, 1]) == {LEVEL}
