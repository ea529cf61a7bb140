"""backend.latency.measures.faults: what a fault of known cost is said to have cost."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from backend.latency.facts import FaultFacts
from backend.latency.measures.faults import fault_of
from backend.latency.measures.samples import StreamSamples, stream_samples
from backend.latency.records import Series
from backend.latency.result import Blame, Cause, FaultCost, Gap, Guest, Stream
from tests.backend.latency.synthetic import DOMID, MS, STREAM, records

OTHER = 9
NOTHING = stream_samples(records([]), STREAM, None)
FAULT = FaultFacts(what="pause", at_ns=1000 * MS, until_ns=1200 * MS, guest=DOMID)


def stream(*gaps: Gap) -> Stream:
    measured = dict.fromkeys(
        ("playback_delay_ns", "capture_delay_ns", "period_lateness_ns", "request_round_trip_ns",
         "notification_delay_ns", "handovers_late", "handovers_dropped", "periods_untold")
    )  # fmt: skip
    return Stream(**msgspec.structs.asdict(STREAM), **measured, gaps=list(gaps))  # type: ignore[arg-type]  # all None


def samples(at_ms: list[float], late_ms: list[float]) -> StreamSamples:
    ns = [np.array([round(ms * MS) for ms in column], np.int64) for column in (at_ms, late_ms)]
    return replace(NOTHING, period_lateness=Series(*ns))


def cost(at_ms: list[float], late_ms: list[float], *gaps: Gap, fault: FaultFacts = FAULT) -> FaultCost:
    guests = [Guest(domid=DOMID, name="g", streams=[stream(*gaps)])]
    (found,) = fault_of(fault, guests, {(DOMID, 0): samples(at_ms, late_ms)}).costs
    return found


def gap(at_ms: int, length_ms: int, cause: Cause = "guest") -> Gap:
    return Gap(at_ns=at_ms * MS, length_ns=length_ms * MS, frames=48 * length_ms, cause=cause)


EVERY_10_MS = [float(at) for at in range(0, 3000, 10)]


def test_whom_it_did_not_concern_has_recovered_with_the_next_period() -> None:
    found = cost(EVERY_10_MS, [0.5] * 300)
    assert found == FaultCost(
        domid=DOMID, stream=0, recovery_ns=MS // 2, outage_ns=0, lateness_max_ns=MS // 2, blame={}
    )  # fmt: skip


def test_a_pause_makes_periods_late_until_the_first_that_is_on_time_after_it() -> None:
    late = [max(0.5, 1250 - at) if 1000 <= at <= 1240 else 0.5 for at in EVERY_10_MS]
    found = cost(EVERY_10_MS, late)
    assert found.lateness_max_ns == 250 * MS
    assert found.recovery_ns == 50 * MS, "that of 1240 ms was told at 1250: within a period's time"


def test_a_period_that_was_due_before_and_told_after_the_breaking_counts() -> None:
    assert cost(EVERY_10_MS, [7.0 if at == 990 else 9.0 if at == 980 else 0.5 for at in EVERY_10_MS]).lateness_max_ns
    assert cost([990, 1200], [12, 0]).lateness_max_ns == 12 * MS
    assert cost([980, 1200], [12, 0]).lateness_max_ns == 0


def test_a_restart_is_an_outage() -> None:
    at = [at for at in EVERY_10_MS if not 1000 < at < 1500]
    found = cost(at, [0.5] * len(at))
    assert found.outage_ns == 490 * MS
    assert found.recovery_ns == 300 * MS + MS // 2


def test_what_never_recovers_says_so() -> None:
    at = [at for at in EVERY_10_MS if at <= 1000]
    assert cost(at, [0.5] * len(at)).recovery_ns is None
    assert cost(EVERY_10_MS, [0.5 if at < 1000 else 50.0 for at in EVERY_10_MS]).recovery_ns is None


def test_a_period_of_silence_is_no_recovery() -> None:
    found = cost(EVERY_10_MS, [0.5] * 300, gap(1150, 100))
    assert found.recovery_ns == 60 * MS + MS // 2, "the first that was heard whole ended at 1260"
    assert found.blame == {"guest": Blame(gaps=1, frames=4800, length_ns=100 * MS)}


@pytest.mark.parametrize(("at_ms", "counts"), [(900, False), (991, True), (1100, True), (1300, False)])
def test_gaps_count_from_the_breaking_until_the_recovery(at_ms: int, counts: bool) -> None:
    found = cost(EVERY_10_MS, [0.5] * 300, gap(at_ms, 10, "backend"))
    assert bool(found.blame) is counts


def test_gaps_are_told_by_cause() -> None:
    found = cost(EVERY_10_MS, [0.5] * 300, gap(1010, 10), gap(1050, 20), gap(1100, 30, "device"))
    assert {cause: (blame.gaps, blame.length_ns) for cause, blame in found.blame.items()} == {
        "guest": (2, 30 * MS), "device": (1, 30 * MS)
    }  # fmt: skip


def test_whoever_had_come_to_the_end_is_not_concerned_unless_it_was_done_to_him() -> None:
    early = samples([10, 20], [0, 0])
    guests = [Guest(domid=domid, name="g", streams=[stream()]) for domid in (DOMID, OTHER)]
    costs = fault_of(FAULT, guests, {(DOMID, 0): early, (OTHER, 0): early}).costs
    assert [(found.domid, found.recovery_ns) for found in costs] == [(DOMID, None)]


def test_a_stream_of_which_nothing_is_known_has_no_figures() -> None:
    found = cost([], [])
    assert (found.recovery_ns, found.outage_ns, found.lateness_max_ns) == (None, 0, None)
