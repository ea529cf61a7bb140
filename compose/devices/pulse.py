"""Sinks and sources of the sound server, PulseAudio or PipeWire.

The server is the one that every program of this user would find: PULSE_SERVER, or the socket in XDG_RUNTIME_DIR.

It is asked through PyPI's `libpulse`, as the driver speaks to it.  pulsectl 24.12 will not do: the sample specs in its
lists are views of memory that libpulse has reused by then.
"""

import asyncio
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

from compose.devices.asking import PATIENCE_S, NoAnswerError, within
from compose.devices.found import Found, Place

NO_BINDING = NoAnswerError("libpulse's Python package is missing", "pip install 'vsnd[pulse]'")
NO_LIBRARY = NoAnswerError("libpulse.so.0 is missing", "apt install libpulse0")
LATE = NoAnswerError(f"the sound server did not answer within {PATIENCE_S:g} s", "systemctl --user restart pulseaudio")
START = "pulseaudio --start  # or: systemctl --user start pipewire-pulse"

SAMPLE_FORMATS = (
    "u8", "aLaw", "uLaw", "s16le", "s16be", "float32le", "float32be", "s32le", "s32be",
    "s24le", "s24be", "s24-32le", "s24-32be",
)  # fmt: skip
"""By pa_sample_format_t, spelled as pactl does."""

STATES = {0: "running", 1: "idle", 2: "suspended"}
"""pa_sink_state_t, and pa_source_state_t the same."""


def pulse_place() -> Place:
    """All sinks and sources, or why they cannot be listed."""
    try:
        return _place()
    except NoAnswerError as why:
        return Place(problem=str(why))


def server_name() -> str:
    """Who answers: "pulseaudio 16.1", "PulseAudio (on PipeWire 0.3.65) 15.0.0".  Raises NoAnswerError."""
    return _place().about


def _place() -> Place:
    return within(PATIENCE_S, lambda: asyncio.run(_ask()), LATE)


async def _ask() -> Place:
    libpulse = _library()
    try:
        async with libpulse.LibPulse("vsnd devices") as server:
            info = await server.pa_context_get_server_info()
            sinks = await server.pa_context_get_sink_info_list()
            sources = await server.pa_context_get_source_info_list()
    except libpulse.LibPulseError as error:
        why = error.args[0][-1] if error.args and isinstance(error.args[0], tuple) else error  # a state and its reason
        raise NoAnswerError(f"no sound server ({why})", START) from error
    found = [*_found(sinks, info.default_sink_name), *_found(sources, info.default_source_name)]
    return Place(about=f"{info.server_name} {info.server_version}", devices=found)


def _library() -> ModuleType:  # it has no types
    try:
        return import_module("libpulse.libpulse")
    except ImportError:
        raise NO_BINDING from None
    except SystemExit:  # its way of saying so
        raise NO_LIBRARY from None


def _found(listed: Iterable[Any], default: str) -> Iterator[Found]:
    for one in listed:
        is_source = hasattr(one, "monitor_of_sink_name")
        yield Found(
            name=one.name,
            description=one.description or "",
            directions=("capture",) if is_source else ("playback",),
            options={"kind": "pulse", "device": one.name},
            sample_spec=_spec(one.sample_spec),
            state=STATES.get(one.state, ""),
            default=one.name == default,
            monitor=is_source and bool(one.monitor_of_sink_name),
        )


class _Spec(Protocol):
    format: int
    channels: int
    rate: int


def _spec(spec: _Spec) -> str:
    name = SAMPLE_FORMATS[spec.format] if 0 <= spec.format < len(SAMPLE_FORMATS) else f"format {spec.format}"
    return f"{name} {spec.channels}ch {spec.rate}Hz"
