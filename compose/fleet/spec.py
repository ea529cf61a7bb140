"""`[[hosts]]` of a scenario: on which engine which of its guests are.

Each host is a machine with a Dom0, devices and a clock of its own: pages and event channels do not cross machines.
"""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from backend.config import ConfigError

HOSTS_MAX = 64
"""Each is a process here, which talks to its engine."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""It names a folder, and is part of a link."""

OWN = {"fleet.json", "report.html"}
"""What lies beside the folders of hosts."""


class HostSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One host."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    """Also that of its folder of results."""
    engine: Annotated[str, Meta(min_length=1)]
    """A Docker context's name, or an address as in DOCKER_HOST."""
    guests: Annotated[list[int], Meta(min_length=1)]
    """By their ids."""


def check_hosts(hosts: Sequence[HostSpec], guests: Sequence[int]) -> None:
    """See that each guest is on one host, and each host has a name of its own.  Raises ConfigError naming the field."""
    if not hosts:
        return
    if len(hosts) > HOSTS_MAX:
        raise ConfigError(f"hosts: {len(hosts)}; want {HOSTS_MAX} at most")
    homes: dict[int, str] = {}
    names: set[str] = set()
    for number, host in enumerate(hosts):
        place = f"hosts[{number}]"
        _check_name(host.name, names, place)
        names.add(host.name)
        for guest in host.guests:
            if guest not in guests:
                raise ConfigError(f"{place}.guests: {guest} is none of: {', '.join(map(str, guests))}")
            if guest in homes:
                raise ConfigError(f"{place}.guests: {guest} is on {homes[guest]} already; a guest is on one host")
            homes[guest] = host.name
    homeless = [guest for guest in guests if guest not in homes]
    if homeless:
        raise ConfigError(f"hosts: guest {homeless[0]} is on none of them; name it in the `guests` of one")


def refuse_hosts(hosts: Sequence[HostSpec], source: str) -> None:
    """Raise ConfigError where there are any: who calls has one machine only."""
    if hosts:
        raise ConfigError(f"{source}: hosts: only `vsnd run --world docker` has several; leave [[hosts]] out elsewhere")


def _check_name(name: str, taken: set[str], place: str) -> None:
    if not NAME.fullmatch(name) or name in OWN:
        raise ConfigError(f"{place}.name: {name!r}: want letters, digits, dots and dashes; it names a folder")
    if name in taken:
        raise ConfigError(f"{place}.name: {name!r} is taken; every host needs its own")
