"""Requests, responses and events as values, and as the 64 octets of a slot.

Parsing judges what a slot can say of itself: is there such an op, trigger, format; is an interval the right way round.
Whether the request fits the stream is for `limits` (OPEN), `lifecycle` (order) and `buffer` (offset and length).

The caller hands over a private copy of the slot, never shared memory: a slot parsed twice must read the same twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ringproto import abi
from ringproto.abi import EventType, Op, Trigger
from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from ringproto.hwparams import HwParams, Interval

__all__ = [
    "BadRequest",
    "CloseRequest",
    "CurPos",
    "GetVolumeRequest",
    "HwParamRequest",
    "HwParamResponse",
    "HwParams",
    "Interval",
    "MuteRequest",
    "OpenRequest",
    "RangeRequest",
    "ReadRequest",
    "Request",
    "Response",
    "SetVolumeRequest",
    "TriggerRequest",
    "UnmuteRequest",
    "WriteRequest",
    "pack_event",
    "pack_request",
    "pack_response",
    "parse_event",
    "parse_request",
    "parse_response",
]


class BadRequest(ProtocolError):  # noqa: N818 - what it is, not what went wrong: the error is in `errno`
    """A request that cannot be understood, but answered: `id` and `op` (perhaps none of `Op`) are to be echoed."""

    def __init__(self, request_id: int, op: int, errno: Errno, message: str) -> None:
        super().__init__(errno, message)
        self.id = request_id
        self.op = op


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Open the stream (again, if it is open)."""

    op: ClassVar[Op] = Op.OPEN
    id: int
    rate_hz: int
    format: Format
    channels: int
    buffer_octets: int
    gref_directory: int
    period_octets: int
    """0: no position events."""

    @property
    def frame_octets(self) -> int:
        """Octets of one frame; 0 when the peer asks for 0 channels."""
        return self.channels * self.format.sample_octets


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """Close the stream; fine when it is not open."""

    op: ClassVar[Op] = Op.CLOSE
    id: int


@dataclass(frozen=True, slots=True)
class RangeRequest:
    """Any request about `length` octets at `offset` of the shared buffer."""

    op: ClassVar[Op]
    id: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ReadRequest(RangeRequest):
    """Fill the range with recorded frames."""

    op: ClassVar[Op] = Op.READ


@dataclass(frozen=True, slots=True)
class WriteRequest(RangeRequest):
    """Take the frames of the range to be played; once answered, the range may be overwritten."""

    op: ClassVar[Op] = Op.WRITE


@dataclass(frozen=True, slots=True)
class SetVolumeRequest(RangeRequest):
    """Set the channels' volumes (s32, 0.001 dB each step, 0 is unchanged loudness) from the range."""

    op: ClassVar[Op] = Op.SET_VOLUME


@dataclass(frozen=True, slots=True)
class GetVolumeRequest(RangeRequest):
    """Put the channels' volumes into the range."""

    op: ClassVar[Op] = Op.GET_VOLUME


@dataclass(frozen=True, slots=True)
class MuteRequest(RangeRequest):
    """Mute the channels whose flag in the range is not 0."""

    op: ClassVar[Op] = Op.MUTE


@dataclass(frozen=True, slots=True)
class UnmuteRequest(RangeRequest):
    """Unmute the channels whose flag in the range is not 0."""

    op: ClassVar[Op] = Op.UNMUTE


@dataclass(frozen=True, slots=True)
class TriggerRequest:
    """Start, pause, stop or resume the stream."""

    op: ClassVar[Op] = Op.TRIGGER
    id: int
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class HwParamRequest:
    """Which of these ways to open the stream are possible?"""

    op: ClassVar[Op] = Op.HW_PARAM_QUERY
    id: int
    params: HwParams


