"""What each request does, answered over the wire."""

from dataclasses import replace

import pytest

from ringproto.abi import Op, Trigger
from ringproto.card import CardConfig, Direction, PcmConfig, StreamConfig
from ringproto.errors import Errno
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval
from ringproto.messages import (
    CloseRequest,
    HwParamRequest,
    HwParamResponse,
    OpenRequest,
    ReadRequest,
    WriteRequest,
)
from ringproto.pagedir import build_directory, data_pages, directory_pages
from tests.backend.rawguest import (
    BUFFER_FRAMES,
    FRAME_OCTETS,
    LIMITS,
    PERIOD_FRAMES,
    RawGuest,
    card,
    machine_with_backend,
)

ANY = Interval(0, 1 << 31)
FULL = bytes(range(256)) * (BUFFER_FRAMES * FRAME_OCTETS // 256)


@pytest.fixture
def guest() -> RawGuest:
    machine, dom0, _backend = machine_with_backend()
    guest = RawGuest(machine, dom0)
    guest.connect()
    return guest


def test_an_unknown_op_is_answered_enosys_with_its_id_and_op(guest: RawGuest) -> None:
    guest.send_slots(b"\x34\x12\x2a" + bytes(61))
    guest.settle()
    response = guest.responses[-1]
    assert (response.id, response.status) == (0x1234, -Errno.ENOSYS)
    assert not isinstance(response, HwParamResponse)
    assert response.op == 0x2A


def test_the_answer_to_a_query_is_within_what_was_asked_and_what_the_card_can(guest: RawGuest) -> None:
    asked = HwParams(Format.S16_LE.mask | Format.MPEG.mask, Interval(40000, 60000), Interval(2, 20), ANY, ANY)
    assert guest.call(HwParamRequest(guest.next_id(), asked)) == 0
    response = guest.responses[-1]
    assert isinstance(response, HwParamResponse)
    params = response.params
    assert params.formats_mask == Format.S16_LE.mask
    assert (params.rate_hz, params.channels) == (Interval(44100, 48000), Interval(2, 8))
    lead_at_44100 = 2 * PERIOD_FRAMES * 44100 // 48000
    assert params.buffer_frames.min > lead_at_44100, "less than what is mixed ahead would always be late"
    assert params.buffer_frames.max == (1 << 16) // FRAME_OCTETS
    assert params.period_frames.min >= 44


def test_a_query_that_leaves_nothing_is_refused(guest: RawGuest) -> None:
    asked = HwParams(Format.MPEG.mask, ANY, ANY, ANY, ANY)
    assert guest.call(HwParamRequest(guest.next_id(), asked)) == -Errno.EINVAL


def test_transfers_need_an_open_stream(guest: RawGuest) -> None:
    assert guest.call(WriteRequest(guest.next_id(), 0, 4)) == -Errno.EINVAL
    assert guest.open() == 0
    assert guest.call(guest.write(FULL)) == 0
    assert guest.call(CloseRequest(guest.next_id())) == 0
    assert guest.call(WriteRequest(guest.next_id(), 0, 4)) == -Errno.EINVAL


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 0), (0, 3), (2, 4), (len(FULL), 4), (len(FULL) - 4, 8), (4, len(FULL)), (2**32 - 4, 8), (0, 2**32 - 4)],
)
def test_a_region_outside_the_buffer_or_of_part_frames_is_refused(guest: RawGuest, offset: int, length: int) -> None:
    assert guest.open() == 0
    assert guest.call(WriteRequest(guest.next_id(), offset, length)) == -Errno.EINVAL


def test_reading_from_a_playback_stream_is_refused(guest: RawGuest) -> None:
    assert guest.open() == 0
    assert guest.call(ReadRequest(guest.next_id(), 0, 4)) == -Errno.EINVAL


def test_triggers_follow_the_lifecycle(guest: RawGuest) -> None:
    assert guest.trigger(Trigger.START) == -Errno.EINVAL, "not open"
    assert guest.open() == 0
    assert guest.trigger(Trigger.RESUME) == -Errno.EINVAL
    assert guest.trigger(Trigger.STOP) == 0, "stop is what everybody sends when in doubt"
    assert guest.trigger(Trigger.START) == 0
    assert guest.trigger(Trigger.START) == -Errno.EINVAL
    assert guest.trigger(Trigger.PAUSE) == 0
    assert guest.trigger(Trigger.RESUME) == 0
    assert guest.trigger(Trigger.STOP) == 0
    assert guest.trigger(Trigger.START) == 0


def test_opening_twice_and_closing_unopened_are_fine(guest: RawGuest) -> None:
    assert guest.call(CloseRequest(guest.next_id())) == 0
    assert guest.open() == 0
    assert guest.open() == 0
    assert guest.call(CloseRequest(guest.next_id())) == 0


def test_the_buffer_is_unmapped_when_close_is_answered(guest: RawGuest) -> None:
    assert guest.open() == 0
    assert guest.call(CloseRequest(guest.next_id())) == 0
    guest.buffer.release()
    for grant in guest.grants:
        grant.end()  # the simulated memory refuses while the backend still holds a page


