"""The operator's configuration: which devices there are, and who plays on which.

    event_id = "auto"

    [devices.speaker]
    kind = "clocked"
    play_to = "mix.wav"

    [streams]
    "pulse" = "speaker"
    "alsa<hw:0;0>" = "speaker"

`[streams]` is the only place where a guest's `unique-id` means anything: it is looked up here as it stands, and a guest
whose id is not listed gets no device.  snd_be's spellings (`pulse<sink>media.role:navi`, `alsa<hw:0;0>`) are keys like
any other; nothing in them is ever passed to a sound library.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import msgspec

from backend.devices.api import DeviceError
from backend.devices.registry import check_options, device_names, opens_often

T = TypeVar("T")

Pacing = Literal["irq", "timer"]
EventIds = Literal["auto", "connection", "stream"]
Sharing = Literal["mixed", "exclusive", "per-guest"]


SHARING = "sharing"
"""The one key of a device, besides `kind`, that is not its driver's: see backend.jack."""


class ConfigError(Exception):
    """A file or value that cannot be used: one line naming file and field, and what would be right."""


class BackendConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backend serves."""

    devices: dict[str, dict[str, Any]]
    """By name; `kind` chooses the driver, `sharing` who may use it, the other keys are the driver's options."""
    streams: dict[str, str]
    """From `unique-id` to the name of a device."""
    pacing: Pacing = "irq"
    """What makes the backend look at its devices: the card's interrupts, or a timer."""
    event_id: EventIds = "auto"
    """How position events are numbered, see ringproto.eventids: `auto` suits every kernel."""

    def sharing(self, name: str) -> Sharing:
        """How the device of that name is shared: `mixed` unless the operator says otherwise."""
        sharing: Sharing = self.devices[name].get(SHARING, "mixed")
        return sharing


def read_config(path: Path) -> BackendConfig:
    """The configuration in a TOML file.  Raises ConfigError."""
    config = read_toml(path, BackendConfig)
    check_config(config, str(path))
    return config


def check_config(config: BackendConfig, source: str) -> None:
    """What types cannot say.  Raises ConfigError naming `source` and the field."""
    for name, options in config.devices.items():
        check_device(name, options, source)
    for unique_id, name in config.streams.items():
        if name not in config.devices:
            known = ", ".join(sorted(config.devices)) or "none"
            raise ConfigError(f"{source}: streams.{unique_id!r}: no device {name!r}; there are: {known}")


def check_device(name: str, options: Mapping[str, Any], source: str) -> None:
    """One device's `kind`, and the options that its driver takes.  Raises ConfigError."""
    kind = options.get("kind")
    if not isinstance(kind, str):
        raise ConfigError(f"{source}: devices.{name}.kind: missing; one of: {', '.join(device_names())}")
    sharing = options.get(SHARING, "mixed")
    if sharing not in get_args(Sharing):
        raise ConfigError(f"{source}: devices.{name}.sharing: {sharing!r}; one of: {', '.join(get_args(Sharing))}")
    try:
        if sharing == "per-guest" and not opens_often(kind):
            raise ConfigError(f"{source}: devices.{name}.sharing: a device of kind {kind!r} is opened only once")
        check_options(kind, {key: value for key, value in options.items() if key not in ("kind", SHARING)})
    except DeviceError as error:
        raise ConfigError(f"{source}: devices.{name}: {error.strerror}") from error


def read_toml(path: Path, kind: type[T]) -> T:
    """The file's content as `kind`, a msgspec Struct.  Raises ConfigError naming the file and the field."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {describe(error)}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error


def describe(error: msgspec.ValidationError) -> str:
    """Msgspec's message with the field first: "guests[0].id: expected `int`, got `str`"."""
    text, _, where = str(error).partition(" - at `$")
    text = text[:1].lower() + text[1:]
    field = where.rstrip("`").lstrip(".")
    return f"{field}: {text}" if field else text
