"""The lab that is up: found on the engine by its labels, since whoever started it has left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from docker.models.containers import Container

from backend.config import ConfigError
from compose.lab.box import Box
from compose.lab.engine import Engine, engine_errors
from compose.lab.labels import RUN
from compose.scenario import GuestSpec

LAB = "lab"
"""The run's id: an engine has one lab."""

GUEST = "vsnd.guest"
"""The label with what the scenario says of a guest."""
SCENARIO = "vsnd.scenario"
"""The label with its name."""


@dataclass(frozen=True, slots=True)
class Part:
    """One container of it."""

    box: Box
    guest: GuestSpec | None
    """None for one that is not a guest's."""

    @property
    def container(self) -> Container:
        """As the engine knows it."""
        return self.box.container


def find_parts(engine: Engine) -> list[Part]:
    """All containers of the lab, Dom0's first; none when there is no lab.  Raises RunError."""
    with engine_errors("looking for the lab"):
        found = engine.client.containers.list(all=True, filters={"label": f"{RUN}={LAB}"}, ignore_removed=True)
    parts = [Part(Box(engine, container), _guest(container)) for container in found]
    return sorted(parts, key=lambda part: (part.guest is not None, part.guest.id if part.guest else 0))


def need_lab(engine: Engine) -> list[Part]:
    """The same.  Raises ConfigError when there is none."""
    parts = find_parts(engine)
    if not parts:
        raise ConfigError(f"no lab is up on {engine.address}: vsnd lab up SCENARIO")
    return parts


def find_part(parts: list[Part], wanted: str) -> Part:
    """The guest of that name or number, or `dom0`.  Raises ConfigError."""
    for part in parts:
        names = {part.box.name} if part.guest is None else {part.guest.name, str(part.guest.id), part.box.name}
        if wanted in names:
            return part
    known = ", ".join(part.box.name if part.guest is None else part.guest.title for part in parts)
    raise ConfigError(f"{wanted!r} is none of the lab's: {known}")


def doing(engine: Engine, part: Part) -> str:
    """What a guest is made to do: the command that runs in it beside what waits; empty when none."""
    for number in part.container.attrs.get("ExecIDs") or ():
        found: Mapping[str, Any] = engine.client.api.exec_inspect(number)
        if found["Running"]:
            arguments: list[str] = found["ProcessConfig"]["arguments"]
            return " ".join(arguments)
    return ""


def _guest(container: Container) -> GuestSpec | None:
    label = container.labels.get(GUEST)
    return msgspec.json.decode(label, type=GuestSpec) if label else None
