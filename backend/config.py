"""The operator's configuration: which devices there are, and who plays on which.

    event_id = "auto"

    [devices.speaker]
    kind = "clocked"
    play_to = "mix.wav"

    [streams]
    "pulse" = "speaker"
    "alsa<hw:0;0>" = { device = "speaker", latency_ms = 40 }

`[streams]` is the only place where a guest's `unique-id` means anything: it is looked up here as it stands, and a guest
whose id is not listed gets no device.  snd_be's spellings (`pulse<sink>media.role:navi`, `alsa<hw:0;0>`) are keys like
any other; nothing in them is ever passed to a sound library.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Meta

from backend.devices.api import DeviceError
from backend.devices.registry import check_options, device_names, opens_often
from backend.local.config import LocalConfig, group_ids, user_ids
from backend.pacing.choose import Pacing
from backend.realtime import Realtime
from backend.wrong import describe
from ringproto.card import Direction

T = TypeVar("T")

EventIds = Literal["auto", "connection", "stream"]
Sharing = Literal["mixed", "exclusive", "per-guest"]
Clock = Literal["card", "system"]


SHARING = "sharing"
"""The one key of a device, besides `kind`, that is not its driver's: see backend.jack."""


class ConfigError(Exception):
    """A file or value that cannot be used: one line naming file and field, and what would be right."""


class Plug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a stream is plugged in."""

    device: str
    """Name of a device."""
    latency_ms: Annotated[float, Meta(ge=1, le=10_000)] | None = None
    """Be heard in so much; unless given, in what the guest asks for by the size of its buffer, which is the most."""
    clock: Clock = "card"
    """Which clock its guest goes by; the sound of one on the system's is matched to the card, see backend.matching."""

    @property
    def latency_ns(self) -> int | None:
        """The same in nanoseconds."""
        return None if self.latency_ms is None else round(self.latency_ms * 1_000_000)


class BackendConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backend serves."""

    devices: dict[str, dict[str, Any]]
    """By name; `kind` chooses the driver, `sharing` who may use it, the other keys are the driver's options."""
    streams: Mapping[str, str | Plug]
    """From `unique-id` to a device: its name, or a table with more."""
    pacing: Pacing = "irq"
    """What makes the backend look at its devices, see backend.pacing."""
    event_id: EventIds = "auto"
    """How position events are numbered, see ringproto.eventids: `auto` suits every kernel."""
    realtime: Realtime = Realtime()
    """What the backend asks of the kernel so that it is not late."""
    local: LocalConfig | None = None
    """Local applications, if any are to be served."""

    def plug(self, unique_id: str) -> Plug | None:
        """Where a stream of that id is plugged in; None when it is not in the table."""
        entry = self.streams.get(unique_id)
        return Plug(entry) if isinstance(entry, str) else entry

    def device_number(self, name: str, direction: Direction) -> int:
        """The `stream` of the device's own records in the trace: one for each card, in the order of the table."""
        return len(Direction) * list(self.devices).index(name) + list(Direction).index(direction)

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
    for unique_id in config.streams:
        plug = config.plug(unique_id)
        if plug is not None and plug.device not in config.devices:
            known = ", ".join(sorted(config.devices)) or "none"
            raise ConfigError(f"{source}: streams.{unique_id!r}: no device {plug.device!r}; there are: {known}")
    if config.local is not None:
        check_local(config.local, config.devices, source)


def check_local(local: LocalConfig, devices: Mapping[str, Any], source: str) -> None:
    """The names that it mentions.  Raises ConfigError."""
    for name in local.devices:
        if name not in devices:
            known = ", ".join(sorted(devices)) or "none"
            raise ConfigError(f"{source}: local.devices: no device {name!r}; there are: {known}")
    try:
        user_ids(local)
        group_ids(local)
    except ValueError as error:
        raise ConfigError(f"{source}: local.{error}") from error


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
        raise ConfigError(f"{path}: {describe(error, kind)}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
