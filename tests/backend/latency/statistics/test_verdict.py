"""backend.latency.statistics.verdict: what an interval says, and Holm by hand."""

import numpy as np
import pytest

from backend.latency.statistics.bootstrap import quantile
from backend.latency.statistics.estimate import Interval, TooLittle, change
from backend.latency.statistics.paced import paced
from backend.latency.statistics.verdict import Judgement, Verdict, decide, judge
from tests.backend.latency.statistics.drawn import delays_ns, normal_estimate, series

ERROR_NS = 1_000_000


@pytest.mark.parametrize(
    ("low_ns", "high_ns", "verdict"),
    [
        (-30, -20, Verdict.BETTER), (-30, -5, Verdict.BETTER), (20, 30, Verdict.WORSE), (5, 30, Verdict.WORSE),
        (-10, 10, Verdict.SAME), (2, 8, Verdict.SAME), (-8, -2, Verdict.SAME),
        (-5, 11, Verdict.UNDECIDED), (-11, 5, Verdict.UNDECIDED), (-30, 0, Verdict.UNDECIDED),
    ],
)  # fmt: skip
def test_a_verdict_needs_an_interval_without_zero_or_within_the_margin(
    low_ns: int, high_ns: int, verdict: Verdict
) -> None:
    assert decide(Interval(low_ns, high_ns, 0.95), 10) is verdict


def verdicts(errors_from_zero: list[float], margin_ns: int = 0) -> list[tuple[str, float]]:
    """(verdict, level) of guests whose changes are so many standard errors."""
    changes = {index: normal_estimate(z * ERROR_NS, ERROR_NS) for index, z in enumerate(errors_from_zero)}
    judged = judge(changes, margin_ns).values()
    return [(each.verdict.value, round(each.interval.level, 4)) for each in judged if isinstance(each, Judgement)]


def test_holm_goes_down_from_the_surest_guest() -> None:
    """Of three, 2.394 errors are asked for; of the two left 2.241; of the last 1.960."""
    assert verdicts([2.0, -2.5, 2.3]) == [("worse", 0.95), ("better", 0.9833), ("worse", 0.975)]


def test_holm_stops_at_the_first_step_that_decides_nobody() -> None:
    assert verdicts([2.5, 2.1, 2.0]) == [("worse", 0.9833), ("undecided", 0.975), ("undecided", 0.975)]


def test_guests_decided_together_leave_together() -> None:
    assert verdicts([3.0, 3.0, 2.0]) == [("worse", 0.9833), ("worse", 0.9833), ("worse", 0.95)]


def test_no_difference_is_decided_on_the_way_down_too() -> None:
    assert verdicts([0.0, 5.0], margin_ns=2 * ERROR_NS) == [("no difference within the margin", 0.95), ("worse", 0.975)]


def test_a_guest_that_could_not_be_measured_counts_and_keeps_its_reason() -> None:
    why = TooLittle("nobody played")
    judged = judge({"a": why, "b": normal_estimate(2.1 * ERROR_NS, ERROR_NS)}, 0)
    assert list(judged) == ["a", "b"]
    assert judged["a"] is why
    assert isinstance(judged["b"], Judgement)
    assert judged["b"].verdict is Verdict.UNDECIDED


def test_nobody_is_judged_of_nobody() -> None:
    assert judge({}, 0) == {}


@pytest.mark.parametrize("margin_ns", [0, 100_000])
def test_no_effect_gives_no_verdict_and_five_milliseconds_do(margin_ns: int) -> None:
    rows = delays_ns(np.random.default_rng(1), 1000, seconds=10, runs_differ=0.3).reshape(100, 2, 5, -1)
    generator = np.random.default_rng(2)
    silent = found = 0
    for first, second in rows:
        timer = quantile(paced("timer", [series(run) for run in first]), 900, generator)
        for late_ns in (0, 5_000_000):
            interrupt = quantile(paced("interrupt", [series(run + late_ns) for run in second]), 900, generator)
            judged = judge({"media": change(timer, interrupt)}, margin_ns)["media"]
            assert isinstance(judged, Judgement)
            silent += late_ns == 0 and judged.verdict in {Verdict.UNDECIDED, Verdict.SAME}
            found += late_ns > 0 and judged.verdict is Verdict.WORSE
    assert silent >= 94
    assert found == 100
