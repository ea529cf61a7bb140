"""backend.latency.page.histograms: every sample is in a bin, the worst one too."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.page.axes import COUNT_FLOOR
from backend.latency.page.curves import curve
from backend.latency.page.histograms import BINS, by_deviation, by_size
from tests.backend.latency.page.plotted import numbers, text, traces_of

DELAYS = st.lists(st.integers(-1_000, 10**10), min_size=1, max_size=50)


def counted(trace: dict[str, object]) -> int:
    texts = trace["text"]
    assert isinstance(texts, list)
    return sum(int(text(each).replace(",", "")) for each in texts)


@given(DELAYS, DELAYS)
def test_every_sample_is_counted_once(first: list[int], second: list[int]) -> None:
    curves = [curve(0, "a", np.array(first)), curve(1, "b", np.array(second))]
    for views in (by_size("x", curves), by_deviation("x", curves)):
        assert [counted(trace) for trace in traces_of(views)] == [len(first), len(second)]


def test_all_curves_have_the_same_bins() -> None:
    curves = [curve(0, "a", np.array([1_000_000])), curve(1, "b", np.array([50_000_000]))]
    first, second = traces_of(by_size("x", curves))
    assert first["x"] == second["x"]
    assert len(numbers(first["x"])) == BINS + 1


def test_streams_with_other_buffers_lie_over_each_other() -> None:
    jitter = np.array([-100_000, 0, 100_000])
    curves = [curve(0, "a", 30_000_000 + jitter), curve(1, "b", 50_000_000 + jitter)]
    first, second = traces_of(by_deviation("x", curves))
    assert first["y"] == second["y"]


def test_one_far_out_does_not_squash_the_others() -> None:
    delay_ns = np.append(np.arange(10_000) * 10, 10**10)
    (trace,) = traces_of(by_deviation("x", [curve(0, "a", delay_ns)]))
    assert numbers(trace["x"])[-1] < 1.0
    assert counted(trace) == len(delay_ns)


def test_empty_bins_are_drawn_below_the_scale() -> None:
    (trace,) = traces_of(by_size("x", [curve(0, "a", np.array([1_000_000, 100_000_000]))]))
    assert min(numbers(trace["y"])) == COUNT_FLOOR


def test_without_any_values_there_is_no_view() -> None:
    nothing = [curve(0, "a", np.zeros(0, np.int64))]
    assert by_size("x", nothing) == by_deviation("x", nothing) == []
