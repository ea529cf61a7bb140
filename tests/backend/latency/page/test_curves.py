"""backend.latency.page.curves: the plot's data."""

import numpy as np

from backend.latency.page.curves import COLOURS, POINTS_MAX, Curve, points, traces


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
    body, tail = traces([Curve("a", np.arange(1, 101) * 1_000_000)], visible=True)
    assert max(body["x"]) == 10.0  # type: ignore[call-overload]  # plain data
    assert min(tail["x"]) == 10.0  # type: ignore[call-overload]
    assert max(tail["x"]) == 100.0  # type: ignore[call-overload]
    assert (body["showlegend"], tail["showlegend"]) == (True, False)


def test_streams_without_values_keep_their_colour_free() -> None:
    none, some = Curve("a", np.zeros(0, dtype=np.int64)), Curve("b", np.array([1_000_000]))
    drawn = traces([none, some], visible=True)
    assert {trace["name"] for trace in drawn} == {"b"}
    assert drawn[0]["line"]["color"] == COLOURS[1]  # type: ignore[index]  # plain data


def test_names_are_no_markup_to_plotly() -> None:
    (first, *_) = traces([Curve("<b>x</b>", np.array([1]))], visible=True)
    assert first["name"] == "&lt;b&gt;x&lt;/b&gt;"
