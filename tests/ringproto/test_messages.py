"""Messages against slots packed here by hand, and parsers against anything."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.abi import Op, Trigger
from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from ringproto.messages import (
    BadRequest,
    CloseRequest,
    CurPos,
    GetVolumeRequest,
    HwParamRequest,
    HwParamResponse,
    HwParams,
    Interval,
    MuteRequest,
    OpenRequest,
    RangeRequest,
    ReadRequest,
    Request,
    Response,
    SetVolumeRequest,
    TriggerRequest,
    UnmuteRequest,
    WriteRequest,
    pack_event,
    pack_request,
    pack_response,
    parse_event,
    parse_request,
    parse_response,
)
from tests.ringproto.outcome import outcome


def slot(fields: Mapping[int, bytes | int]) -> bytes:
    """64 octets with each of the fields at its offset; a number is one octet."""
    octets = bytearray(64)
    for offset, value in fields.items():
        field = bytes([value]) if isinstance(value, int) else value
        octets[offset : offset + len(field)] = field
    return bytes(octets)


PARAMS = HwParams(
    formats_mask=1 << 24 | 1 << 2,
    rate_hz=Interval(8_000, 48_000),
    channels=Interval(1, 2),
    buffer_frames=Interval(64, 16_384),
    period_frames=Interval(32, 8_192),
)
PARAM_OCTETS: dict[int, bytes | int] = {
    8: b"\x04\0\0\x01\0\0\0\0",
    16: b"\x40\x1f\0\0",
    20: b"\x80\xbb\0\0",
    24: b"\x01\0\0\0",
    28: b"\x02\0\0\0",
    32: b"\x40\0\0\0",
    36: b"\0\x40\0\0",
    40: b"\x20\0\0\0",
    44: b"\0\x20\0\0",
}
OPEN = OpenRequest(0x1234, 48_000, Format.S16_LE, 2, 65_536, 0x0A0B_0C0D, 4096)
OPEN_OCTETS: dict[int, bytes | int] = {
    0: b"\x34\x12",
    2: 0,
    8: b"\x80\xbb\0\0",
    12: 2,
    13: 2,
    16: b"\0\0\x01\0",
    20: b"\x0d\x0c\x0b\x0a",
    24: b"\0\x10\0\0",
}
RANGE: dict[int, bytes | int] = {0: b"\xff\xff", 8: b"\x01\x02\x03\x04", 12: b"\xfc\xfd\xfe\xff"}
RANGED = (0xFFFF, 0x0403_0201, 0xFFFE_FDFC)

REQUESTS: dict[str, tuple[Request, Mapping[int, bytes | int]]] = {
    "open": (OPEN, OPEN_OCTETS),
    "close": (CloseRequest(7), {0: 7, 2: 1}),
    "read": (ReadRequest(*RANGED), {**RANGE, 2: 2}),
    "write": (WriteRequest(*RANGED), {**RANGE, 2: 3}),
    "set volume": (SetVolumeRequest(*RANGED), {**RANGE, 2: 4}),
    "get volume": (GetVolumeRequest(*RANGED), {**RANGE, 2: 5}),
    "mute": (MuteRequest(*RANGED), {**RANGE, 2: 6}),
    "unmute": (UnmuteRequest(*RANGED), {**RANGE, 2: 7}),
    "start": (TriggerRequest(1, Trigger.START), {0: 1, 2: 8, 8: 0}),
    "pause": (TriggerRequest(1, Trigger.PAUSE), {0: 1, 2: 8, 8: 1}),
    "stop": (TriggerRequest(1, Trigger.STOP), {0: 1, 2: 8, 8: 2}),
    "resume": (TriggerRequest(1, Trigger.RESUME), {0: 1, 2: 8, 8: 3}),
    "hw param query": (HwParamRequest(1, PARAMS), {0: 1, 2: 9, **PARAM_OCTETS}),
}


@pytest.mark.parametrize(("request_", "fields"), REQUESTS.values(), ids=REQUESTS.keys())
def test_request_and_its_octets_are_each_others_image(request_: Request, fields: Mapping[int, bytes | int]) -> None:
    assert pack_request(request_) == slot(fields)
    assert parse_request(slot(fields)) == request_
    assert type(parse_request(slot(fields))) is type(request_)


def test_every_op_has_a_request() -> None:
    assert {request.op for request, _ in REQUESTS.values()} == set(Op)


def test_reserved_octets_of_a_request_are_ignored() -> None:
    noisy = bytearray(slot(OPEN_OCTETS))
    for offset in (3, 4, 5, 6, 7, 14, 15, *range(28, 64)):
        noisy[offset] = 0xFF
    assert parse_request(bytes(noisy)) == OPEN


def test_frame_octets_of_an_open() -> None:
    assert OPEN.frame_octets == 4


@pytest.mark.parametrize("op", [10, 11, 255])
def test_unknown_op_is_refused_with_what_is_to_be_echoed(op: int) -> None:
    with pytest.raises(BadRequest, match="op") as caught:
        parse_request(slot({0: b"\x02\x01", 2: op}))
    assert (caught.value.id, caught.value.op, caught.value.errno) == (0x0102, op, Errno.ENOSYS)


@pytest.mark.parametrize(
    ("fields", "op", "named"),
    [
        ({**OPEN_OCTETS, 12: 25}, Op.OPEN, "format"),
        ({**OPEN_OCTETS, 12: 255}, Op.OPEN, "format"),
        ({0: b"\x34\x12", 2: 8, 8: 4}, Op.TRIGGER, "trigger"),
        ({0: b"\x34\x12", 2: 8, 8: 255}, Op.TRIGGER, "trigger"),
        ({0: b"\x34\x12", 2: 9, **PARAM_OCTETS, 8: bytes(8)}, Op.HW_PARAM_QUERY, "formats"),
        ({0: b"\x34\x12", 2: 9, **PARAM_OCTETS, 16: b"\xff\xff\xff\xff"}, Op.HW_PARAM_QUERY, "rate"),
        ({0: b"\x34\x12", 2: 9, **PARAM_OCTETS, 28: bytes(4)}, Op.HW_PARAM_QUERY, "channels"),
        ({0: b"\x34\x12", 2: 9, **PARAM_OCTETS, 36: bytes(4)}, Op.HW_PARAM_QUERY, "buffer"),
        ({0: b"\x34\x12", 2: 9, **PARAM_OCTETS, 44: bytes(4)}, Op.HW_PARAM_QUERY, "period"),
    ],
)
def test_bad_field_is_refused_by_name_with_what_is_to_be_echoed(
    fields: Mapping[int, bytes | int], op: Op, named: str
) -> None:
    with pytest.raises(BadRequest, match=named) as caught:
        parse_request(slot(fields))
    assert (caught.value.id, caught.value.op, caught.value.errno) == (0x1234, op, Errno.EINVAL)


def test_all_formats_asked_for_may_include_some_yet_unknown() -> None:
    request = parse_request(slot({2: 9, **PARAM_OCTETS, 8: b"\xff" * 8}))
    assert isinstance(request, HwParamRequest)
    assert request.params.formats_mask == (1 << 64) - 1


@pytest.mark.parametrize(
    ("response", "fields"),
    [
        (Response(0x0102, Op.WRITE, 0), {0: b"\x02\x01", 2: 3}),
        (Response(0x0102, Op.OPEN, -Errno.EINVAL), {0: b"\x02\x01", 4: b"\xea\xff\xff\xff"}),
        (Response(1, 200, -Errno.ENOSYS), {0: 1, 2: 200, 4: b"\xda\xff\xff\xff"}),
        (Response(1, Op.HW_PARAM_QUERY, -Errno.EINVAL), {0: 1, 2: 9, 4: b"\xea\xff\xff\xff"}),
        (HwParamResponse(1, 0, PARAMS), {0: 1, 2: 9, **PARAM_OCTETS}),
    ],
)
def test_response_and_its_octets_are_each_others_image(
    response: Response | HwParamResponse, fields: Mapping[int, bytes | int]
) -> None:
    assert pack_response(response) == slot(fields)
    assert parse_response(slot(fields)) == response


def test_positive_status_is_refused() -> None:
    with pytest.raises(ProtocolError, match="status"):
        parse_response(slot({2: 3, 4: 1}))


def test_positive_status_is_never_sent() -> None:
    with pytest.raises(AssertionError):
        pack_response(Response(1, Op.WRITE, 1))


def test_answer_to_a_query_that_leaves_no_choice_is_refused() -> None:
    with pytest.raises(ProtocolError, match="period"):
        parse_response(slot({2: 9, **PARAM_OCTETS, 44: bytes(4)}))


def test_event_and_its_octets_are_each_others_image() -> None:
    octets = slot({0: b"\xfe\xff", 2: 0, 8: b"\x08\x07\x06\x05\x04\x03\x02\x01"})
    assert pack_event(CurPos(0xFFFE, 0x0102_0304_0506_0708)) == octets
    assert parse_event(octets) == CurPos(0xFFFE, 0x0102_0304_0506_0708)


@pytest.mark.parametrize("kind", [1, 2, 255])
def test_event_of_unknown_type_is_skipped(kind: int) -> None:
    assert parse_event(slot({2: kind})) is None


ANY_SLOT = st.binary(min_size=64, max_size=64)
SLOT_OF_SOME_OP = st.builds(lambda octets, op: octets[:2] + bytes([op]) + octets[3:], ANY_SLOT, st.integers(0, 10))


@given(ANY_SLOT | SLOT_OF_SOME_OP)
def test_any_slot_is_a_request_or_refused(octets: bytes) -> None:
    request = outcome(parse_request, octets)
    assert not isinstance(request, ProtocolError) or isinstance(request, BadRequest)
    assert (request.id, request.op) == (int.from_bytes(octets[:2], "little"), octets[2])
    if isinstance(request, BadRequest):
        return
    assert parse_request(pack_request(request)) == request
    if isinstance(request, RangeRequest):
        assert request.offset == int.from_bytes(octets[8:12], "little")
        assert request.length == int.from_bytes(octets[12:16], "little")


@given(ANY_SLOT | SLOT_OF_SOME_OP)
def test_any_slot_is_a_response_or_refused(octets: bytes) -> None:
    response = outcome(parse_response, octets)
    if isinstance(response, ProtocolError):
        assert response.errno is Errno.EINVAL
        return
    assert response.status <= 0
    assert parse_response(pack_response(response)) == response


@given(ANY_SLOT)
def test_any_slot_is_an_event_or_skipped(octets: bytes) -> None:
    event = parse_event(octets)
    assert (event is None) == (octets[2] != 0)
    if event is not None:
        assert parse_event(pack_event(event)) == event
