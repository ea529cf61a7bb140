"""Whether a server has a sink or source of some name.

It is asked before a stream is made: PulseAudio would refuse the stream, but PipeWire plays it somewhere else.
"""

from collections.abc import Callable

from backend.devices.pulse.connection import Connection, encoded
from backend.devices.pulse.library import library
from backend.devices.pulse.making import KINDS
from ringproto.card import Direction


class Finder:
    """Asks for one name."""

    def __init__(self, name: str, direction: Direction, connection: Connection) -> None:
        self.answer: bool | None = None
        """None until the server has answered."""
        self._name = name
        self._connection = connection
        kind = KINDS[direction]
        self._lib = lib = library()
        self._came = lib.callback(f"pa_{kind}_info_cb_t", self._answer_came)
        self._get: Callable[..., object] = getattr(lib, f"pa_context_get_{kind}_info_by_name")

    def ask(self, context: object) -> None:
        """Ask; the connection's bell rings when `answer` is there.  No name stands for the default, which is there."""
        self.answer = None if self._name else True
        if self._name:
            with self._connection.locked():
                self._lib.unref(self._get(context, encoded(self._name), self._came, None))

    def close(self) -> None:
        """Ask no more.  The connection was closed."""
        del self._came  # it holds us, and nobody collects garbage

    def _answer_came(self, _context: object, _info: object, end: int, _data: object) -> None:
        """In libpulse's thread: called for what was found, and in the end (1), or instead of both (-1)."""
        if end <= 0:
            self.answer = end == 0
            self._connection.ring()
