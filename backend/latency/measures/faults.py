"""What a fault cost to whom: each stream's periods and gaps around it.

A period is on time when the application is told of it before the next is over, and when what it is told of was not
silence.  The first such period that ended after the mending is the stream's recovery; one whom the fault did not
concern has recovered with its very next period, so its figure is below two periods' time.  What is counted is what
came between the breaking and the recovery, or the end of the run: the lateness of periods, the gaps, and the longest
time between two periods, which is how long somebody was away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from backend.latency.facts import FaultFacts
from backend.latency.measures.samples import StreamSamples
from backend.latency.measures.timeline import NS_PER_S
from backend.latency.records import NEVER_NS, Int64s, Series
from backend.latency.result import Fault, FaultCost, Gap, Guest, Stream
from backend.latency.underruns.gaps import blame_of

OUTAGE_PERIODS = 1.5
"""Boundaries further apart than so many periods have something between them that was none."""


@dataclass(frozen=True, slots=True)
class _Periods:
    """A stream's, in order of their ideal instants."""

    at_ns: Int64s
    late_ns: Int64s
    period_ns: int
    gaps: Sequence[Gap]

    def recovered_ns(self, mended_ns: int) -> int:
        """When the application was told of the first that was on time again; NEVER_NS if it never was."""
        good = (self.at_ns >= mended_ns) & (self.late_ns <= self.period_ns)
        for gap in self.gaps:
            good &= (self.at_ns <= gap.at_ns) | (self.at_ns - self.period_ns >= gap.at_ns + gap.length_ns)
        first = np.flatnonzero(good)[:1]
        return int(self.at_ns[first[0]] + self.late_ns[first[0]]) if len(first) else NEVER_NS

    def late_max_ns(self, since_ns: int, until_ns: int) -> int | None:
        """The largest lateness of any that were told in this time, or were due in it."""
        then = self.late_ns[(self.at_ns + self.late_ns >= since_ns) & (self.at_ns <= until_ns)]
        return int(then.max()) if len(then) else None

    def outage_ns(self, since_ns: int, until_ns: int) -> int:
        """The longest time in here that was no period."""
        apart_ns = np.diff(self.at_ns)
        out = apart_ns > OUTAGE_PERIODS * self.period_ns
        out &= (self.at_ns[1:] > since_ns) & (self.at_ns[:-1] < until_ns)
        return int(apart_ns[out].max(initial=self.period_ns)) - self.period_ns


def fault_of(fault: FaultFacts, guests: Iterable[Guest], samples: Mapping[tuple[int, int], StreamSamples]) -> Fault:
    """The fault, and what it cost."""
    streams = [(guest.domid, stream) for guest in guests for stream in guest.streams]
    found = [
        (domid, stream, _periods(stream, samples[domid, stream.stream].period_lateness)) for domid, stream in streams
    ]
    costs = [
        _cost(fault, domid, stream, periods)
        for domid, stream, periods in found
        if domid == fault.guest or periods.at_ns.max(initial=0) >= fault.at_ns
    ]
    return Fault(**msgspec.structs.asdict(fault), costs=costs)


def _periods(stream: Stream, lateness: Series) -> _Periods:
    order = np.argsort(lateness.at_ns, kind="stable")
    period_ns = stream.period_frames * NS_PER_S // stream.rate_hz
    return _Periods(lateness.at_ns[order], lateness.delay_ns[order], period_ns, stream.gaps)


def _cost(fault: FaultFacts, domid: int, stream: Stream, periods: _Periods) -> FaultCost:
    recovered_ns = periods.recovered_ns(fault.until_ns)
    return FaultCost(
        domid=domid,
        stream=stream.stream,
        recovery_ns=None if recovered_ns == NEVER_NS else recovered_ns - fault.until_ns,
        outage_ns=periods.outage_ns(fault.at_ns, recovered_ns),
        lateness_max_ns=periods.late_max_ns(fault.at_ns, recovered_ns),
        blame=blame_of([gap for gap in stream.gaps if _overlaps(gap, fault.at_ns, recovered_ns)]),
    )


def _overlaps(gap: Gap, since_ns: int, until_ns: int) -> bool:
    return gap.at_ns <= until_ns and gap.at_ns + gap.length_ns >= since_ns
