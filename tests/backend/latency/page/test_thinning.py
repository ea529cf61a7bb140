"""backend.latency.page.thinning: bounded, and no worst case is lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.page.thinning import breaks, ribbon, thinned
from backend.latency.records import Levels


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(-(10**9), 10**9)), min_size=1), st.integers(1, 10))
def test_the_least_and_the_greatest_are_kept_and_little_else(rows: list[tuple[int, int]], columns: int) -> None:
    at_ns, values = np.array(rows, np.int64).T
    kept = thinned(at_ns, values, columns)
    assert len(kept) <= 2 * columns
    assert values[kept].max() == values.max()
    assert values[kept].min() == values.min()
    assert (np.diff(at_ns[kept]) >= 0).all()


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(-500, 500)), min_size=1), st.integers(1, 10))
def test_a_ribbon_keeps_its_lowest_and_its_highest(rows: list[tuple[int, int]], columns: int) -> None:
    at_ns, before = np.array(sorted(rows), np.int64).T
    fill = Levels(np.repeat(at_ns, 2), np.stack([before, before + 480], axis=1).reshape(-1))
    drawn_ns, low, high = ribbon(fill, columns)
    assert len(drawn_ns) == len(low) == len(high) <= columns
    assert low.min() == before.min()
    assert high.max() == before.max() + 480


def test_short_series_stay_as_they_are() -> None:
    at_ns, values = np.arange(1000), np.arange(1000) % 7
    assert thinned(at_ns, values).tolist() == list(range(1000))


def test_of_each_column_its_extremes_stay_at_their_own_instants() -> None:
    at_ns = np.arange(100_000)
    values = np.zeros(100_000, np.int64)
    values[[1234, 77_777]] = 5, -5
    kept = thinned(at_ns, values)
    assert {1234, 77_777} <= set(kept.tolist())


def test_a_line_breaks_where_nothing_came_for_long() -> None:
    assert breaks(np.array([0, 10, 20, 5000, 5010])).tolist() == [3]
    assert breaks(np.array([7])).tolist() == []
