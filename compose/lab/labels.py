"""Whose containers and volumes they are, and removing them.

Everything of a run bears its id.  It also says which process made it, so that what a killed process left behind is
found by whoever comes next.  What is to stay has no maker.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.volumes import Volume

from compose.lab.engine import each

RUN = "vsnd.run"
PART = "vsnd.part"
"""Which part of the run: dom0, guest-1, load-0."""
MAKER = "vsnd.maker"
"""Machine, boot, process and when it began; a process's number alone comes again."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STARTED_FIELD = 22 - 3
"""Of /proc/PID/stat, behind the name in parentheses; see proc(5)."""


def new_run() -> str:
    """An id that no other run has."""
    return secrets.token_hex(4)


def run_labels(run: str, *, kept: bool = False) -> dict[str, str]:
    """For everything of the run; `kept`: it outlives this process."""
    return {RUN: run} if kept else {RUN: run, MAKER: maker(os.getpid())}


def maker(pid: int) -> str:
    """That process, told from all others.  Raises OSError when there is none."""
    return f"{socket.gethostname()} {BOOT_ID.read_text().strip()} {pid} {_started(pid)}"


def is_stale(label: str) -> bool:
    """Whether that maker was a process of this machine, and is gone."""
    words = label.split()
    if len(words) != 4 or not words[2].isdigit() or words[0] != socket.gethostname():
        return False
    try:
        return maker(int(words[2])) != label
    except OSError:
        return True


def sweep(client: DockerClient) -> list[str]:
    """Remove what dead processes left; the ids of their runs."""
    made: list[Container | Volume] = [
        *client.containers.list(all=True, filters={"label": MAKER}, ignore_removed=True),
        *client.volumes.list(filters={"label": MAKER}),
    ]
    labels = [labels_of(thing) for thing in made]
    stale = sorted({found.get(RUN, "") for found in labels if is_stale(found[MAKER])})
    for run in stale:
        remove_run(client, run)
    return stale


def remove_run(client: DockerClient, run: str) -> None:
    """Remove all containers of the run, then its volumes."""
    wanted: dict[str, str | list[str] | bool] = {"label": f"{RUN}={run}"}
    each(_remove_container, client.containers.list(all=True, filters=wanted, ignore_removed=True))
    each(_remove_volume, client.volumes.list(filters=wanted))


def labels_of(thing: "Container | Volume") -> Mapping[str, str]:
    """The labels of either."""
    if isinstance(thing, Container):
        return thing.labels
    attributes: Mapping[str, Mapping[str, str] | None] = thing.attrs
    return attributes.get("Labels") or {}


def _remove_container(container: Container) -> None:
    with suppress(NotFound):
        try:
            container.remove(force=True, v=True)
        except APIError as error:
            if error.status_code != 409:  # somebody else is removing it
                raise


def _remove_volume(volume: Volume) -> None:
    with suppress(NotFound):
        volume.remove()


def _started(pid: int) -> str:
    """When that process began, in ticks since the boot."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[STARTED_FIELD]
