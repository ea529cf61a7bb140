"""A stream on the server: made anew after each loss, known by its user's name.

Everything is asked of libpulse's own copy of the stream's state; nothing waits for the server.  What keeps the stream
from being there is `_trouble`: said once when it begins, and once when it is over.
"""

import ctypes
import logging
import time
from errno import EACCES, ENODEV
from typing import Any

from backend.devices.api import DeviceError, DeviceParams
from backend.devices.pulse.connection import Connection
from backend.devices.pulse.finder import Finder
from backend.devices.pulse.library import (
    ERR_ACCESS,
    ERR_AUTHKEY,
    SEEK_ABSOLUTE,
    STREAM_FAILED,
    STREAM_READY,
    STREAM_TERMINATED,
    library,
)
from backend.devices.pulse.listing import Listing
from backend.devices.pulse.making import KINDS, make_stream
from backend.devices.pulse.options import PulseOptions
from backend.devices.pulse.tape import Report
from hosts.api import Loop, OnTime
from ringproto.card import Direction

log = logging.getLogger("vsnd.backend")

PATIENCE_NS = 100_000_000
"""So long a server has for an answer that somebody waits for."""
RETRY_NS = 500_000_000
"""So often a server is asked for a sink that it does not have."""
ERRNOS = {ERR_ACCESS: EACCES, ERR_AUTHKEY: EACCES}
"""Of refusals that no waiting mends."""


