"""What a process asks of the kernel for itself."""

import ctypes
import resource
import signal

PR_SET_PDEATHSIG = 1
"""prctl(2)."""

_LIBC = ctypes.CDLL(None)  # loaded here, so that a child between fork and exec need not


def die_with_parent() -> None:
    """Have the kernel send this process SIGTERM when its parent ends.  For `preexec_fn`."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def allow_many_files() -> None:
    """Have as many descriptors as we may: every share and every port of every guest takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
