"""backend.latency.page.curves: the plot of percentiles."""

import numpy as np

from backend.latency.page.curves import POINTS_MAX, Curve, curve, percentiles, points
from backend.latency.page.render import COLOURS
from tests.backend.latency.page.plotted import numbers, text, traces_of


def test_a_curve_says_how_late_the_worst_one_in_n_is() -> None:
    one_in, delay_ms = points(np.array([4, 1, 3, 2]) * 1_000_000)
    assert one_in.tolist() == [2.0, 4.0]
    assert delay_ms.tolist() == [3.0, 4.0]


def test_long_curves_are_thinned_out_and_keep_their_ends() -> None:
    one_in, delay_ms = points(np.arange(1, 100_001) * 1_000)
    assert len(one_in) <= POINTS_MAX
    assert (one_in[0], one_in[-1]) == (2.0, 100_000.0)
    assert (delay_ms[0], delay_ms[-1]) == (50.001, 100.0)


def test_a_log_scale_gets_no_zero() -> None:
    _, delay_ms = points(np.array([-9, -5, 0, 2_000_000]))
    assert delay_ms.tolist() == [0.001, 2.0]


def test_where_fewer_than_ten_values_lie_above_the_curve_is_dotted() -> None:
    body, tail = traces_of(percentiles("x", [curve(0, "a", np.arange(1, 101) * 1_000_000)]))
    assert max(numbers(body["x"])) == 10.0
    assert min(numbers(tail["x"])) == 10.0
    assert max(numbers(tail["x"])) == 100.0
    assert (body["showlegend"], tail["showlegend"]) == (True, False)
    assert "'dash': 'dot'" in str(tail["line"])


def test_a_curve_too_short_for_a_body_is_still_in_the_legend() -> None:
    body, _ = traces_of(percentiles("x", [curve(0, "a", np.array([1_000_000]))]))
    assert body["showlegend"] is True


def test_streams_without_values_keep_their_colour_free() -> None:
    none, some = curve(0, "a", np.zeros(0, dtype=np.int64)), curve(1, "b", np.array([1_000_000]))
    drawn = traces_of(percentiles("x", [none, some]))
    assert {text(trace["name"]) for trace in drawn} == {"b"}
    assert all(COLOURS[1] in str(trace["line"]) for trace in drawn)


def test_without_any_values_there_is_no_view() -> None:
    assert percentiles("x", [curve(0, "a", np.zeros(0, dtype=np.int64))]) == []


def test_names_are_no_markup_to_plotly() -> None:
    first, *_ = traces_of(percentiles("x", [Curve("<b>x</b>", np.array([1]), "--c0", "circle")]))
    assert first["name"] == "&lt;b&gt;x&lt;/b&gt;"