class PulseStream:
    """One stream; `on_event(now_ns)` is called on the loop when it became ready, was lost, or its timing is new."""

    def __init__(self, options: PulseOptions, direction: Direction, loop: Loop, user: str, on_event: OnTime) -> None:
        self.params: DeviceParams = options.params
        self.is_ready = False
        """Whether it is on the server."""
        self.timing_is_new = False
        """Whether what `ask_timing` asked for has come."""
        self._options = options
        self._direction = direction
        self._user = user
        self._loop = loop
        self._on_event = on_event
        self._trouble, self._trouble_errno = "", 0
        self._said = self._opened = False
        self._context: object = None
        self._handle: object = None
        self._report: Report | None = None
        self._stamp = (0, 0)
        self._piece, self._piece_octets = ctypes.c_void_p(), ctypes.c_size_t()
        self._lib = lib = library()
        self._on_timing = lib.callback("pa_stream_success_cb_t", self._timing_came)
        self._timer = loop.timer(self._try_again)
        self._connection = connection = Connection(options, user, loop, self._look)
        self._ring = lib.callback("pa_stream_notify_cb_t", connection.ring)
        self._finder = Finder(options.device, direction, connection)
        self.listing = Listing(direction, user, loop, connection)

    # -- coming and going ---------------------------------------------------------------------------------------------

    @property
    def losses(self) -> int:
        """How often the server was lost."""
        return self._connection.losses

    def settle(self) -> None:
        """Give the server `PATIENCE_NS` to make the stream, and say a first word of where it is.

        Raises DeviceError for what no waiting mends: ENODEV for a name that the server does not know, EACCES when it
        does not let us in.
        """
        self._connection.settle(self._is_settled, PATIENCE_NS)
        if self._trouble_errno:
            self.close()
            raise DeviceError(self._trouble_errno, self._trouble)
        self._opened = True
        self._say()

    def _is_settled(self) -> bool:
        has_word = self._direction is Direction.CAPTURE or self.report() is not None
        return bool(self._trouble) or (self.is_ready and has_word)

    def _look(self, now_ns: int) -> None:
        connection = self._connection
        if connection.context is not self._context:
            self._forget()
            self._context = connection.context
            if self._context is not None:
                self.listing.subscribe(self._context)
                self._finder.ask(self._context)
        if connection.refusal:
            why = self._lib.pa_strerror(connection.refusal).decode()
            self._suffer(f"no sound server ({why})", ERRNOS.get(connection.refusal, 0))
        elif self._context is not None:
            self._pursue(now_ns)
        self._say()
        self._on_event(now_ns)

    def _pursue(self, now_ns: int) -> None:
        """There is a server: find the sink, make the stream, look after it."""
        connection, kind = self._connection, KINDS[self._direction]
        if self._handle is None:
            if self._finder.answer:
                self._handle = make_stream(connection, self._options, self._direction, self._user, self._ring)
            elif self._finder.answer is False:
                self._wait(f"the sound server has no {kind} {self._options.device!r}", now_ns)
            return
        with connection.locked():
            state = self._lib.pa_stream_get_state(self._handle)
        if state in (STREAM_FAILED, STREAM_TERMINATED):  # its sink was taken away, say
            self._forget()
            self._wait(f"the sound server ended the stream on its {kind}", now_ns)
            return
        if state == STREAM_READY and not self.is_ready:
            self.is_ready = True
            self._suffer("", 0)
            self.listing.follow(self._context, self._handle)
        if self.is_ready:
            self.listing.look(self._handle, now_ns)

    def _wait(self, trouble: str, now_ns: int) -> None:
        self._suffer(trouble, ENODEV)
        self._finder.answer = None
        self._timer.arm(now_ns + RETRY_NS)

    def _try_again(self, now_ns: int) -> None:
        if self._context is not None and self._handle is None:
            self._finder.ask(self._context)
            self._look(now_ns)

    def _suffer(self, trouble: str, errno: int) -> None:
        self._trouble, self._trouble_errno = trouble, errno

    def _say(self) -> None:
        """Once each; and nothing of what the opening itself will say."""
        if self._opened and self._trouble and not self._said:
            log.warning("%s: %s, silence until it is back", self._user, self._trouble)
            self._said = True
        elif self._said and self.is_ready:
            log.info("%s: the sound server is back", self._user)
            self._said = False

    def _forget(self) -> None:
        handle, self._handle = self._handle, None
        self.is_ready = self.timing_is_new = False
        self._report = None
        if handle is not None:
            with self._connection.locked():
                self._lib.pa_stream_set_state_callback(handle, None, None)
                self._lib.pa_stream_disconnect(handle)
                self._lib.pa_stream_unref(handle)

    def close(self) -> None:
        """Leave the server."""
        self._on_event = _nothing
        self._timer.disarm()
        self._forget()
        self._connection.close()
        self._finder.close()
        self.listing.close()
        del self._timer, self._on_timing  # they hold us, and nobody collects garbage

    # -- verbs --------------------------------------------------------------------------------------------------------

    def cork(self, corked: bool) -> None:
        """Hold it, or let it go."""
        with self._connection.locked():
            self._lib.unref(self._lib.pa_stream_cork(self._handle, corked, None, None))

    def flush(self) -> None:
        """Throw away what is on its way."""
        with self._connection.locked():
            self._lib.unref(self._lib.pa_stream_flush(self._handle, None, None))

    def ask_timing(self) -> None:
        """Ask the server where it is; `timing_is_new` once it has answered."""
        self.timing_is_new = False
        with self._connection.locked():
            self._lib.unref(self._lib.pa_stream_update_timing_info(self._handle, self._on_timing, None))

    def report(self) -> Report | None:
        """The server's last word on where it is; None before it said anything."""
        if not self.is_ready:
            return None
        with self._connection.locked():
            found = self._lib.pa_stream_get_timing_info(self._handle)
            if not found:
                return None
            info = found.contents
            stamp = info.timestamp.tv_sec, info.timestamp.tv_usec
            if stamp != self._stamp:
                self._stamp = stamp
                self._report = self._report_from(info)
            return self._report

    def _report_from(self, info: Any) -> Report:  # noqa: ANN401  # a structure of libpulse
        """Its time is the wall clock's, which may be set: so how old it is counts once, when it is new."""
        age_ns = time.time_ns() - info.timestamp.tv_sec * 1_000_000_000 - info.timestamp.tv_usec * 1000
        return Report(
            at_ns=self._loop.now_ns() - max(0, age_ns) - info.transport_usec * 1000,
            taken_frames=info.read_index // self.params.frame_octets,
            sink_us=info.sink_usec,
            sink_us_max=info.configured_sink_usec,
        )

    def write(self, octets: memoryview, index: int) -> None:
        """Place octets at that index of the stream; the server drops what comes too late, and plays gaps as silence."""
        if octets.readonly:  # ctypes gives no address of these
            octets = memoryview(bytearray(octets))
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
            return self._options.silent_octet * count
        return ctypes.string_at(self._piece.value, count)

    def waiting_octets(self) -> int:
        """So many came and were not taken yet."""
        with self._connection.locked():
            octets: int = self._lib.pa_stream_readable_size(self._handle)
        return 0 if octets == ctypes.c_size_t(-1).value else octets

    def piece_octets(self) -> int:
        """In pieces of so many it sends what it records, by its own word; 0 while it is not there."""
        if not self.is_ready:
            return 0
        with self._connection.locked():
            octets: int = self._lib.pa_stream_get_buffer_attr(self._handle).contents.fragsize
        return octets

    def drop(self) -> None:
        """The piece was copied."""
        with self._connection.locked():
            self._lib.pa_stream_drop(self._handle)

    def _timing_came(self, _stream: object, _success: int, _data: object) -> None:
        """In libpulse's thread."""
        self.timing_is_new = True
        self._connection.ring()


def _nothing(now_ns: int) -> None:
    """Nobody listens any more."""
