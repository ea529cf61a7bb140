"""The rights that real time takes, which of them is missing, and how a user gets it.

The kernel grants SCHED_FIFO and locked memory up to a limit of the user's, or to one who has a capability.  SCHED_FIFO
takes a control group that has real time besides: what is refused although no right is missing, that refuses.
"""

import os
import re
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
LIMITS_CONF = "/etc/security/limits.d/audio.conf  # and log in again"


class Right(NamedTuple):
    """A limit, and the capability that does instead."""

    limit: int
    """Of resource.getrlimit."""
    name: str
    capability: str
    capability_bit: int
    """<linux/capability.h>."""
    line: str
    """What limits.conf takes, behind who it is for."""
    ulimit: str
    """What `docker run --ulimit` takes."""
    otherwise: str
    """What refuses where nothing is missing."""

    def why_not(self, needed: int) -> str:
        """What refused so much; empty if we do not know."""
        return self.missing(needed) or self.otherwise

    def missing(self, needed: int) -> str:
        """What is missing for so much; empty if nothing is."""
        limit, _ = resource.getrlimit(self.limit)
        if limit == resource.RLIM_INFINITY or 0 <= needed <= limit or _capabilities() >> self.capability_bit & 1:
            return ""
        return f"{self.name} is {limit}, and there is no {self.capability}"

    def mend(self, in_container: bool) -> str:
        """The command that gives it."""
        if in_container:
            return f"docker run --ulimit {self.ulimit} --cap-add {self.capability.removeprefix('CAP_')} ..."
        return f"echo '@audio - {self.line}' | sudo tee -a {LIMITS_CONF}"

    def use_all(self) -> None:
        """Raise the limit as far as we may."""
        _, most = resource.getrlimit(self.limit)
        resource.setrlimit(self.limit, (most, most))


GROUP = "the control group has no real time (cpu.rt_runtime_us)"
RTPRIO = Right(resource.RLIMIT_RTPRIO, "RLIMIT_RTPRIO", "CAP_SYS_NICE", 23, "rtprio 95", "rtprio=95", GROUP)
MEMLOCK = Right(resource.RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK", "CAP_IPC_LOCK", 14, "memlock unlimited", "memlock=-1", "")


def in_container(has: Callable[[str], bool] = os.path.exists, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether we are in one, by the marks of Docker, Podman and systemd-nspawn."""
    return any(has(mark) for mark in CONTAINER_MARKS) or "container" in environ


def _capabilities() -> int:
    """Those in effect, a bit each."""
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1], 16) if found else 0
