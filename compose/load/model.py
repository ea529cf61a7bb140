"""A load in simulated time, where nothing computes: what it would do to others, as delays.

`cpu`.  When a domain becomes ready to run, its processor is taken with the load's share as probability.  Mostly it is
let in at once all the same, since Linux's scheduler owes something to whoever slept; else it waits for the rest of
somebody's turn.

`flood`.  The backend serves a guest that never stops asking for most of its time, a ring full of requests at a pass.
What is due for the backend in a pass waits for the rest of it.  Guests are not concerned.

Both say how often somebody waits, and for how long at most.  Neither is a hypervisor's scheduler.
"""

from dataclasses import dataclass, replace

from compose.load.spec import CpuLoad, Load
from hosts.sim.delays import Delays, Draw, behind_turns_ns
from ringproto.abi import RING_SLOTS

SLICE_NS = 3_000_000
"""`sched_base_slice` of Linux, with eight processors and more: 0.75 ms by 1 + log2(8)."""
NOT_LET_IN = 0.25
FLOODED_SHARE = 0.75
REQUEST_NS = 28_000
"""So that quantiles up to p95 are as in the processes world on two processors (AMD EPYC, Linux 6.18).  The rare delays
of tens of milliseconds that are there, too, are not modelled."""


@dataclass(frozen=True, slots=True)
class Burdened:
    """Delays under a load."""

    backend: Delays
    guests: Delays


def burdened(load: Load | None, delays: Delays) -> Burdened:
    """The delays of a machine that has these when it is idle."""
    if load is None:
        return Burdened(delays, delays)
    wake_ns = delays.wake_ns
    assert wake_ns is not None
    if isinstance(load, CpuLoad):
        both = _waking(delays, behind_turns_ns(wake_ns, NOT_LET_IN * load.cpu, SLICE_NS))
        return Burdened(both, both)
    flooded_ns = behind_turns_ns(wake_ns, FLOODED_SHARE, RING_SLOTS * REQUEST_NS)
    return Burdened(_waking(delays, flooded_ns), delays)


def _waking(delays: Delays, wake_ns: Draw) -> Delays:
    return replace(delays, wake_ns=wake_ns)
