"""Devices by name.

A driver is imported only when its name is asked for, so that nobody needs libraries of devices they do not have.
Others add theirs as entry points of the group `vsnd.devices`: a name, and the `Driver` object that it loads.

Every driver has options of its own, a frozen struct that knows its fields: a misspelt one is an error that names it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from errno import EINVAL, ENODEV
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

import msgspec

from backend.devices.api import AudioDevice, DeviceError
from backend.wrong import describe
from hosts.api import Loop
from ringproto.card import Direction

OptionsT = TypeVar("OptionsT", bound=msgspec.Struct)

GROUP = "vsnd.devices"

BUILT_IN: Mapping[str, str] = {
    "alsa": "backend.devices.alsa.opening",
    "clocked": "backend.devices.clocked.opening",
    "pulse": "backend.devices.pulse.opening",
    "wav": "backend.devices.wav",
}
"""Name of the device, and the module whose `DRIVER` it is."""


@dataclass(frozen=True, slots=True)
class Driver(Generic[OptionsT]):
    """What a device's module offers."""

    options: type[OptionsT]
    """Frozen, with `forbid_unknown_fields`."""
    open: Callable[[OptionsT, Direction, Loop, str], AudioDevice]
    """Opens the device, stopped, at frame 0; the text says who plays or records, for servers that show it.

    Raises DeviceError.
    """
    often: bool = False
    """Whether it may be opened for several guests at once: what is behind it mixes."""
    far_ahead: Mapping[str, object] = field(default_factory=dict[str, object])
    """What `adaptive` pacing asks of it, beyond its defaults."""
    dates_itself: bool = False
    """Whether it leaves a trace of when its periods ended, by its own clock."""


def device_names() -> tuple[str, ...]:
    """All that `open_device` knows, installed or not."""
    return tuple(sorted({*BUILT_IN, *entry_points(group=GROUP).names}))


def open_device(
    kind: str, options: Mapping[str, object], direction: Direction, loop: Loop, user: str = "vsnd"
) -> AudioDevice:
    """Open the device named `kind`, for `user`: what servers that show names call it.

    Raises DeviceError: ENODEV for a name that is unknown or whose libraries are missing, EINVAL for an option that is
    unknown or wrong (both named), and what the driver itself raises.
    """
    driver = _load(kind)
    return driver.open(_convert(kind, options, driver), direction, loop, user)


def check_options(kind: str, options: Mapping[str, object]) -> None:
    """Raise what `open_device` would for such a name and such options, without opening anything."""
    _convert(kind, options, _load(kind))


def opens_often(kind: str) -> bool:
    """Whether a device of that kind can be opened for each guest.  Raises DeviceError as `check_options` does."""
    return _load(kind).often


def dates_itself(kind: str) -> bool:
    """Whether devices of that kind trace their own periods.  Raises DeviceError as `check_options` does."""
    return _load(kind).dates_itself


def far_ahead(kind: str) -> Mapping[str, object]:
    """Options of that kind for a device that is to be filled far ahead.  Raises DeviceError as `check_options` does."""
    return _load(kind).far_ahead


def _convert(kind: str, options: Mapping[str, object], driver: Driver[OptionsT]) -> OptionsT:
    try:
        return msgspec.convert(dict(options), driver.options)
    except msgspec.ValidationError as error:
        raise DeviceError(EINVAL, f"device {kind!r}: {describe(error, driver.options)}") from error


def _load(kind: str) -> Driver[Any]:  # options of any driver: they are converted to its own type before use
    try:
        return _find(kind)
    except ImportError as error:
        advice = f"pip install 'vsnd[{kind}]'"
        raise DeviceError(ENODEV, f"device {kind!r} needs {error.name}: {advice} ({error})") from error


def _find(kind: str) -> Driver[Any]:
    if kind in BUILT_IN:
        built_in: Driver[Any] = import_module(BUILT_IN[kind]).DRIVER
        return built_in
    for entry_point in entry_points(group=GROUP, name=kind):
        theirs: Driver[Any] = entry_point.load()
        return theirs
    raise DeviceError(ENODEV, f"device {kind!r} is unknown; known are {', '.join(device_names())}")
