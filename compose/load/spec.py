"""Loads, as a scenario names them: `load = ["idle", "busy"]`, and `[loads.NAME]` for one's own.

`idle` is nothing; `busy` and `flood` are there unless a scenario says what else they are to be.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from backend.config import ConfigError
from backend.wrong import describe

IDLE: Final = "idle"

LoadName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
"""It becomes part of a folder's name."""


class CpuLoad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Processes that compute, one for each processor, at the priority that everybody has."""

    cpu: Annotated[float, Meta(gt=0, le=1)] = 0.8
    """The share of its processor that each takes where nobody else wants it."""
    processors: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1)] | None = None
    """Which; all that we may use unless given."""
    memory_kib: Annotated[int, Meta(ge=64, le=1 << 20)] = 4096
    """How much memory each goes through again and again, and so turns others out of the caches."""


class FloodLoad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more guest, which asks and rings as often as it can, and does nothing that is forbidden."""

    rings: Annotated[int, Meta(ge=1, le=10_000)] = 10
    """How often it rings for each ring full of requests."""


Load = CpuLoad | FloodLoad

KINDS: Final[Mapping[str, type[Load]]] = {"cpu": CpuLoad, "flood": FloodLoad}

BUILT_IN: Final[Mapping[str, Load | None]] = {IDLE: None, "busy": CpuLoad(), "flood": FloodLoad()}
"""None: nothing."""


def find_load(name: str, own: Mapping[str, Mapping[str, Any]]) -> Load | None:
    """The load called that, a scenario's `own` before those that are built in.  Raises ConfigError."""
    if name in own:
        return _parse(name, own[name])
    if name not in BUILT_IN:
        raise ConfigError(f"load: {name!r} is none of: {', '.join(sorted({*BUILT_IN, *own}))}")
    return BUILT_IN[name]


def _parse(name: str, options: Mapping[str, Any]) -> Load:
    kind = KINDS.get(str(options.get("kind")))
    if name == IDLE:
        raise ConfigError(f"loads.{IDLE}: that is the name for nothing; want another")
    if kind is None:
        raise ConfigError(f"loads.{name}.kind: {options.get('kind')!r} is none of: {', '.join(KINDS)}")
    try:
        return msgspec.convert({key: value for key, value in options.items() if key != "kind"}, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"loads.{name}.{describe(error, kind)}") from error


class LoadReport(msgspec.Struct, frozen=True):
    """What came of a load."""

    cpu_s: float = 0.0
    """CPU time that it got."""
    requests: int | None = None
    """Requests that were answered; None for a load that makes none."""

    def __add__(self, other: "LoadReport") -> "LoadReport":
        answered = [n for n in (self.requests, other.requests) if n is not None]
        return LoadReport(self.cpu_s + other.cpu_s, sum(answered) if answered else None)
