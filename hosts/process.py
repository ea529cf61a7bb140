"""What a process asks of the kernel for itself.

Python calls the C library for what its own library lacks.  What the kernel refuses is an OSError, as from `os`.
"""

import ctypes
import errno
import os
import resource
import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hosts.rights import MEMLOCK

PR_SET_PDEATHSIG = 1
PR_SET_TIMERSLACK, PR_GET_TIMERSLACK = 29, 30
"""prctl(2)."""

MCL_CURRENT, MCL_FUTURE = 1, 2
"""mlockall(2), as on x86 and Arm."""

STACK_OCTETS = 8 << 20
"""How far a locked stack may grow by default: one that meets the limit ends the process."""

_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded here, so that a child between fork and exec need not
_CPUS_AT_START = os.sched_getaffinity(0)


def die_with_parent() -> None:
    """Have the kernel send this process SIGTERM when its parent ends.  For `preexec_fn`."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def allow_many_files() -> None:
    """Have as many descriptors as we may: every share and every port of every guest takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def lock_memory() -> bool:
    """Have no page of ours paged out; whether that holds for what comes later, too.  Raises OSError.

    Locked memory counts against a limit, and an allocation that meets it fails.  So only a process without a limit
    locks what comes later; another locks what it has, and must have room for its stack besides.
    """
    limited = MEMLOCK.missing(resource.RLIM_INFINITY)
    if limited and MEMLOCK.missing(lock_octets()):
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    if _LIBC.mlockall(MCL_CURRENT if limited else MCL_CURRENT | MCL_FUTURE) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return not limited


def lock_octets() -> int:
    """What locking our memory takes: our address space, and a stack that grows."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + STACK_OCTETS


def set_timer_slack(slack_ns: int) -> int:
    """How late the kernel may wake this thread so that wake-ups coincide; what it is now.  Raises OSError."""
    if _LIBC.prctl(PR_SET_TIMERSLACK, ctypes.c_ulong(slack_ns), 0, 0, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(_LIBC.prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0))


@contextmanager
def unpinned() -> Generator[None]:
    """To start a child in: on all processors that we were started on, whichever we have kept to since."""
    pinned = os.sched_getaffinity(0)
    if pinned == _CPUS_AT_START:
        yield
        return
    os.sched_setaffinity(0, _CPUS_AT_START)
    try:
        yield
    finally:
        os.sched_setaffinity(0, pinned)
