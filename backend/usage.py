"""What this process takes of the machine, from one moment to another: the kernel's own counts.

Peak memory is read from /proc/self/status, not from getrusage: the latter remembers, across fork and exec, how large
the process was that started us, and would say that of every child of a large parent.  Threads are counted with their
process, but not for the run queue: the kernel counts that by thread, and it is the first one that serves.
"""

import resource
from pathlib import Path
from typing import Protocol

from backend.latency.facts import Usage

SCHEDSTAT = Path("/proc/self/schedstat")
"""On the CPU in ns, on a run queue in ns, time slices; all 0 where the kernel does not count (sched-stats.rst)."""
STATUS = Path("/proc/self/status")


class Waking(Protocol):
    """A loop that counts."""

    wakeups: int

    def now_ns(self) -> int:
        """The time on the machine's clock."""
        ...


class Meter:
    """From its making on."""

    def __init__(self, loop: Waking) -> None:
        self._loop = loop
        self._began_ns = loop.now_ns()
        self._wakeups = loop.wakeups
        self._queued_ns = run_queue_delay_ns()
        self._before = resource.getrusage(resource.RUSAGE_SELF)

    def read(self) -> Usage:
        """What was taken until now."""
        now, before = resource.getrusage(resource.RUSAGE_SELF), self._before
        queued_ns = run_queue_delay_ns()
        return Usage(
            seconds=(self._loop.now_ns() - self._began_ns) / 1e9,
            cpu_s=now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime,
            wakeups=self._loop.wakeups - self._wakeups,
            switches_voluntary=now.ru_nvcsw - before.ru_nvcsw,
            switches_involuntary=now.ru_nivcsw - before.ru_nivcsw,
            run_queue_delay_ns=None if queued_ns is None else queued_ns - (self._queued_ns or 0),
            rss_octets=peak_octets(),
        )


def run_queue_delay_ns() -> int | None:
    """How long this process's first thread was ready to run and did not; None where the kernel does not count it."""
    try:
        on_cpu, queued, _slices = map(int, SCHEDSTAT.read_text().split())
    except (OSError, ValueError):
        return None
    return queued if on_cpu else None


def peak_octets() -> int:
    """The most memory that this process ever had resident."""
    for line in STATUS.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
