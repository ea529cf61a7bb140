"""What the operator says of local applications.

    [local]
    socket = "/run/vsnd/local"
    devices = ["speaker"]
    users = ["anna", 1001]
    groups = ["audio"]

Who may connect is known by the kernel's word (SO_PEERCRED): whoever runs the backend, and the users and members of
groups listed.  An application names the device that it wants; without a name it gets the first.
"""

import grp
import pwd
from typing import Annotated

import msgspec
from msgspec import Meta

Named = Annotated[int, Meta(ge=0)] | Annotated[str, Meta(min_length=1)]


class LocalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of all of them alike."""

    socket: Annotated[str, Meta(min_length=1, max_length=107)]
    """Path of the socket that they connect to; a Unix socket's may be so long."""
    devices: Annotated[list[str], Meta(min_length=1)]
    """Those that they may use."""
    users: list[Named] = []
    """Who may besides ourselves: names or numbers."""
    groups: list[Named] = []
    """Whose members may."""
    clients_max: Annotated[int, Meta(ge=1, le=1024)] = 64
    absent_ms: Annotated[int, Meta(ge=10, le=600_000)] = 2000
    """One that is not there for so long, and for so many blocks, is evicted."""
    absent_blocks: Annotated[int, Meta(ge=1, le=100_000)] = 16


def user_ids(config: LocalConfig) -> set[int]:
    """The users' numbers.  Raises ValueError naming one that there is not."""
    return {user if isinstance(user, int) else _looked_up("users", user) for user in config.users}


def group_ids(config: LocalConfig) -> set[int]:
    """The groups' numbers.  Raises ValueError naming one that there is not."""
    return {group if isinstance(group, int) else _looked_up("groups", group) for group in config.groups}


def _looked_up(field: str, name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid if field == "users" else grp.getgrnam(name).gr_gid
    except KeyError:
        raise ValueError(f"{field}: {name!r}; there is none of that name on this machine") from None
