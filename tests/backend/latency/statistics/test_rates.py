"""backend.latency.statistics.rates, against printed tables."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.statistics.rates import Count, RatioInterval, rate, rate_ratio, runs_ratio, share


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [(1, 0.025, 5.572), (2, 0.242, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.364, 121.627)],
)
def test_a_count_has_garwoods_interval(events: int, low: float, high: float) -> None:
    found = rate(Count(events, 1.0))
    assert (found.value_hz, found.low_hz, found.high_hz) == pytest.approx((events, low, high), abs=6e-4)


def test_a_rate_is_per_second() -> None:
    found = rate(Count(137, 24.19893))
    assert (found.value_hz, found.low_hz, found.high_hz) == pytest.approx((5.661407, 4.753125, 6.692709), abs=1e-6)


def test_nothing_seen_is_the_rule_of_three() -> None:
    found = rate(Count(0, 600.0))
    assert (found.value_hz, found.low_hz) == (0, 0)
    assert found.high_hz == pytest.approx(3 / 600, rel=2e-3)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0, 0.1684), (1, 29, 0.0009, 0.1776),
        (10, 10, 0.6915, 1),
    ],
)  # fmt: skip
def test_a_share_has_clopper_and_pearsons_interval(k: int, n: int, low: float, high: float) -> None:
    assert share(k, n) == pytest.approx((low, high), abs=6e-5)


def test_a_ratio_of_rates_is_that_of_the_conditional_binomial() -> None:
    found = rate_ratio(Count(21, 3011.0), Count(11, 800.0))
    assert (found.value, found.low, found.high) == pytest.approx((1.971488, 0.8584264, 4.2772659), abs=1e-6)


def test_a_ratio_to_nothing_has_no_upper_end() -> None:
    found = rate_ratio(Count(0, 100.0), Count(10, 100.0))
    assert (found.value, found.high) == (math.inf, math.inf)
    assert found.low == pytest.approx(0.6915 / (1 - 0.6915), rel=1e-3)


def test_where_neither_happened_nothing_is_known_of_the_ratio() -> None:
    assert rate_ratio(Count(0, 10.0), Count(0, 10.0)) == RatioInterval(None, 0.0, math.inf)


def test_runs_alike_keep_the_exact_interval() -> None:
    first, second = [Count(4, 60.0), Count(5, 60.0), Count(3, 60.0)], [Count(9, 60.0), Count(11, 60.0), Count(10, 60.0)]
    assert runs_ratio(first, second) == rate_ratio(Count(12, 180.0), Count(30, 180.0))


def test_counts_that_come_in_few_runs_are_worth_less() -> None:
    """By hand: Pearson's chi-square is 10 + 10 + 40 in the second, 0 in the first; over 4 degrees of freedom, 15."""
    first, second = [Count(10, 60.0)] * 3, [Count(0, 60.0), Count(0, 60.0), Count(30, 60.0)]
    worth = 60 / 4 * (2.776445 / 1.959964) ** 2
    found, expected = runs_ratio(first, second), rate_ratio(Count(30 / worth, 180.0), Count(30 / worth, 180.0))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-4)
    assert found.low < 1 / 10


@pytest.mark.parametrize("runs_differ", [0.0, 0.25, 1.0])
def test_underruns_that_come_in_bad_runs_are_seldom_taken_for_a_difference(runs_differ: float) -> None:
    generator = np.random.default_rng(1)
    means = generator.gamma(1 / runs_differ, 4 * runs_differ, (300, 2, 5)) if runs_differ else np.full((300, 2, 5), 4.0)
    found = [runs_ratio(*([Count(int(k), 60.0) for k in side] for side in pair)) for pair in generator.poisson(means)]
    assert np.mean([each.low > 1 or each.high < 1 for each in found]) <= 0.06


@given(st.integers(0, 200), st.integers(0, 200))
def test_swapping_the_two_turns_the_ratio_over(a: int, b: int) -> None:
    there, back = rate_ratio(Count(a, 30.0), Count(b, 60.0)), rate_ratio(Count(b, 60.0), Count(a, 30.0))
    assert there.low * back.high == pytest.approx(1, rel=1e-6) or (there.low == 0 and back.high == math.inf)
