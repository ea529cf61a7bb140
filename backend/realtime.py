"""Real-time help: what a backend, or a guest's process, asks of the kernel so that it is not late.

    [realtime]
    priority = 50
    lock_memory = true
    cpus = [1]
    timer_slack_ns = 1
    silence_collector = true

Rules: all of it is optional, and a refusal is one line in the log and never an end.  `result.json` says what came of
each.  Children, such as a virtual card's process, inherit neither priority nor processors nor locked memory.

Why the defaults are what they are.  Python's collector is silent: that takes no rights, our data path makes no cycles,
and one pass over a large heap takes 65 ms.  All else is the operator's to say.  A priority is power over everybody else
on the machine.  Locked memory is four times what is used, and matters only where pages are taken away.  One processor
alone is worse than a choice of two, unless others are kept away from it.  Timer slack does not concern the timerfd that
our loop waits with; it is for libraries that wait in other ways.
"""

import logging
import os
from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from backend.latency.facts import Help, RealtimeHelp
from hosts.collector import silence_collector
from hosts.fifo import RUNAWAY_US, fifo_priority, take_fifo
from hosts.process import lock_memory, lock_octets, set_timer_slack
from hosts.rights import MEMLOCK, RTPRIO, Right, in_container

T = TypeVar("T")
Cpu = Annotated[int, Meta(ge=0, le=8191)]  # the most that Linux is built for

log = logging.getLogger("vsnd")


class Realtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for."""

    priority: Annotated[int, Meta(ge=1, le=98)] | None = None
    """Under SCHED_FIFO; 99 is left for a virtual card, which as hardware stands one above its driver."""
    lock_memory: bool = False
    """Have no page paged out."""
    cpus: Annotated[list[Cpu], Meta(min_length=1)] | None = None
    """The processors to keep to."""
    timer_slack_ns: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    """How late the kernel may end a sleep so that several coincide; 50 us unless asked."""
    silence_collector: bool = True
    """Have Python's garbage collector rest, with what is there already."""


_NO_KERNEL = Help(state="not applicable", detail="simulated")
SIMULATED = RealtimeHelp(
    priority=_NO_KERNEL,
    lock_memory=_NO_KERNEL,
    cpus=_NO_KERNEL,
    timer_slack_ns=_NO_KERNEL,
    silence_collector=_NO_KERNEL,
)
"""In simulated time there is nobody to ask."""


def ask(wanted: Realtime) -> RealtimeHelp:
    """Ask for it; to be called once all is loaded, by the main thread.

    The priority comes last, for locking memory takes longer than one may run with it.
    """
    return RealtimeHelp(
        silence_collector=_ask("silence_collector", wanted.silence_collector, _silence),
        lock_memory=_ask("lock_memory", wanted.lock_memory, _lock, MEMLOCK, lock_octets()),
        cpus=_ask("cpus", wanted.cpus, _keep_to),
        timer_slack_ns=_ask("timer_slack_ns", wanted.timer_slack_ns, lambda slack_ns: str(set_timer_slack(slack_ns))),
        priority=_ask("priority", wanted.priority, _run_first, RTPRIO, wanted.priority or 0),
    )


def at_the_end(given: RealtimeHelp) -> RealtimeHelp:
    """The same at the end of a run: who ran away with a priority is without it."""
    if given.priority.state != "granted" or fifo_priority():
        return given
    given_up = Help(state="given up", detail=f"ran for {RUNAWAY_US // 1000} ms without a pause")
    return msgspec.structs.replace(given, priority=given_up)


def _ask(field: str, wanted: T | None, ask: Callable[[T], str], right: Right | None = None, needed: int = 0) -> Help:
    """Ask for one thing: `ask` says what was granted.  `right` is the one that it takes, and how much of it."""
    if wanted is None or wanted is False:
        return Help(state="not asked for")
    try:
        return Help(state="granted", detail=ask(wanted))
    except OSError as error:
        why = [error.strerror or str(error), right.why_not(needed) if right else ""]
        refusal = ": ".join(filter(None, why))
        mend = f"; {right.mend(in_container())}" if right and right.missing(needed) else ""
        log.warning("realtime.%s: refused: %s%s", field, refusal, mend)
        return Help(state="refused", detail=refusal)


def _silence(_wanted: bool) -> str:
    silence_collector()
    return "frozen and off"


def _lock(_wanted: bool) -> str:
    MEMLOCK.use_all()
    return "all" if lock_memory() else "all there was at the start"


def _keep_to(cpus: list[int]) -> str:
    os.sched_setaffinity(0, cpus)
    return ", ".join(map(str, sorted(os.sched_getaffinity(0))))


def _run_first(priority: int) -> str:
    take_fifo(priority)
    return f"SCHED_FIFO {priority}"
