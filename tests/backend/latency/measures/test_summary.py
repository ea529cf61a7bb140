"""backend.latency.measures.summary: exact quantiles, none where the sample is too small."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.measures.summary import is_quotable, rank, summary_of
from backend.latency.result import Summary


def test_a_sample_of_ten_thousand_has_every_quantile_exactly() -> None:
    shuffled = np.random.default_rng(1).permutation(np.arange(1, 10_001))
    assert summary_of(shuffled) == Summary(
        n=10_000, min=1, p50=5_000, p90=9_000, p95=9_500, p99=9_900, p999=9_990, max=10_000, mean=5_001
    )


@pytest.mark.parametrize(
    ("n", "quoted"),
    [
        (1, 0), (19, 0), (20, 1), (99, 1), (100, 2), (199, 2), (200, 3), (999, 3), (1000, 4), (9_999, 4), (10_000, 5),
    ],
)  # fmt: skip
def test_a_quantile_is_quoted_from_ten_values_above_it(n: int, quoted: int) -> None:
    summary = summary_of(np.arange(n))
    assert summary is not None
    quantiles = [summary.p50, summary.p90, summary.p95, summary.p99, summary.p999]
    assert [value is not None for value in quantiles] == [True] * quoted + [False] * (5 - quoted)
    assert (summary.n, summary.min, summary.max) == (n, 0, n - 1)


def test_an_empty_sample_has_no_summary() -> None:
    assert summary_of(np.zeros(0, dtype=np.int64)) is None


def test_negative_delays_are_kept() -> None:
    summary = summary_of(np.array([-3, 5]))
    assert summary is not None
    assert (summary.min, summary.max, summary.mean) == (-3, 5, 1)


@given(st.integers(1, 10**7), st.sampled_from([500, 900, 950, 990, 999]))
def test_the_rank_is_the_smallest_that_covers_the_quantile(n: int, per_mille: int) -> None:
    found = rank(n, per_mille)
    assert found * 1000 >= n * per_mille
    assert found == 1 or (found - 1) * 1000 < n * per_mille
    if is_quotable(n, per_mille):
        assert n - found >= 9


@given(st.lists(st.integers(-(10**12), 10**12), min_size=20, max_size=300))
def test_quantiles_are_values_of_the_sample_in_order(values: list[int]) -> None:
    summary = summary_of(np.array(values))
    assert summary is not None
    quoted = [q for q in (summary.min, summary.p50, summary.p90, summary.p95, summary.max) if q is not None]
    assert quoted == sorted(quoted)
    assert set(quoted) <= set(values)
    assert summary.p50 == int(np.quantile(np.array(values), 0.5, method="inverted_cdf"))
    assert abs(summary.mean - sum(values) / len(values)) <= 0.501
