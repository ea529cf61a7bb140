"""One stream of a guest's card: what each request does.

A request is checked against the stream's lifecycle and the card's configuration before anything happens, and answered
in every case.  `HW_PARAM_QUERY` comes by the dozen with every open of the kernel's frontend, so it is answered from
what is known, without touching the device.
"""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from backend.capture import CaptureLine
from backend.config import Plug
from backend.counters import NOTHING, Counters
from backend.devices.api import DeviceError
from backend.input import Input
from backend.jack import Jack, Place
from backend.line import Transfer
from backend.offers import offered
from backend.output import Output
from backend.playback import PlaybackLine
from backend.port import wire_errno
from backend.sharedpages import map_buffer
from backend.volume import Volume
from backend.wire import GuestWire, Peer
from hosts.api import Mapping
from ringproto.abi import Op, Trigger
from ringproto.buffer import SharedBuffer
from ringproto.card import StreamConfig, Transport
from ringproto.errors import Errno, ProtocolError
from ringproto.lifecycle import StreamState, after_op
from ringproto.messages import (
    BadRequest,
    CloseRequest,
    GetVolumeRequest,
    HwParamRequest,
    HwParamResponse,
    MuteRequest,
    OpenRequest,
    RangeRequest,
    ReadRequest,
    SetVolumeRequest,
    TriggerRequest,
    UnmuteRequest,
    WriteRequest,
    pack_response,
    pack_status,
    parse_request,
)
from ringproto.trace import Point
from ringproto.volume import check_volumes, pack_volumes, unpack_flags, unpack_volumes

log = logging.getLogger("vsnd.backend")

Port = Output | Input


