"""backend.latency.statistics.special, against printed tables and against itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.statistics.special import beta_below, gamma_below, t_quantile, where


@pytest.mark.parametrize(
    ("level", "freedom", "t"),
    [
        (0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 4, 2.776), (0.95, 8, 2.306), (0.95, 30, 2.042), (0.99, 10, 3.169),
        (0.95, 1e6, 1.960), (0.998, 5, 5.893),
    ],
)  # fmt: skip
def test_students_t_is_that_of_the_tables(level: float, freedom: float, t: float) -> None:
    assert t_quantile(level, freedom) == pytest.approx(t, abs=6e-4)


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_beta_sums_up_the_binomial(n: int, k: int, p: float) -> None:
    k = min(k, n - 1)
    within = math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
    assert beta_below(n - k, k + 1, 1 - p) == pytest.approx(within, abs=1e-12)


@given(st.integers(1, 60), st.floats(0.01, 150))
def test_gamma_sums_up_the_poisson(k: int, mean: float) -> None:
    fewer = math.fsum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(k))
    assert gamma_below(k, mean) == pytest.approx(1 - fewer, abs=1e-12)


def test_arguments_as_large_as_a_run_still_give_a_probability() -> None:
    assert beta_below(5e6, 5e6, 0.5) == pytest.approx(0.5, abs=1e-7)
    assert gamma_below(1e6, 1e6) == pytest.approx(0.5, abs=1e-3)


def test_outside_its_range_a_distribution_is_nought_or_one() -> None:
    assert (beta_below(2, 3, 0.0), beta_below(2, 3, 1.0), gamma_below(2, 0.0)) == (0.0, 1.0, 0.0)


def test_where_a_rising_function_passes_is_found_to_the_last_bit() -> None:
    assert where(lambda x: x * x, 2.0, 0.0, 2.0) == pytest.approx(math.sqrt(2), rel=1e-15)
