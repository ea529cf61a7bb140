"""Recording over the wire: what a READ is answered with, and when."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ringproto.abi import Trigger
from ringproto.card import Direction
from ringproto.errors import Errno
from ringproto.messages import CloseRequest, ReadRequest, WriteRequest
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, PERIOD_FRAMES, RawGuest, card, machine_with_backend
from tests.backend.test_playback import Samples, noise

PERIOD_OCTETS = PERIOD_FRAMES * FRAME_OCTETS
BUFFER_OCTETS = BUFFER_FRAMES * FRAME_OCTETS


class Recording:
    """A guest with an open capture stream on a card that records noise."""

    def __init__(self, tmp_path: Path) -> None:
        self.sound = noise(48000)
        soundfile.write(tmp_path / "source.wav", self.sound, 48000, "PCM_16")
        machine, dom0, self.backend = machine_with_backend({"record_from": str(tmp_path / "source.wav")})
        self.guest = RawGuest(machine, dom0, config=card(direction=Direction.CAPTURE))
        self.guest.connect()
        assert self.guest.open() == 0

    def ask(self, nth_period: int, frames: int = PERIOD_FRAMES) -> ReadRequest:
        """Send a READ of a period into its place in the buffer."""
        offset = nth_period * PERIOD_OCTETS % BUFFER_OCTETS
        request = ReadRequest(self.guest.next_id(), offset, frames * FRAME_OCTETS)
        self.guest.send(request)
        return request

    def answered(self, request: ReadRequest) -> bool:
        return any(response.id == request.id for response in self.guest.responses)

    def taken(self, request: ReadRequest) -> Samples:
        """What lies in the region now."""
        region = bytearray(request.length)
        self.guest.buffer.read_into(request.offset, memoryview(region))
        return np.frombuffer(bytes(region), np.int16).reshape(-1, 2)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


def test_a_guest_that_reads_what_it_is_told_of_gets_every_frame(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    for period in range(12):
        assert guest.wait_for_events(period + 1)
        request = recording.ask(period)
        guest.settle(MS)
        assert recording.answered(request)
        expected = recording.sound[period * PERIOD_FRAMES : (period + 1) * PERIOD_FRAMES]
        assert np.array_equal(recording.taken(request), expected)
    assert guest.positions == [k * PERIOD_FRAMES + 1 for k in range(1, 13)]
    assert {response.status for response in guest.responses} == {0}


def test_a_read_of_what_is_not_recorded_yet_waits_for_it(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    requests = [recording.ask(period) for period in range(3)]
    guest.settle(15 * MS)
    assert [recording.answered(request) for request in requests] == [True, False, False]
    guest.settle(20 * MS)
    assert [recording.answered(request) for request in requests] == [True, True, True]
    assert np.array_equal(np.concatenate([recording.taken(r) for r in requests]), recording.sound[: 3 * PERIOD_FRAMES])


def test_a_guest_that_does_not_read_is_told_of_the_time_and_loses_the_newest_frames(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    guest.settle(101 * MS)
    assert guest.positions[-1] == 10 * PERIOD_FRAMES + 1
    (stream,) = recording.backend.sessions[1, 0].streams
    assert stream.late_frames == 10 * PERIOD_FRAMES - BUFFER_FRAMES
    request = recording.ask(0)
    guest.settle(MS)
    assert np.array_equal(recording.taken(request), recording.sound[:PERIOD_FRAMES]), "the oldest are kept"


def test_stopping_answers_what_waits_and_forgets_what_was_not_read(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    guest.settle(25 * MS)
    waiting = [recording.ask(period) for period in range(4)]
    guest.settle(MS)
    assert [recording.answered(request) for request in waiting] == [True, True, False, False]
    assert guest.trigger(Trigger.STOP) == 0
    assert all(recording.answered(request) for request in waiting)
    assert guest.positions[-1] == BUFFER_FRAMES, "rounded up to a whole buffer"
    assert guest.trigger(Trigger.START) == 0
    request = recording.ask(0)
    guest.settle(11 * MS)
    (at,) = np.flatnonzero((recording.sound == recording.taken(request)[0]).all(axis=1))
    assert at >= 2 * PERIOD_FRAMES, "not what was recorded before"


def test_pausing_keeps_what_was_recorded(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    guest.settle(15 * MS)
    assert guest.trigger(Trigger.PAUSE) == 0
    guest.settle(50 * MS)
    request = recording.ask(0)
    guest.settle(MS)
    assert np.array_equal(recording.taken(request), recording.sound[:PERIOD_FRAMES])
    assert len(guest.events) == 1
    assert guest.trigger(Trigger.RESUME) == 0
    guest.settle(11 * MS)
    assert len(guest.events) == 2


def test_closing_answers_what_waits_first_and_unmaps(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    waiting = recording.ask(0)
    guest.settle(MS)
    close = CloseRequest(guest.next_id())
    assert guest.call(close) == 0
    assert [response.id for response in guest.responses[-2:]] == [waiting.id, close.id]
    guest.buffer.release()
    for grant in guest.grants:
        grant.end()  # would refuse while the backend looks at them


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 0), (0, 3), (2, 4), (BUFFER_OCTETS, 4), (4, BUFFER_OCTETS), (2**32 - 4, 8)]
)
def test_a_region_outside_the_buffer_or_of_part_frames_is_refused(
    recording: Recording, offset: int, length: int
) -> None:
    guest = recording.guest
    assert guest.call(ReadRequest(guest.next_id(), offset, length)) == -Errno.EINVAL


def test_writing_to_a_capture_stream_is_refused(recording: Recording) -> None:
    guest = recording.guest
    assert guest.call(WriteRequest(guest.next_id(), 0, 4)) == -Errno.EINVAL


def test_more_reads_than_the_buffer_holds_frames_for_are_all_answered_in_time(recording: Recording) -> None:
    guest = recording.guest
    assert guest.trigger(Trigger.START) == 0
    requests = [recording.ask(period) for period in range(9)]
    guest.settle(91 * MS)
    assert all(recording.answered(request) for request in requests)


def test_a_guest_that_breaks_its_event_page_while_recording_loses_its_connection_alone(
    recording: Recording,
) -> None:
    guest = recording.guest
    neighbour = RawGuest(guest.machine, guest.machine.hosts[0], 2, card(direction=Direction.CAPTURE))
    neighbour.connect()
    assert neighbour.open() == 0
    for each in (guest, neighbour):
        assert each.trigger(Trigger.START) == 0
    guest.event_page.pages[0].cast("I")[0] = 1000
    neighbour.settle(55 * MS)
    assert (guest.backend_state, neighbour.backend_state) == ("6", "4")
    assert neighbour.positions == [k * PERIOD_FRAMES + 1 for k in range(1, 6)]