def test_the_buffer_is_unmapped_when_an_open_is_refused() -> None:
    """12 channels are what the guest's own configuration allows, but nobody knows which loudspeakers they are."""
    machine, dom0, _backend = machine_with_backend()
    allowed = replace(LIMITS, channels_max=12)
    stream = StreamConfig(0, Direction.PLAYBACK, "speaker", allowed)
    guest = RawGuest(machine, dom0, config=CardConfig("raw", "raw", (PcmConfig(0, "raw", (stream,)),), allowed))
    guest.connect()
    held = dom0.leftovers()
    size = 12 * 2 * BUFFER_FRAMES
    data, directory = guest.host.share(0, data_pages(size)), guest.host.share(0, directory_pages(size))
    build_directory(data.refs, directory.refs, directory.pages)
    request = OpenRequest(guest.next_id(), 48000, Format.S16_LE, 12, size, directory.refs[0], 0)
    assert guest.call(request) == -Errno.EINVAL
    assert dom0.leftovers() == held
    assert guest.open() == 0, "and in another way it can be opened"


def test_a_buffer_that_was_not_granted_is_refused_efault(guest: RawGuest) -> None:
    size = BUFFER_FRAMES * FRAME_OCTETS
    request = OpenRequest(guest.next_id(), 48000, Format.S16_LE, 2, size, 4711, PERIOD_FRAMES * FRAME_OCTETS)
    assert guest.call(request) == -Errno.EFAULT


@pytest.mark.parametrize("size", [0, 2, 2**31, 2**32 - 4])
def test_an_impossible_buffer_size_is_refused(guest: RawGuest, size: int) -> None:
    assert guest.call(OpenRequest(guest.next_id(), 48000, Format.S16_LE, 2, size, 9, 0)) == -Errno.EINVAL


def test_a_stream_on_no_device_of_the_operators_is_refused_enodev() -> None:
    machine, dom0, backend = machine_with_backend()
    guest = RawGuest(machine, dom0, config=card("alsa<hw:0;0>"))
    guest.connect()
    assert guest.open() == -Errno.ENODEV
    assert guest.call(HwParamRequest(guest.next_id(), HwParams(4, ANY, ANY, ANY, ANY))) == -Errno.ENODEV
    assert not backend.patchbay.ports, "nothing was opened for a name we do not know"


def test_many_requests_pushed_at_once_are_all_answered_in_order(guest: RawGuest) -> None:
    assert guest.open() == 0
    before = len(guest.responses)
    requests = [guest.write(bytes(4 * FRAME_OCTETS), 16 * n) for n in range(32)]
    guest.send(*requests)
    guest.settle()
    assert [response.id for response in guest.responses[before:]] == [request.id for request in requests]
    assert all(response.status == 0 for response in guest.responses[before:])


def test_a_full_queue_answers_late_and_in_order(guest: RawGuest) -> None:
    assert guest.open() == 0
    assert guest.call(guest.write(FULL)) == 0
    before = len(guest.responses)
    more = [guest.write(bytes(PERIOD_FRAMES * FRAME_OCTETS), 0), guest.write(bytes(PERIOD_FRAMES * FRAME_OCTETS), 0)]
    guest.send(*more)
    guest.settle()
    assert len(guest.responses) == before, "the queue holds one buffer, and that is full"
    assert guest.trigger(Trigger.START) == 0
    guest.settle(40_000_000)
    answered = [response.id for response in guest.responses[before:] if response.id in {r.id for r in more}]
    assert answered == [request.id for request in more]


def test_stopping_answers_what_waits(guest: RawGuest) -> None:
    assert guest.open() == 0
    assert guest.call(guest.write(FULL)) == 0
    waiting = guest.write(bytes(FRAME_OCTETS), 0)
    guest.send(waiting)
    guest.settle()
    assert guest.trigger(Trigger.STOP) == 0
    assert guest.trigger(Trigger.START) == 0
    assert guest.trigger(Trigger.STOP) == 0
    assert waiting.id in {response.id for response in guest.responses}
    assert waiting.op == Op.WRITE


def test_recording_delivers_whole_regions() -> None:
    machine, dom0, _backend = machine_with_backend()
    guest = RawGuest(machine, dom0, config=card("speaker", Direction.CAPTURE))
    guest.connect()
    assert guest.open() == 0
    guest.buffer.write_from(0, memoryview(FULL))
    request = ReadRequest(guest.next_id(), 0, PERIOD_FRAMES * FRAME_OCTETS)
    guest.send(request)
    guest.settle()
    assert request.id not in {response.id for response in guest.responses}, "nothing is recorded yet"
    assert guest.trigger(Trigger.START) == 0
    guest.settle(25_000_000)
    assert request.id in {response.id for response in guest.responses}
    silence = bytearray(PERIOD_FRAMES * FRAME_OCTETS)
    guest.buffer.read_into(0, memoryview(silence))
    assert bytes(silence) == bytes(len(silence)), "this card records silence"
