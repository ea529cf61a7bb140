"""backend.latency.statistics.ranks: exact where values are independent, and too narrow where they are not."""

import numpy as np
import pytest

from backend.latency.statistics.estimate import Interval, TooLittle
from backend.latency.statistics.ranks import quantile_interval
from tests.backend.latency.statistics.drawn import delays_ns


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)])
def test_the_median_lies_between_the_ranks_of_the_tables(n: int, low: int, high: int) -> None:
    assert quantile_interval(np.arange(1, n + 1), 500) == Interval(low, high, 0.95)


@pytest.mark.parametrize(("n", "per_mille"), [(0, 500), (1, 500), (5, 500), (300, 990), (3000, 999)])
def test_a_sample_too_small_for_an_end_has_no_interval(n: int, per_mille: int) -> None:
    assert quantile_interval(np.arange(n), per_mille) == TooLittle(f"{n} values do not carry p{per_mille / 10:g}")


def test_a_higher_level_is_wider() -> None:
    narrow, wide = (quantile_interval(np.arange(10_000), 990, level) for level in (0.95, 0.999))
    assert isinstance(narrow, Interval)
    assert isinstance(wide, Interval)
    assert wide.low_ns < narrow.low_ns < 9_899 < narrow.high_ns < wide.high_ns


def covered(rows: np.ndarray, truth_ns: float) -> float:
    """Of how many rows the interval of the median holds the truth."""
    intervals = [quantile_interval(np.sort(row), 500) for row in rows]
    return float(np.mean([isinstance(i, Interval) and i.low_ns <= truth_ns <= i.high_ns for i in intervals]))


def test_it_holds_for_independent_values_and_not_for_delays_of_one_run() -> None:
    alike = delays_ns(np.random.default_rng(1), runs=300, seconds=20)
    independent = np.random.default_rng(2).permutation(alike.ravel()).reshape(alike.shape)
    assert covered(independent, 1e6) >= 0.93
    assert covered(alike, 1e6) <= 0.60
