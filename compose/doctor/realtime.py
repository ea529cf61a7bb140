"""Real-time priority: whether a backend may run before everything else, with its memory kept in place.

The ladder: a right of the user's (rtprio in limits.conf), the capability CAP_SYS_NICE, and a control group that grants
real time at all.  Only trying shows all three.
"""

from collections.abc import Iterator

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine
from hosts.rights import MEMLOCK, RTPRIO

REALTIME = Area("realtime", "real-time priority")
MEMLOCK_LEAST_OCTETS = 256 << 20
"""A backend with numpy takes two thirds of it."""

USE = "`priority = 50` below `[realtime]` in the backend's file uses it"


def realtime(machine: Machine) -> Iterator[Finding]:
    """Trying it, then the two limits."""
    yield _fifo(machine)
    yield _rtprio(machine)
    yield _memlock(machine)


def _fifo(machine: Machine) -> Finding:
    if why := machine.probes.fifo_error():
        return REALTIME.bad("SCHED_FIFO", f"refused: {why}", RTPRIO.mend(machine.in_container))
    return REALTIME.good("SCHED_FIFO", f"granted; {USE}")


def _rtprio(machine: Machine) -> Finding:
    limit = machine.limit("Max realtime priority")
    if not limit:
        return REALTIME.note("RLIMIT_RTPRIO", "the kernel does not say")
    if limit != "0":
        return REALTIME.good("RLIMIT_RTPRIO", limit)
    if not machine.probes.fifo_error():
        return REALTIME.good("RLIMIT_RTPRIO", "0, but a capability grants it all the same")
    return REALTIME.note("RLIMIT_RTPRIO", "0: no right of this user's own", RTPRIO.mend(machine.in_container))


def _memlock(machine: Machine) -> Finding:
    limit = machine.limit("Max locked memory")
    if not limit:
        return REALTIME.note("RLIMIT_MEMLOCK", "the kernel does not say")
    size = f"{int(limit) >> 20} MiB" if limit.isdigit() else limit
    if limit.isdigit() and int(limit) < MEMLOCK_LEAST_OCTETS:
        text = f"{size}: a backend cannot keep all of its memory from being paged out"
        return REALTIME.note("RLIMIT_MEMLOCK", text, MEMLOCK.mend(machine.in_container))
    return REALTIME.good("RLIMIT_MEMLOCK", size)
