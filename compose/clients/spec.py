"""`[[clients]]` of a scenario: local applications that play and record beside the guests, on the backend's own machine.

They are processes of their own, and reach the backend through its socket (docs/local.md), not through Xen's rings.
Only the world `processes` has them: elsewhere nobody shares a machine with the backend.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backend.config import ConfigError
from backend.latency.clientfacts import ClientKind
from backend.latency.truth.marker import MARKERS
from frontend.local.params import RING_PERIODS

CLIENTS_MAX = 64

Style = Literal["callback", "blocking"]
KINDS: dict[Style, ClientKind] = {"callback": "local", "blocking": "local, blocking"}
"""What they are called in results."""


class ClientSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One local application; it goes by its device's rate and period."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    device: str
    """Name of a device of the scenario."""
    plays: str | None = None
    """A sound file (beside the scenario, or one of vsnd's own recordings), over and over."""
    records: str | None = None
    """A WAV file in the output folder."""
    style: Style = "callback"
    """Called back for each period, or calls that block on top of that."""
    channels: Annotated[int, Meta(ge=1, le=8)] = 2
    ring_periods: Annotated[int, Meta(ge=1, le=64)] = RING_PERIODS
    """How many periods it may be ahead."""
    control: Literal["rings", "socket"] = "rings"
    """Where its commands go; on rings only if that can be."""


def check_clients(
    clients: Sequence[ClientSpec], devices: Collection[str], guests: Sequence[str], find: Callable[[str], Path]
) -> None:
    """See that each has a name that nobody else has, and something to do.  Raises ConfigError naming the field.

    `guests` are the names of guests; `find` looks for a recording, and raises ConfigError.
    """
    if len(clients) > CLIENTS_MAX:
        raise ConfigError(f"clients: {len(clients)}; want {CLIENTS_MAX} at most")
    taken = set(guests)
    for number, client in enumerate(clients):
        try:
            if not client.name.isprintable() or client.name in taken:
                raise ConfigError(f"name: {client.name!r}; want letters that can be shown, and that no other is called")
            _check_sound(client, devices, find)
        except ConfigError as error:
            raise ConfigError(f"clients[{number}].{error}") from None
        taken.add(client.name)


def _check_sound(client: ClientSpec, devices: Collection[str], find: Callable[[str], Path]) -> None:
    if client.device not in devices:
        raise ConfigError(f"device: {client.device!r} is none of the scenario's: {', '.join(devices)}")
    if client.plays is None and client.records is None:
        raise ConfigError("plays: want `plays`, `records`, or both")
    if client.plays == MARKERS:
        raise ConfigError(f"plays: {MARKERS!r} are for guests; want a sound file")
    if client.records is not None and Path(client.records).name != client.records:
        raise ConfigError(f"records: {client.records!r}: want a plain file name; it is put into the output folder")
    if client.plays is not None:
        try:
            find(client.plays)
        except ConfigError as error:
            raise ConfigError(f"plays: {error}") from None


def refuse_clients(clients: Sequence[ClientSpec], source: str) -> None:
    """Raise ConfigError where there are any: who calls has no machine that they could be on."""
    if clients:
        raise ConfigError(f"{source}: clients: only `vsnd run --world processes` has them; leave [[clients]] out here")
