"""How the server lists a stream: where it plays or records, how loud; which people may change at any time.

A change is said once it has stayed for a while: somebody who draws a slider makes a hundred, and PipeWire lists a new
stream with no volume at first.  A stream that is quieter than it was made, from the beginning, is a change too: servers
remember what people did.
"""

import logging
from collections.abc import Callable
from typing import Any

from backend.devices.pulse.connection import Connection
from backend.devices.pulse.library import (
    NO_INDEX,
    SUBSCRIBE_SINK_INPUT,
    SUBSCRIBE_SOURCE_OUTPUT,
    VOLUME_NORM,
    library,
)
from hosts.api import Loop
from ringproto.card import Direction

log = logging.getLogger("vsnd.backend")

STAYED_NS = 300_000_000
ENTRIES = {
    Direction.PLAYBACK: ("sink_input", SUBSCRIBE_SINK_INPUT),
    Direction.CAPTURE: ("source_output", SUBSCRIBE_SOURCE_OUTPUT),
}
"""What a stream of that direction is called in the list."""


class Listing:
    """Of one stream after the other, under one user's name."""

    def __init__(self, direction: Direction, user: str, loop: Loop, connection: Connection) -> None:
        self.device = ""
        """The sink or source, by the server's word."""
        self.muted = False
        self.volume_percent = 100.0
        self._user = user
        self._loop = loop
        self._connection = connection
        self._index = NO_INDEX
        self._seen: tuple[str, bool, float] | None = None
        self._told: tuple[str, bool, float] | None = None
        self._timer = loop.timer(self._tell)
        self._lib = lib = library()
        entry, self._facility = ENTRIES[direction]
        self._on_info = lib.callback(f"pa_{entry}_info_cb_t", self._info_came)
        self._on_change = lib.callback("pa_context_subscribe_cb_t", self._changed)
        self._get: Callable[..., object] = getattr(lib, f"pa_context_get_{entry}_info")

    def subscribe(self, context: object) -> None:
        """Be told by that connection what people change."""
        with self._connection.locked():
            self._lib.pa_context_set_subscribe_callback(context, self._on_change, None)
            self._lib.unref(self._lib.pa_context_subscribe(context, self._facility, None, None))

    def follow(self, context: object, handle: object) -> None:
        """Look at that stream from now on."""
        with self._connection.locked():
            self._index = self._lib.pa_stream_get_index(handle)
            self._lib.unref(self._get(context, self._index, self._on_info, None))

    def look(self, handle: object, now_ns: int) -> None:
        """Something may have changed."""
        with self._connection.locked():
            self.device = (self._lib.pa_stream_get_device_name(handle) or b"").decode()
        seen = (self.device, self.muted, self.volume_percent)
        if seen != self._seen:
            self._seen = seen
            self._timer.arm(now_ns + STAYED_NS)

    def close(self) -> None:
        """Say no more.  The connection was closed."""
        self._timer.disarm()
        del self._timer, self._on_info, self._on_change  # they hold us, and nobody collects garbage

    def _tell(self, now_ns: int) -> None:
        del now_ns
        assert self._seen is not None, "told of nothing"
        device, muted, volume_percent = self._seen
        if self._seen != (self._told or (device, False, 100.0)):
            how = "muted," if muted else "at"
            log.info("%s: on %s, %s %.0f %%", self._user, device, how, volume_percent)
        self._told = self._seen

    # -- in libpulse's thread -----------------------------------------------------------------------------------------

    def _changed(self, context: object, _kind: int, index: int, _data: object) -> None:
        if index == self._index:
            self._lib.unref(self._get(context, index, self._on_info, None))

    def _info_came(self, _context: object, found: Any, end: int, _data: object) -> None:  # noqa: ANN401  # a pointer of ctypes
        if not end and found:
            info = found.contents
            self.muted = bool(info.mute)
            self.volume_percent = 100 * max(info.volume.values[: info.volume.channels], default=0) / VOLUME_NORM
            self._connection.ring()
