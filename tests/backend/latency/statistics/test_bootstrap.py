"""backend.latency.statistics.bootstrap: its intervals hold the truth as often as they say, whatever runs are like."""

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.latency.records import Series
from backend.latency.statistics.bootstrap import quantile
from backend.latency.statistics.estimate import Estimate, Interval, TooLittle, change
from backend.latency.statistics.paced import paced
from tests.backend.latency.statistics.drawn import delays_ns, series

RUNS = 5
EXPERIMENTS = 250


def interval(first: NDArray[np.int64], second: NDArray[np.int64], per_mille: int, seed: int = 1) -> Interval:
    """That of the change from the first pacing, a row for each run, to the second."""
    generator = np.random.default_rng(seed)
    names = {"timer": first, "interrupt": second}
    at = [quantile(paced(name, [series(run) for run in rows]), per_mille, generator) for name, rows in names.items()]
    difference = change(*at)
    assert isinstance(difference, Estimate)
    return difference.interval()


@pytest.mark.parametrize(("per_mille", "runs_differ"), [(500, 0.0), (900, 0.7)])
def test_nineteen_of_twenty_intervals_hold_the_truth(per_mille: int, runs_differ: float) -> None:
    rows = delays_ns(np.random.default_rng(1), 2 * RUNS * EXPERIMENTS, seconds=10, runs_differ=runs_differ)
    experiments = rows.reshape(EXPERIMENTS, 2, RUNS, -1)
    found = [interval(first, second + 5_000_000, per_mille) for first, second in experiments]
    held = np.mean([each.low_ns <= 5_000_000 <= each.high_ns for each in found])
    assert 0.93 <= held <= 0.97


def test_the_interval_of_independent_values_would_hold_it_far_less_often() -> None:
    """The same data, drawn again value by value: what everybody's first bootstrap does."""
    generator = np.random.default_rng(1)
    rows = delays_ns(generator, 2 * RUNS * 100, seconds=10).reshape(100, 2, -1)
    held = 0
    for pair in rows:
        again = [np.median(generator.choice(side, (200, side.size)), axis=1) for side in pair]
        low, high = np.quantile(again[1] - again[0], [0.025, 0.975])
        held += bool(low <= 0 <= high)
    assert held <= 60


def test_the_value_is_the_mean_of_what_the_runs_have() -> None:
    runs = [series(np.arange(1000) + offset) for offset in (0, 100, 500)]
    at = quantile(paced("timer", runs), 990, np.random.default_rng(1))
    assert isinstance(at, Estimate)
    assert at.value_ns == 989 + 200


def test_one_seed_gives_one_interval() -> None:
    rows = delays_ns(np.random.default_rng(3), 2 * RUNS, seconds=10)
    first, second = rows[:RUNS], rows[RUNS:]
    assert interval(first, second, 900, seed=4) == interval(first, second, 900, seed=4)
    assert interval(first, second, 900, seed=4) != interval(first, second, 900, seed=5)


def test_constant_delays_differ_exactly() -> None:
    first, second = np.full((3, 1000), 5_000_000), np.full((3, 1000), 3_000_000)
    assert interval(first, second, 990) == Interval(-2_000_000, -2_000_000, 0.95)


def test_many_equal_values_leave_a_quantile_between_two_of_them_unsure() -> None:
    """1.1 % of values are long: p99 may well be one of the short ones in other seconds."""
    generator = np.random.default_rng(2)
    rows = np.where(generator.random((2 * RUNS, 2000)) < 0.011, 2_000_000, 1_000_000)
    found = interval(rows[:RUNS], rows[RUNS:], 990)
    assert found.low_ns < 0 < found.high_ns


def test_a_gap_in_a_run_is_not_filled() -> None:
    whole = series(delays_ns(np.random.default_rng(1), 1, seconds=20)[0])
    gap = (whole.at_ns > 5 * 10**9) & (whole.at_ns < 12 * 10**9)
    with_gap = Series(whole.at_ns[~gap], whole.delay_ns[~gap])
    at = quantile(paced("timer", [with_gap] * 3), 500, np.random.default_rng(1))
    assert isinstance(at, Estimate)
    assert at.interval().low_ns < at.value_ns < at.interval().high_ns


def test_every_run_must_carry_the_quantile() -> None:
    runs = [series(np.arange(2000)), series(np.arange(2000)), series(np.arange(999))]
    assert quantile(paced("timer pacing", runs), 990, np.random.default_rng(1)) == TooLittle(
        "a run of timer pacing has 999 delays, which do not carry p99"
    )


def test_too_few_runs_have_no_quantile() -> None:
    why = paced("timer", [series(np.arange(2000))])
    assert quantile(why, 500, np.random.default_rng(1)) is why
