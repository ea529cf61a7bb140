"""libpulse: the functions that we call, with their types, from PyPI's `libpulse`.

Only its declarations are used, not its asyncio loop: a backend has a loop of its own.  Pointers to structures are read
by `contents`; `ctypes.cast` would make a cycle with each call, and a backend runs without a garbage collector.
"""

from collections.abc import Callable
from errno import ENODEV
from functools import cache
from typing import Any

from libpulse.libpulse_ctypes import PulseCTypes, PulseCTypesLibError

from backend.devices.api import DeviceError

CONTEXT_READY, CONTEXT_FAILED, CONTEXT_TERMINATED = 4, 5, 6
STREAM_READY, STREAM_FAILED, STREAM_TERMINATED = 2, 3, 4
START_CORKED, AUTO_TIMING_UPDATE, ADJUST_LATENCY = 0x1, 0x8, 0x2000
CONTEXT_NOAUTOSPAWN = 0x1
SEEK_ABSOLUTE = 1
SUBSCRIBE_SINK_INPUT, SUBSCRIBE_SOURCE_OUTPUT = 0x4, 0x8
ERR_ACCESS, ERR_AUTHKEY = 1, 9
CHANNEL_MAP_ALSA = 1
"""pa_channel_map_def_t: front, rear, centre, LFE, side; as guests, who are ALSA, order them."""
VOLUME_NORM = 0x10000
ANY = 0xFFFFFFFF
"""The server's choice, as a size."""
NO_INDEX = 0xFFFFFFFF


class Library:
    """All of it: `library.pa_stream_write(...)`.  Callbacks and structs by name."""

    def __init__(self) -> None:
        self._types: Any = PulseCTypes()  # structs and functions are made at run time

    def __getattr__(self, name: str) -> Callable[..., Any]:  # ctypes functions know their own types
        function: Callable[..., Any] = self._types.get_prototype(name)
        setattr(self, name, function)
        return function

    def unref(self, operation: object) -> None:
        """Forget an operation that was begun; None if it could not be."""
        if operation:
            self.pa_operation_unref(operation)

    def callback(self, kind: str, function: Callable[..., None]) -> object:
        """A C function that calls ours; to be kept as long as C may call it."""
        made: object = self._types.get_callback(kind)(function)
        return made

    def struct(self, name: str) -> Any:  # noqa: ANN401  # its fields are known at run time
        """A new structure, all zero."""
        return self._types.struct_ctypes[name]()


@cache
def library() -> Library:
    """The one there is.  Raises DeviceError(ENODEV) when libpulse itself is not installed."""
    try:
        return Library()
    except PulseCTypesLibError as error:
        raise DeviceError(ENODEV, "libpulse.so.0 is missing: apt install libpulse0") from error
