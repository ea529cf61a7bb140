"""A stream on the server: made anew after each loss, known by its user's name, watched for what people do to it.

Everything is asked of libpulse's own copy of the stream's state; nothing waits for the server.
"""

import ctypes
import logging
import time
from typing import Any

from backend.devices.api import DeviceParams
from backend.devices.pulse.connection import Connection
from backend.devices.pulse.library import (
    ADJUST_LATENCY,
    ANY,
    AUTO_TIMING_UPDATE,
    NO_INDEX,
    SEEK_ABSOLUTE,
    START_CORKED,
    STREAM_FAILED,
    STREAM_READY,
    STREAM_TERMINATED,
    SUBSCRIBE_SINK_INPUT,
    VOLUME_NORM,
    library,
)
from backend.devices.pulse.options import FORMAT_CODES, PulseOptions
from backend.devices.pulse.tape import Report
from hosts.api import Loop, OnTime
from ringproto.card import Direction

log = logging.getLogger("vsnd.backend")


class PulseStream:
    """One stream; `on_event(now_ns)` is called on the loop when it became ready, was lost, or its timing is new."""

    def __init__(self, options: PulseOptions, direction: Direction, loop: Loop, user: str, on_event: OnTime) -> None:
        self.params: DeviceParams = options.params
        self.sink = ""
        """Where it plays or records, by the server's word."""
        self.muted = False
        self.volume_percent = 100.0
        self._options = options
        self._direction = direction
        self._user = user
        self._lib = lib = library()
        self._on_event = on_event
        self._handle: object = None
        self._is_ready = False
        self._timing_is_new = False
        self._loop = loop
        self._piece, self._piece_octets = ctypes.c_void_p(), ctypes.c_size_t()
        self._told: tuple[str, bool, float] | None = None
        self._on_timing = lib.callback("pa_stream_success_cb_t", self._timing_came)
        self._on_info = lib.callback("pa_sink_input_info_cb_t", self._info_came)
        self._on_change = lib.callback("pa_context_subscribe_cb_t", self._changed)
        self._connection = Connection(options.server, user, options.icon, loop, self._look)
        self._ring = lib.callback("pa_stream_notify_cb_t", self._connection.ring)

    # -- on the loop --------------------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether it is on the server."""
        return self._is_ready

    @property
    def losses(self) -> int:
        """How often the server was lost."""
        return self._connection.losses

    @property
    def timing_is_new(self) -> bool:
        """Whether what `ask_timing` asked for has come."""
        return self._timing_is_new

    def _look(self, now_ns: int) -> None:
        connection = self._connection
        if connection.context is None:
            self._forget()
        elif self._handle is None:
            self._make(connection.context)
        else:
            with connection.locked():
                state = self._lib.pa_stream_get_state(self._handle)
            if state in (STREAM_FAILED, STREAM_TERMINATED):  # its sink is gone, say
                self._forget()
            elif state == STREAM_READY and not self._is_ready:
                self._be_ready()
            self._tell()
        self._on_event(now_ns)

    def _make(self, context: object) -> None:
        lib, connection = self._lib, self._connection
        with connection.locked():
            texts = {
                "media.name": self._user,
                "media.role": self._options.media_role,
                "application.icon_name": self._options.icon,
            }
            properties = connection.properties(texts)
            spec = lib.struct("pa_sample_spec")
            spec.format = FORMAT_CODES[self.params.format]
            spec.rate, spec.channels = self.params.rate_hz, self.params.channels
            self._handle = lib.pa_stream_new_with_proplist(context, self._user.encode(), spec, None, properties)
            lib.pa_proplist_free(properties)
            lib.pa_stream_set_state_callback(self._handle, self._ring, None)
            lib.pa_stream_set_moved_callback(self._handle, self._ring, None)
            lib.pa_context_set_subscribe_callback(context, self._on_change, None)
            self._unref(lib.pa_context_subscribe(context, SUBSCRIBE_SINK_INPUT, None, None))
            self._connect_stream()

    def _connect_stream(self) -> None:
        """With ADJUST_LATENCY the sink is set to (tlength - 2 minreq) / 2: half a period, in pieces of as much."""
        lib, params = self._lib, self.params
        sizes = lib.struct("pa_buffer_attr")
        sizes.maxlength, sizes.prebuf = ANY, 0
        sizes.tlength = 2 * params.period_frames * params.frame_octets
        sizes.minreq = sizes.fragsize = params.period_frames // 2 * params.frame_octets
        flags = START_CORKED | AUTO_TIMING_UPDATE | ADJUST_LATENCY
        device = self._options.device.encode() or None
        if self._direction is Direction.PLAYBACK:
            lib.pa_stream_connect_playback(self._handle, device, sizes, flags, None, None)
        else:
            lib.pa_stream_connect_record(self._handle, device, sizes, flags)

    def _be_ready(self) -> None:
        self._is_ready = True
        self._ask_info()

    def _forget(self) -> None:
        handle, self._handle = self._handle, None
        self._is_ready = self._timing_is_new = False
        if handle is not None:
            with self._connection.locked():
                self._lib.pa_stream_set_state_callback(handle, None, None)
                self._lib.pa_stream_disconnect(handle)
                self._lib.pa_stream_unref(handle)

    def _tell(self) -> None:
        """Say where it plays, and how loud, when somebody has changed that."""
        if not self._is_ready:
            return
        with self._connection.locked():
            self.sink = (self._lib.pa_stream_get_device_name(self._handle) or b"").decode()
        now = (self.sink, self.muted, self.volume_percent)
        if self._told is not None and now != self._told:
            how = "muted," if self.muted else "at"
            log.info("%s: on %s, %s %.0f %%", self._user, self.sink, how, self.volume_percent)
        self._told = now

    # -- verbs --------------------------------------------------------------------------------------------------------

    def settle(self, limit_ns: int) -> None:
        """Give the server that long to make the stream, and say a first word of where it is."""
        self._connection.settle(lambda: self._is_ready and self.report() is not None, limit_ns)

    def cork(self, corked: bool) -> None:
        """Hold it, or let it go."""
        with self._connection.locked():
            self._unref(self._lib.pa_stream_cork(self._handle, corked, None, None))

    def flush(self) -> None:
        """Throw away what is on its way."""
        with self._connection.locked():
            self._unref(self._lib.pa_stream_flush(self._handle, None, None))

    def ask_timing(self) -> None:
        """Ask the server where it is; `timing_is_new` once it has answered."""
        self._timing_is_new = False
        with self._connection.locked():
            self._unref(self._lib.pa_stream_update_timing_info(self._handle, self._on_timing, None))

    def report(self) -> Report | None:
        """The server's last word on where it is; None before it said anything."""
        if not self._is_ready:
            return None
        with self._connection.locked():
            found = self._lib.pa_stream_get_timing_info(self._handle)
            if not found:
                return None
            info = found.contents
            age_ns = time.time_ns() - info.timestamp.tv_sec * 1_000_000_000 - info.timestamp.tv_usec * 1000
            return Report(
                at_ns=self._loop.now_ns() - max(0, age_ns) - info.transport_usec * 1000,
                taken_frames=info.read_index // self.params.frame_octets,
                sink_us=info.sink_usec,
                sink_us_max=info.configured_sink_usec,
            )

    def write(self, octets: memoryview, index: int) -> None:
        """Place octets at that index of the stream; the server drops what comes too late, and plays gaps as silence."""
        data = ctypes.addressof(ctypes.c_char.from_buffer(octets))  # an array's type would be a cycle of its own
        with self._connection.locked():
            self._lib.pa_stream_write(self._handle, data, len(octets), None, index, SEEK_ABSOLUTE)

    def peek(self) -> bytes | None:
        """The oldest piece that came, until `drop`; None when there is none.  A hole is silence."""
        with self._connection.locked():
            self._lib.pa_stream_peek(self._handle, ctypes.byref(self._piece), ctypes.byref(self._piece_octets))
        count = self._piece_octets.value
        if not count:
            return None
        if not self._piece.value:
            return bytes(count)
        return ctypes.string_at(self._piece.value, count)

    def drop(self) -> None:
        """The piece was copied."""
        with self._connection.locked():
            self._lib.pa_stream_drop(self._handle)

    def _unref(self, operation: object) -> None:
        if operation:
            self._lib.pa_operation_unref(operation)

    def _ask_info(self) -> None:
        with self._connection.locked():
            index = self._lib.pa_stream_get_index(self._handle)
            if self._direction is Direction.PLAYBACK and index != NO_INDEX:
                context = self._connection.context
                self._unref(self._lib.pa_context_get_sink_input_info(context, index, self._on_info, None))

    # -- in libpulse's thread -----------------------------------------------------------------------------------------

    def _timing_came(self, _stream: object, _success: int, _data: object) -> None:
        self._timing_is_new = True
        self._connection.ring()

    def _changed(self, context: object, _kind: int, index: int, _data: object) -> None:
        if self._handle is not None and self._lib.pa_stream_get_index(self._handle) == index:
            self._unref(self._lib.pa_context_get_sink_input_info(context, index, self._on_info, None))

    def _info_came(self, _context: object, found: Any, end: int, _data: object) -> None:  # noqa: ANN401  # a pointer of ctypes
        if not end and found:
            info = found.contents
            self.muted = bool(info.mute)
            self.volume_percent = 100 * max(info.volume.values[: info.volume.channels]) / VOLUME_NORM
            self._connection.ring()

    def close(self) -> None:
        """Leave the server."""
        self._on_event = _nothing
        self._forget()
        self._connection.close()


def _nothing(now_ns: int) -> None:
    """Nobody listens any more."""
