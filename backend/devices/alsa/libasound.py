"""alsa-lib's C library, declared for ctypes: the functions that `libasoundpcm` uses, and no more.

Everything here is from alsa-lib's reference (the PCM interface, and the error interface).  A result below zero is a
negated errno.  Structures whose layout alsa-lib keeps to itself are memory of the size that it asks for.

The library is loaded at the first use.  From then on what it would print on stderr goes to our log instead, at level
debug: what went wrong is in the error that is raised, and a name that nobody knows is one line, not four.
"""

import logging
from collections.abc import Mapping
from ctypes import (
    CDLL,
    CFUNCTYPE,
    POINTER,
    Array,
    Structure,
    c_char,
    c_char_p,
    c_int,
    c_long,
    c_short,
    c_uint,
    c_ulong,
    c_void_p,
    create_string_buffer,
)
from errno import EBADFD, EIO, ENODEV
from functools import cache

from backend.devices.api import DeviceError

log = logging.getLogger(__name__)

LIBRARY = "libasound.so.2"
STREAM_PLAYBACK, STREAM_CAPTURE = 0, 1
OPEN_NONBLOCK = 1
ACCESS_RW_INTERLEAVED = 3
TYPE_HW = 0
STATE_SETUP = 1
TSTAMP_ENABLE = 1
TSTAMP_TYPE_MONOTONIC = 1
ERRNO_MAX = 4095
"""Larger ones are alsa-lib's own, and say nothing to a guest."""


class PollFd(Structure):
    """`struct pollfd`."""

    _fields_ = (("fd", c_int), ("events", c_short), ("revents", c_short))


class Timespec(Structure):
    """`struct timespec`, alsa-lib's htimestamp."""

    _fields_ = (("tv_sec", c_long), ("tv_nsec", c_long))


_PCM = _PARAMS = c_void_p
_UNSIGNED, _FRAMES, _SIGNED_FRAMES = POINTER(c_uint), POINTER(c_ulong), POINTER(c_long)
_DIRECTION = POINTER(c_int)  # on which side of the value is the true one; None: never mind

_ON_A_PCM: Mapping[str, tuple[type, ...]] = {
    "close": (),
    "prepare": (),
    "start": (),
    "drop": (),
    "resume": (),
    "avail": (),
    "delay": (_SIGNED_FRAMES,),
    "rewindable": (),
    "rewind": (c_ulong,),
    "forward": (c_ulong,),
    "writei": (c_void_p, c_ulong),
    "readi": (c_void_p, c_ulong),
    "link": (_PCM,),
    "info": (_PARAMS,),
    "type": (),
    "state": (),
    "status": (_PARAMS,),
    "poll_descriptors_count": (),
    "poll_descriptors": (POINTER(PollFd), c_uint),
    "poll_descriptors_revents": (POINTER(PollFd), c_uint, POINTER(c_short)),
    "hw_params": (_PARAMS,),
    "hw_params_any": (_PARAMS,),
    "hw_params_set_access": (_PARAMS, c_int),
    "hw_params_set_format": (_PARAMS, c_int),
    "hw_params_set_channels_near": (_PARAMS, _UNSIGNED),
    "hw_params_set_rate_resample": (_PARAMS, c_uint),
    "hw_params_set_rate_near": (_PARAMS, _UNSIGNED, _DIRECTION),
    "hw_params_set_period_size_near": (_PARAMS, _FRAMES, _DIRECTION),
    "hw_params_set_buffer_size_near": (_PARAMS, _FRAMES),
    "hw_params_set_period_wakeup": (_PARAMS, c_uint),
    "sw_params": (_PARAMS,),
    "sw_params_current": (_PARAMS,),
    "sw_params_set_tstamp_mode": (_PARAMS, c_int),
    "sw_params_set_tstamp_type": (_PARAMS, c_int),
    "sw_params_set_avail_min": (_PARAMS, c_ulong),
    "sw_params_set_start_threshold": (_PARAMS, c_ulong),
    "sw_params_set_stop_threshold": (_PARAMS, c_ulong),
    "sw_params_set_silence_threshold": (_PARAMS, c_ulong),
    "sw_params_set_silence_size": (_PARAMS, c_ulong),
}
_ON_MEMORY: Mapping[str, tuple[type, ...]] = {
    "hw_params_is_batch": (_PARAMS,),
    "hw_params_can_disable_period_wakeup": (_PARAMS,),
    "info_get_card": (_PARAMS,),
    "status_get_avail": (_PARAMS,),
    "status_get_htstamp": (_PARAMS, POINTER(Timespec)),
    "sw_params_get_boundary": (_PARAMS, _FRAMES),
}
_FRAME_COUNTS = frozenset({"avail", "rewindable", "rewind", "forward", "writei", "readi", "status_get_avail"})
_MEMORY = ("hw_params", "sw_params", "info", "status")

_ON_ERROR = CFUNCTYPE(None, c_char_p, c_int, c_char_p, c_int, c_char_p)
"""The true one has arguments for its format after these: a caller leaves them where they harm nobody."""


def _log_error(file: bytes, line: int, function: bytes, number: int, text: bytes) -> None:
    del number
    log.debug("%s:%d, %s: %s", file, line, function, text)


_on_error = _ON_ERROR(_log_error)  # kept for as long as alsa-lib may call it


@cache
def libasound() -> CDLL:
    """The library, declared.  Raises DeviceError(ENODEV) where there is none."""
    try:
        library = CDLL(LIBRARY)
    except OSError as error:
        raise DeviceError(ENODEV, f"{LIBRARY} is missing: apt install libasound2 ({error})") from error
    for name, arguments in _ON_A_PCM.items():
        _declare(library, name, (_PCM, *arguments))
    for name, arguments in _ON_MEMORY.items():
        _declare(library, name, arguments)
    for name in _MEMORY:
        getattr(library, f"snd_pcm_{name}_sizeof").restype = c_ulong
    library.snd_pcm_open.argtypes = (POINTER(c_void_p), c_char_p, c_int, c_int)
    library.snd_strerror.restype = c_char_p
    library.snd_lib_error_set_handler.argtypes = (_ON_ERROR,)
    library.snd_lib_error_set_handler(_on_error)
    return library


def _declare(library: CDLL, name: str, arguments: tuple[type, ...]) -> None:
    function = getattr(library, f"snd_pcm_{name}")
    function.argtypes = arguments
    function.restype = c_long if name in _FRAME_COUNTS else c_int


def memory_for(what: str) -> Array[c_char]:
    """Memory for one of alsa-lib's structures: "hw_params", "sw_params", "info" or "status"."""
    size: int = getattr(libasound(), f"snd_pcm_{what}_sizeof")()
    return create_string_buffer(size)


def failure(result: int, name: str, what: str = "") -> DeviceError:
    """A negative result of the PCM `name` as an error, with what was tried, if that says more."""
    number = -result
    text: bytes = libasound().snd_strerror(result)
    if number == EBADFD:  # alsa-lib's word for a PCM whose card has gone
        number = ENODEV
    said = f"{what}: {text.decode()}" if what else text.decode()
    return DeviceError(number if number <= ERRNO_MAX else EIO, f"{said} [{name}]")
