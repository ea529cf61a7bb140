"""backend.latency.statistics.estimate: one interval from runs and from blocks."""

import numpy as np
import pytest

from backend.latency.statistics.estimate import Estimate, TooLittle, change
from tests.backend.latency.statistics.drawn import normal_estimate


def estimate(blocks_error: float, runs_error: float, runs_freedom: float = 4) -> Estimate:
    generator = np.random.default_rng(1)
    blocks, runs = generator.normal(size=(2, 20_000))
    return Estimate(0, blocks * blocks_error, runs * runs_error, blocks_freedom=1e6, runs_freedom=runs_freedom)


def half_width(of: Estimate, level: float = 0.95) -> float:
    interval = of.interval(level)
    return (interval.high_ns - interval.low_ns) / 2


def test_a_known_error_gives_the_normal_interval() -> None:
    interval = normal_estimate(10_000, 1_000).interval()
    assert (interval.low_ns, interval.high_ns) == pytest.approx((8_040, 11_960), abs=10)


def test_runs_that_differ_no_more_than_their_blocks_do_not_widen_it() -> None:
    assert half_width(estimate(1000, 900)) == pytest.approx(1960, rel=0.03)


def test_runs_that_differ_by_themselves_give_students_interval_and_count_blocks_once() -> None:
    assert half_width(estimate(1000, 2000)) == pytest.approx(2.776 * 2000, rel=0.03)
    assert half_width(estimate(0, 2000)) == pytest.approx(2.776 * 2000, rel=0.03)


def test_a_higher_level_stretches_both_arms() -> None:
    assert half_width(normal_estimate(0, 1000), 0.99) == pytest.approx(2576, abs=15)


def test_skewed_replicates_keep_their_own_arms() -> None:
    skewed = np.random.default_rng(1).exponential(1000, 20_000) - 1000
    interval = Estimate(0, skewed, np.zeros(20_000), blocks_freedom=1e6, runs_freedom=4).interval()
    assert (interval.low_ns, interval.high_ns) == pytest.approx((-975, 2689), rel=0.03)


def test_the_interval_holds_its_value_even_if_no_replicate_does() -> None:
    interval = Estimate(5, np.full(2000, 9.0), np.zeros(2000), blocks_freedom=10, runs_freedom=4).interval()
    assert interval.low_ns <= 5 <= interval.high_ns


def test_a_change_is_the_second_less_the_first_and_as_unsure_as_both() -> None:
    generator = np.random.default_rng(2)
    first, second = (
        Estimate(value, generator.normal(0, 1000, 20_000), np.zeros(20_000), blocks_freedom=1e6, runs_freedom=4)
        for value in (7_000, 2_000)
    )
    difference = change(first, second)
    assert isinstance(difference, Estimate)
    assert difference.value_ns == -5_000
    assert half_width(difference) == pytest.approx(1.96 * 1000 * 2**0.5, rel=0.03)
    assert difference.blocks_freedom == 2e6


@pytest.mark.parametrize(("first_error", "freedom"), [(1000, 8), (1e-3, 4)])
def test_its_freedom_is_welchs(first_error: float, freedom: float) -> None:
    difference = change(estimate(0, first_error), estimate(0, 1000))
    assert isinstance(difference, Estimate)
    assert difference.runs_freedom == pytest.approx(freedom, rel=1e-6)


def test_without_one_of_them_there_is_no_change() -> None:
    why = TooLittle("nobody played")
    assert change(why, normal_estimate(0, 1)) is why
    assert change(normal_estimate(0, 1), why) is why
