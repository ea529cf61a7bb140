"""SCHED_FIFO: to run before everything of lower priority, for as long as one likes.  So a bound comes with it.

Rules: who ran for RUNAWAY_US without once waiting for anything goes back to being a process like others, with one line
in the log.  Who cannot even do that, since no line of Python is reached, is killed after KILLED_US.  The kernel keeps
both (RLIMIT_RTTIME: SIGXCPU, then SIGKILL), for it still runs when nobody else does.  Children start like others.
"""

import logging
import os
import resource
import signal
from types import FrameType

from hosts.rights import RTPRIO

RUNAWAY_US = 200_000
"""A backend waits several times in each period of a few ms.  rtkit grants nobody more than this."""
KILLED_US = 1_000_000

log = logging.getLogger("vsnd")


def take_fifo(priority: int) -> None:
    """Run this thread, which must be the main one, with that priority from 1 to 99.  Raises OSError."""
    RTPRIO.use_all()
    _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
    killed_us = KILLED_US if most == resource.RLIM_INFINITY else min(most, KILLED_US)
    resource.setrlimit(resource.RLIMIT_RTTIME, (min(RUNAWAY_US, killed_us // 2), killed_us))
    signal.signal(signal.SIGXCPU, _give_up)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        raise


def fifo_priority(pid: int = 0) -> int:
    """The priority that a process (we, unless named) runs with under SCHED_FIFO; 0 when under another."""
    if os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK != os.SCHED_FIFO:
        return 0
    return os.sched_getparam(pid).sched_priority


def _give_up(_signum: int, _frame: FrameType | None) -> None:
    """Be like others.  The flag stays: without privileges nobody takes it back."""
    os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    log.warning("real time: SCHED_FIFO given up: ran for %d ms without a pause", RUNAWAY_US // 1000)