Request = OpenRequest | CloseRequest | RangeRequest | TriggerRequest | HwParamRequest


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request: `status` is 0 or a negated errno."""

    id: int
    op: int
    """As in the request, so perhaps none of `Op`."""
    status: int


@dataclass(frozen=True, slots=True)
class HwParamResponse:
    """The answer to HW_PARAM_QUERY when there is one; a refusal is a plain Response."""

    op: ClassVar[Op] = Op.HW_PARAM_QUERY
    id: int
    status: int
    params: HwParams


@dataclass(frozen=True, slots=True)
class CurPos:
    """An event: the stream has played or recorded `position_octets` since OPEN."""

    id: int
    position_octets: int


def parse_request(slot: bytes) -> Request:
    """The request in `slot` (64 octets).  Raises BadRequest: ENOSYS for an unknown op, EINVAL for a bad field."""
    request_id, op, offset, length = abi.RANGE_REQUEST.unpack(slot)
    ranged = _RANGED.get(op)
    if ranged is not None:
        return ranged(request_id, offset, length)
    parse = _PARSERS.get(op)
    if parse is None:
        raise BadRequest(request_id, op, Errno.ENOSYS, f"op: {op} is none of 0..{len(Op) - 1}")
    try:
        return parse(slot)
    except ProtocolError as error:
        raise BadRequest(request_id, op, error.errno, str(error)) from None


def _parse_open(slot: bytes) -> OpenRequest:
    request_id, _, rate_hz, code, channels, buffer_octets, gref, period_octets = abi.OPEN_REQUEST.unpack(slot)
    return OpenRequest(request_id, rate_hz, Format.from_code(code), channels, buffer_octets, gref, period_octets)


def _parse_close(slot: bytes) -> CloseRequest:
    return CloseRequest(abi.BARE_REQUEST.unpack(slot)[0])


def _parse_trigger(slot: bytes) -> TriggerRequest:
    request_id, _, trigger = abi.TRIGGER_REQUEST.unpack(slot)
    if trigger >= len(Trigger):
        raise ProtocolError(Errno.EINVAL, f"trigger: {trigger} is none of 0..{len(Trigger) - 1}")
    return TriggerRequest(request_id, Trigger(trigger))


def _parse_hw_param(slot: bytes) -> HwParamRequest:
    request_id, _, *numbers = abi.HW_PARAM_REQUEST.unpack(slot)
    return HwParamRequest(request_id, HwParams.from_numbers(numbers))


_RANGED: dict[int, type[RangeRequest]] = {
    kind.op: kind
    for kind in (ReadRequest, WriteRequest, SetVolumeRequest, GetVolumeRequest, MuteRequest, UnmuteRequest)
}
_PARSERS: dict[int, Callable[[bytes], Request]] = {
    Op.OPEN: _parse_open,
    Op.CLOSE: _parse_close,
    Op.TRIGGER: _parse_trigger,
    Op.HW_PARAM_QUERY: _parse_hw_param,
}


def pack_request(request: Request) -> bytes:
    """The 64 octets of `request`."""
    match request:
        case RangeRequest():
            return abi.RANGE_REQUEST.pack(request.id, request.op, request.offset, request.length)
        case OpenRequest():
            numbers = (request.buffer_octets, request.gref_directory, request.period_octets)
            return abi.OPEN_REQUEST.pack(
                request.id, request.op, request.rate_hz, request.format.code, request.channels, *numbers
            )
        case CloseRequest():
            return abi.BARE_REQUEST.pack(request.id, request.op)
        case TriggerRequest():
            return abi.TRIGGER_REQUEST.pack(request.id, request.op, request.trigger)
        case HwParamRequest():
            return abi.HW_PARAM_REQUEST.pack(request.id, request.op, *request.params.numbers())


def parse_response(slot: bytes) -> Response | HwParamResponse:
    """The response in `slot` (64 octets).

    Raises ProtocolError(EINVAL) for a positive status, and for parameters that leave no choice.
    """
    request_id, op, status = abi.RESPONSE.unpack(slot)
    if status > 0:
        raise ProtocolError(Errno.EINVAL, f"status: {status} is neither 0 nor a negated errno")
    if op != Op.HW_PARAM_QUERY or status < 0:
        return Response(request_id, op, status)
    return HwParamResponse(request_id, status, HwParams.from_numbers(abi.HW_PARAM_RESPONSE.unpack(slot)[3:]))


def pack_response(response: Response | HwParamResponse) -> bytes:
    """The 64 octets of `response`."""
    assert response.status <= 0, "Linux would take a positive status for success"
    if isinstance(response, HwParamResponse):
        return abi.HW_PARAM_RESPONSE.pack(response.id, response.op, response.status, *response.params.numbers())
    return pack_status(response.id, response.op, response.status)


def pack_status(request_id: int, op: int, status: int) -> bytes:
    """The 64 octets of a plain response, without making one first: the data path's."""
    assert status <= 0, "Linux would take a positive status for success"
    return abi.RESPONSE.pack(request_id, op, status)


def parse_event(slot: bytes) -> CurPos | None:
    """The event in `slot` (64 octets); None when it is of a type that we do not know, which is to be skipped."""
    event_id, kind, position_octets = abi.EVENT.unpack(slot)
    return CurPos(event_id, position_octets) if kind == EventType.CUR_POS else None


def pack_event(event: CurPos) -> bytes:
    """The 64 octets of `event`."""
    return abi.EVENT.pack(event.id, EventType.CUR_POS, event.position_octets)