class Stream:
    """One stream of one guest, from connection to disconnection."""

    def __init__(self, peer: Peer, pcm: int, config: StreamConfig, transport: Transport, jack: Jack | None) -> None:
        self.config = config
        self.number = pcm * 16 + config.index
        """In traces."""
        self._jack = jack
        self._past = NOTHING  # of openings that are over
        self._said_limit = False
        self._peer = peer
        self._state = StreamState.CLOSED
        self._line: PlaybackLine | CaptureLine | None = None
        self._mapping: Mapping | None = None
        self._volume = Volume()
        self.wire = GuestWire(peer, self.number, transport, self._on_request)

    @property
    def state(self) -> StreamState:
        """Where it is in its life."""
        return self._state

    @property
    def line(self) -> PlaybackLine | CaptureLine | None:
        """While it is open."""
        return self._line

    @property
    def place(self) -> Place | None:
        """The device that it is plugged into; None for an id that is not in the operator's table."""
        return self._jack.place if self._jack is not None else None

    @property
    def late_frames(self) -> int:
        """Frames that were dropped, having come after their moment (or that found no room, for capture)."""
        return self._past.late_frames + (self._line.late_frames if self._line is not None else 0)

    @property
    def counters(self) -> Counters:
        """All that was counted since connection."""
        wire, line = self.wire, self._line
        now = NOTHING if line is None else line.counters()
        return self._past + now + Counters(requests=wire.requests, events=wire.events, untraced=wire.untraced)

    # -- what the line needs (backend.line.Wire) ----------------------------------------------------------------------

    def answer(self, request: Transfer, status: int) -> None:
        """Respond to a READ or WRITE."""
        self.wire.push(pack_status(request.id, request.op, status))

    def send_position(self, octets: int, boundary: int) -> bool:
        """Send a position event; False when there is no room."""
        return self.wire.send_position(octets, boundary)

    def hush(self, period_ns: int) -> None:
        """The guest need not ring for its next request."""
        self.wire.hush(period_ns)

    def trace(self, point: Point, frame: int, value: int) -> None:
        """Write a trace record of this stream, as of this moment."""
        self.wire.trace(point, frame, value)

    def limited(self) -> None:
        """The card is too far off the guest's clock to be followed: said once."""
        if not self._said_limit:
            self._said_limit = True
            log.warning("domain %d, stream %d: its card's clock is too far off", self._peer.domid, self.number)

    def fail(self, error: Exception) -> None:
        """End the connection: we cannot serve it any more."""
        self.wire.fail(error)

    # -- requests -----------------------------------------------------------------------------------------------------

    def _on_request(self, slot: bytes, now_ns: int) -> None:
        try:
            request = parse_request(slot)
        except BadRequest as bad:
            self._respond(bad.id, bad.op, -bad.errno)
            return
        try:
            self._SERVE[type(request)](self, request, now_ns)
        except ProtocolError as error:
            self._respond(request.id, request.op, -error.errno)
        except DeviceError as error:
            self._respond(request.id, request.op, -wire_errno(error))

    def _respond(self, request_id: int, op: int, status: int) -> None:
        self.wire.push(pack_status(request_id, op, status))

    def _write(self, request: WriteRequest, now_ns: int) -> None:
        line = self._line
        if not isinstance(line, PlaybackLine):
            after_op(self._state, request.op)
            raise ProtocolError(Errno.EINVAL, "op: WRITE on a capture stream")
        line.transfer(request, now_ns)

    def _read(self, request: ReadRequest, now_ns: int) -> None:
        line = self._line
        if not isinstance(line, CaptureLine):
            after_op(self._state, request.op)
            raise ProtocolError(Errno.EINVAL, "op: READ on a playback stream")
        line.transfer(request, now_ns)

    def _trigger(self, request: TriggerRequest, now_ns: int) -> None:
        state = after_op(self._state, request.trigger)
        line = self._line
        assert line is not None
        if request.trigger is Trigger.START:
            line.start(now_ns)
        elif request.trigger is Trigger.PAUSE:
            line.pause(now_ns)
        elif request.trigger is Trigger.RESUME:
            line.resume(now_ns)
        elif self._state is not StreamState.PREPARED:
            line.stop(now_ns)
        self._state = state
        self._respond(request.id, request.op, 0)

    def _query(self, request: HwParamRequest, now_ns: int) -> None:
        port = self._plugged().port()
        possible = self.config.limits.negotiate(request.params)
        params = possible.intersect(offered(port, possible))
        self.wire.push(pack_response(HwParamResponse(request.id, 0, params)))

    def _set_volume(self, request: SetVolumeRequest, now_ns: int) -> None:
        line, array = self._array(request)
        levels = unpack_volumes(array)
        check_volumes(levels)
        self._volume.set(levels)
        self._turn(line, request, now_ns)

    def _mute(self, request: MuteRequest | UnmuteRequest, now_ns: int) -> None:
        line, array = self._array(request)
        self._volume.mute(unpack_flags(array), muted=isinstance(request, MuteRequest))
        self._turn(line, request, now_ns)

    def _get_volume(self, request: GetVolumeRequest, now_ns: int) -> None:
        line, _ = self._array(request)
        levels = pack_volumes(self._volume.levels_mdb(line.opened.channels))
        line.buffer.write_from(request.offset, memoryview(levels))
        self._respond(request.id, request.op, 0)

    def _array(self, request: RangeRequest) -> tuple[PlaybackLine | CaptureLine, bytearray]:
        """The line, and a private copy of the array in its buffer.  Raises ProtocolError(EINVAL)."""
        after_op(self._state, request.op)
        assert self._line is not None
        self._line.check_array(request)
        array = bytearray(request.length)
        self._line.buffer.read_into(request.offset, memoryview(array))
        return self._line, array

    def _turn(self, line: PlaybackLine | CaptureLine, request: RangeRequest, now_ns: int) -> None:
        line.set_gains(self._volume.gains(line.opened.channels), now_ns)
        self._respond(request.id, request.op, 0)

    def _open(self, request: OpenRequest, now_ns: int) -> None:
        jack = self._plugged()
        self._shut(now_ns)
        self.config.limits.check_open(request)
        try:
            port = jack.hold()
            self._mapping = map_buffer(self._peer.host, self._peer.domid, request.gref_directory, request.buffer_octets)
            buffer = SharedBuffer(self._mapping.pages, request.buffer_octets)
            self._line = self._lay_line(request, buffer, port, jack.plug)
        except (ProtocolError, DeviceError):
            self._shut(now_ns)  # a guest that is refused takes its pages back
            raise
        self._line.set_gains(self._volume.gains(request.channels), now_ns)
        self._state = after_op(self._state, Op.OPEN)
        self.wire.opened()
        self._respond(request.id, request.op, 0)

    def _plugged(self) -> Jack:
        if self._jack is None:
            raise ProtocolError(Errno.ENODEV, f"unique-id {self.config.unique_id!r}: no device of the operator's")
        return self._jack

    def _lay_line(
        self, request: OpenRequest, buffer: SharedBuffer, port: Port, plug: Plug
    ) -> PlaybackLine | CaptureLine:
        """Raises ProtocolError(EINVAL) for what cannot be mixed."""
        if isinstance(port, Output):
            return PlaybackLine(request, buffer, port, self, plug)
        return CaptureLine(request, buffer, port, self, plug)

    def _close(self, request: CloseRequest, now_ns: int) -> None:
        self._shut(now_ns)  # unmapped before it is answered: the guest ends its grants right after
        self._respond(request.id, request.op, 0)

    def _shut(self, now_ns: int) -> None:
        self._state = StreamState.CLOSED
        line, self._line = self._line, None
        if line is not None:
            self._past += line.counters()
            line.release(now_ns)
        mapping, self._mapping = self._mapping, None
        if mapping is not None:
            mapping.unmap()
        if self._jack is not None:
            self._jack.let_go()

    def close(self) -> None:
        """The connection is over."""
        self._shut(self._peer.host.loop.now_ns())
        self.wire.close()
        if self._jack is not None:
            self._jack.close()

    _SERVE: ClassVar[dict[type[Any], Callable[["Stream", Any, int], None]]] = {
        WriteRequest: _write,
        ReadRequest: _read,
        TriggerRequest: _trigger,
        HwParamRequest: _query,
        SetVolumeRequest: _set_volume,
        GetVolumeRequest: _get_volume,
        MuteRequest: _mute,
        UnmuteRequest: _mute,
        OpenRequest: _open,
        CloseRequest: _close,
    }
