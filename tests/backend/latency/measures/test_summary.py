"""backend.latency.measures.summary: exact quantiles, none where the sample is too small."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.measures.hops import Way
from backend.latency.measures.summary import fill_of, hops_of, is_quotable, rank, summary_of
from backend.latency.records import Int64s, Levels, Series
from backend.latency.result import Fill, Hop, Summary


def at_once(values: Int64s) -> Series:
    """Delays of which it does not matter when they were."""
    return Series(np.arange(len(values)), values)


def test_a_sample_of_ten_thousand_has_every_quantile_exactly() -> None:
    shuffled = np.random.default_rng(1).permutation(np.arange(1, 10_001))
    assert summary_of(Series(shuffled * 7, shuffled)) == Summary(
        n=10_000, min=1, p50=5_000, p90=9_000, p95=9_500, p99=9_900, p999=9_990, max=10_000, mean=5_001,
        max_at_ns=70_000,
    )  # fmt: skip


def test_a_sample_of_a_hundred_thousand_has_a_longer_tail() -> None:
    summary = summary_of(at_once(np.arange(1, 100_001)))
    assert summary is not None
    assert (summary.p999, summary.p9999) == (99_900, 99_990)


def test_the_first_of_the_longest_is_the_one_to_be_shown() -> None:
    summary = summary_of(Series(np.array([10, 20, 30]), np.array([1, 5, 5])))
    assert summary is not None
    assert (summary.max, summary.max_at_ns) == (5, 20)


@pytest.mark.parametrize(
    ("n", "quoted"),
    [
        (1, 0), (19, 0), (20, 1), (99, 1), (100, 2), (199, 2), (200, 3), (999, 3), (1000, 4), (9_999, 4), (10_000, 5),
        (99_999, 5), (100_000, 6),
    ],
)  # fmt: skip
def test_a_quantile_is_quoted_from_ten_values_above_it(n: int, quoted: int) -> None:
    summary = summary_of(at_once(np.arange(n)))
    assert summary is not None
    quantiles = [summary.p50, summary.p90, summary.p95, summary.p99, summary.p999, summary.p9999]
    assert [value is not None for value in quantiles] == [True] * quoted + [False] * (6 - quoted)
    assert (summary.n, summary.min, summary.max) == (n, 0, n - 1)


def test_an_empty_sample_has_no_summary() -> None:
    assert summary_of(at_once(np.zeros(0, dtype=np.int64))) is None


def test_negative_delays_are_kept() -> None:
    summary = summary_of(at_once(np.array([-3, 5])))
    assert summary is not None
    assert (summary.min, summary.max, summary.mean) == (-3, 5, 1)


@given(st.integers(1, 10**7), st.sampled_from([10, 5_000, 9_000, 9_500, 9_900, 9_990, 9_999]))
def test_the_rank_is_the_smallest_that_covers_the_quantile(n: int, per_myriad: int) -> None:
    found = rank(n, per_myriad, 10_000)
    assert found * 10_000 >= n * per_myriad
    assert found == 1 or (found - 1) * 10_000 < n * per_myriad
    if is_quotable(n, per_myriad, 10_000):
        assert n - found >= 9
        assert found >= 10


def test_ranks_are_per_mille_unless_told() -> None:
    assert rank(10_000, 999) == rank(10_000, 9_990, 10_000) == 9_990
    assert is_quotable(10_000, 999)
    assert not is_quotable(9_999, 999)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=20, max_size=300))
def test_quantiles_are_values_of_the_sample_in_order(values: list[int]) -> None:
    summary = summary_of(at_once(np.array(values)))
    assert summary is not None
    quoted = [q for q in (summary.min, summary.p50, summary.p90, summary.p95, summary.max) if q is not None]
    assert quoted == sorted(quoted)
    assert set(quoted) <= set(values)
    assert summary.p50 == int(np.quantile(np.array(values), 0.5, method="inverted_cdf"))
    assert abs(summary.mean - sum(values) / len(values)) <= 0.501


def test_how_far_ahead_is_summed_up_from_what_was_there_before_each_hand_over() -> None:
    before = np.random.default_rng(1).permutation(np.arange(10_000)) - 5
    levels = Levels(np.repeat(np.arange(10_000), 2), np.stack([before, before + 10**6], axis=1).reshape(-1))
    assert fill_of(levels) == Fill(n=10_000, min_frames=-5, p001_frames=4, p50_frames=4_994, max_frames=9_994)


def test_the_least_in_a_thousand_needs_ten_thousand() -> None:
    fill = fill_of(Levels(np.arange(2 * 9_999), np.arange(2 * 9_999)))
    assert fill is not None
    assert (fill.n, fill.p001_frames, fill.p50_frames) == (9_999, None, 9_998)
    assert fill_of(Levels(np.zeros(0, np.int64), np.zeros(0, np.int64))) is None


def test_each_hop_has_its_share_of_the_sums() -> None:
    way = Way(("one", "other"), np.array([[1] * 30, [0] * 15 + [18] * 15]))
    assert hops_of(way) == [
        Hop(name="one", n=30, p50_ns=1, p99_ns=None, share_per_mille=100),
        Hop(name="other", n=30, p50_ns=0, p99_ns=None, share_per_mille=900),
    ]


def test_of_no_time_nothing_has_a_share() -> None:
    assert [hop.share_per_mille for hop in hops_of(Way(("one",), np.zeros((1, 5), np.int64)))] == [None]
    assert hops_of(None) == []
