"""What each container may, has and runs, as the engine is told it.  Pure: nothing here asks anybody.

Every container: no network, a root that cannot be written, no capability, no way to more rights, an unprivileged user,
and bounds on processes, memory and log.  A guest sees of the machine nothing but the folder of its own two sockets, and
cannot change that folder.  Dom0 alone has the folders of all, since its daemon makes the sockets.

Each guest is a user of its own, for the kernel counts some things by user, whatever container he is in: one guest that
has too many descriptors on their way would stop all others.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from docker.types import DriverConfig, LogConfig, Mount, Ulimit

from compose.lab.files import UID
from compose.lab.labels import PART, RUN
from compose.scenario import GuestSpec, Scenario

Options = dict[str, Any]
"""Keyword arguments of the SDK's own `containers.create`, which has no type for them."""

Labels = dict[str, str]
"""Those of `compose.lab.labels`."""

MACHINE = PurePosixPath("/machine")
OUT = PurePosixPath("/out")

GUEST_MEMORY_MB = 256
"""Unless the scenario says how much: four times what a guest takes that plays a minute of music."""
GUEST_PIDS = 32
GUEST_UID = 10_000
"""The user of guest 0; each further guest has the next.  All are in the image's group, whose /out is."""
GUEST_FILES = 1024
DOM0_MEMORY_MB = 2048
DOM0_PIDS = 1024
"""A virtual card is a process."""

RT_PERIOD_US, RT_RUNTIME_US = 1_000_000, 800_000
"""Real time, where it is rationed: what engines that allow any are told to allow, less a tenth."""

CPU_PERIOD_US = 100_000
"""In which a share of a CPU is used up: the kernel's default."""
ALL_OF_IT = -1
"""The quota of whoever has none."""

RESTARTS_MAX = 5
"""One after another, in which a container did not even live for 10 s."""

LOG = LogConfig(type="json-file", config={"max-size": "8m", "max-file": "1"})

SOUND_GROUP_FOLDER = "/dev/snd"


def sockets_volume(run: str, domid: int) -> str:
    """The volume of a guest's two sockets."""
    return f"vsnd-{run}-dom{domid}"


def out_volume(run: str, part: str) -> str:
    """The volume of what that part writes."""
    return f"vsnd-{run}-out-{part}"


def container_name(run: str, part: str) -> str:
    """What the container is called."""
    return f"vsnd-{run}-{part}"


def any_container(labels: Labels, part: str, command: Sequence[str]) -> Options:
    """What holds for all of them."""
    return {
        "name": container_name(labels[RUN], part),
        "labels": {**labels, PART: part},
        "hostname": part,
        "command": ["python", "-m", *command],
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "user": f"{UID}:{UID}",
        "tmpfs": {"/tmp": "size=16m,mode=1777"},  # noqa: S108  # the container's own
        "mounts": [Mount(str(OUT), out_volume(labels[RUN], part), type="volume", labels=labels)],
        "log_config": LOG,
        "stdin_open": True,
    }


def guest_container(labels: Labels, part: str, guest: GuestSpec, command: Sequence[str]) -> Options:
    """A guest's: it may use what the scenario gives it."""
    options = any_container(labels, part, ["compose.lab.inside", *command])
    options["mounts"].append(_sockets(labels, guest.id, read_only=True))
    own = {
        "user": f"{GUEST_UID + guest.id}:{UID}",
        "shm_size": "1m",
        "ulimits": [Ulimit(name="nofile", soft=GUEST_FILES, hard=GUEST_FILES), Ulimit(name="core", soft=0, hard=0)],
    }
    return {**options, **own, **limits(guest.memory_mb or GUEST_MEMORY_MB, GUEST_PIDS), **_processors(guest)}


def load_container(labels: Labels, part: str, memory_mb: int, command: Sequence[str]) -> Options:
    """A load's, which is not of the machine."""
    return any_container(labels, part, ["compose.lab.inside", *command]) | limits(memory_mb, GUEST_PIDS)


def dom0_container(labels: Labels, domids: Sequence[int], command: Sequence[str]) -> Options:
    """Dom0's."""
    options = any_container(labels, "dom0", ["compose.lab.dom0", *command])
    options["tmpfs"][str(MACHINE)] = f"size=1m,mode=0700,uid={UID},gid={UID}"
    options["mounts"] += [_sockets(labels, domid, read_only=False) for domid in domids]
    options["init"] = True  # buries the virtual cards of a backend that was killed
    return options | limits(DOM0_MEMORY_MB, DOM0_PIDS)


def staying(options: Options) -> Options:
    """The same for one that stays when we leave: it is started again when it ends by itself with an error.

    Never is one that somebody killed through the engine, which takes that for his wish.
    """
    return options | {"restart_policy": {"Name": "on-failure", "MaximumRetryCount": RESTARTS_MAX}}


def with_priority(options: Options, *, rationed: bool) -> Options:
    """The same for a backend that asks for SCHED_FIFO: only root's capabilities pass to what a container runs.

    It has no other, but for writing what belongs to the image's user.  `rationed`: the kernel gives each control group
    a ration of real time (version 1), and a container must have a part of the engine's.
    """
    options = options | {"user": "0:0", "cap_add": ["SYS_NICE", "DAC_OVERRIDE"]}
    return options | {"cpu_rt_period": RT_PERIOD_US, "cpu_rt_runtime": RT_RUNTIME_US} if rationed else options


def wants_priority(scenario: Scenario) -> bool:
    """Whether the backend is to ask for one."""
    return scenario.realtime.priority is not None


def limits(memory_mb: int, pids: int) -> Options:
    """Bounds on memory, with no swapping, and on processes and threads."""
    return {"mem_limit": f"{memory_mb}m", "memswap_limit": f"{memory_mb}m", "pids_limit": pids}


def quota_us(share: float) -> int:
    """What of each period a share of a CPU is."""
    return round(share * CPU_PERIOD_US)


def throttled(guest: GuestSpec, share: float) -> Options:
    """What a guest's container is changed to that gets no more than this share of a CPU, 1 being all it may use."""
    limit = guest.cpu_limit
    if share < 1:
        limit = share if limit is None else min(share, limit)
    return {"cpu_period": CPU_PERIOD_US, "cpu_quota": ALL_OF_IT if limit is None else quota_us(limit)}


def _processors(guest: GuestSpec) -> Options:
    """Its share of a CPU, and which of them it may use."""
    options: Options = {}
    if guest.cpu_limit is not None:
        options |= {"cpu_period": CPU_PERIOD_US, "cpu_quota": quota_us(guest.cpu_limit)}
    if guest.realtime.cpus is not None:
        options["cpuset_cpus"] = ",".join(map(str, guest.realtime.cpus))
    return options


def _sockets(labels: Labels, domid: int, *, read_only: bool) -> Mount:
    """A guest's folder, in memory, and too small for anything but sockets; to connect nothing need be writable."""
    place = f"size=64k,nr_inodes=16,mode=0770,uid={GUEST_UID + domid},gid={UID}"
    return Mount(
        str(MACHINE / f"dom{domid}"),
        sockets_volume(labels[RUN], domid),
        type="volume",
        no_copy=True,
        read_only=read_only,
        driver_config=DriverConfig("local", {"type": "tmpfs", "device": "tmpfs", "o": place}),
        labels=labels,
    )
