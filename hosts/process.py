"""Child processes that do not outlive us."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1
"""prctl(2)."""

_LIBC = ctypes.CDLL(None)  # loaded here, so that a child between fork and exec need not


def die_with_parent() -> None:
    """Have the kernel send this process SIGTERM when its parent ends.  For `preexec_fn`."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
