"""backend.latency.page.axes: where ticks are."""

import numpy as np
import pytest

from backend.latency.page.axes import FLOOR_MS, Float64s, count_axis, delay_axis, milliseconds, one_in_axis


def ticks_inside(axis: dict[str, object], key: str = "range") -> list[float]:
    low, high = np.asarray(axis[key])
    return [tick for tick in np.log10(np.asarray(axis["tickvals"])).tolist() if low <= tick <= high]


@pytest.mark.parametrize(("low", "high"), [(0.2, 1.0), (0.3, 0.9), (0.0009, 7000.0), (1.0, 4.0)])
def test_a_wide_range_is_logarithmic_and_lies_between_two_ticks(low: float, high: float) -> None:
    axis = delay_axis(low, high)
    first, last = np.asarray(axis["range"])
    assert axis["type"] == "log"
    assert first <= np.log10(max(low, FLOOR_MS))
    assert last > np.log10(high)
    assert len(ticks_inside(axis)) >= 2


def test_delays_that_differ_little_are_linear_so_that_the_little_is_seen() -> None:
    assert "type" not in delay_axis(29.2, 29.8)


def test_a_log_scale_gets_no_zero() -> None:
    drawn: Float64s = milliseconds(np.array([-5, 0, 2_000_000]))
    assert drawn.tolist() == [0.001, 0.001, 2.0]


def test_one_sample_is_seen_above_where_counts_begin() -> None:
    low, high = np.asarray(count_axis(0)["range"])
    assert low < 0.0 < high


def test_one_in_so_many_is_said() -> None:
    assert "1 in 1,000" in np.asarray(one_in_axis()["ticktext"]).tolist()
