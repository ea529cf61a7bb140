"""backend.latency.perfetto.excerpt: which stretches are shown."""

import numpy as np
import pytest

from backend.latency.perfetto.excerpt import BIN_NS, BINS_MAX, EVENTS_OF, Excerpt
from backend.latency.records import Trace
from ringproto.trace import Point
from tests.backend.latency.perfetto.test_sources import ns
from tests.backend.latency.synthetic import MS, records, trace_of

SECOND = 1_000 * MS


def trace(count: int = 100, step_ns: int = SECOND // 10) -> Trace:
    """One file: BOUNDARYs from 1 s on, an event each."""
    return trace_of(records([(SECOND + k * step_ns, Point.BOUNDARY, k, 0) for k in range(count)]))


def shown(excerpt: Excerpt, count: int = 100) -> list[int]:
    """Which of the boundaries are."""
    return np.flatnonzero(excerpt.shows(SECOND + np.arange(count) * SECOND // 10)).tolist()


def test_what_fits_is_shown_whole() -> None:
    excerpt = Excerpt(trace(), [], 100)
    assert excerpt.is_whole
    assert shown(excerpt) == list(range(100))
    assert list(excerpt.left_out_ns()) == []


def test_else_moments_come_first_and_the_rest_goes_to_the_beginning() -> None:
    excerpt = Excerpt(trace(), [6 * SECOND], 20)
    assert not excerpt.is_whole
    # 100 ms apart, in bins of 50 ms: five bins to either side of the moment hold five of them.
    assert shown(excerpt) == [*range(15), *range(48, 53)]
    assert list(excerpt.left_out_ns()) == [
        (SECOND + 1_500 * MS, SECOND + 4_750 * MS),
        (SECOND + 5_300 * MS, SECOND + 9_900 * MS),
    ]


def test_moments_are_shown_closely_before_any_is_shown_widely() -> None:
    moments = [SECOND + k * SECOND // 10 for k in (30, 50, 70, 90)]
    assert shown(Excerpt(trace(), moments, 5)) == [0, 30, 50, 70, 90]
    assert shown(Excerpt(trace(), moments, 4)) == [0, 30, 50, 70]


def test_moments_outside_the_run_show_nothing() -> None:
    assert shown(Excerpt(trace(), [0, -90 * SECOND, 900 * SECOND], 10)) == list(range(10))


@pytest.mark.parametrize("events_max", range(0, 100, 7))
def test_never_more_than_allowed(events_max: int) -> None:
    moments = np.random.default_rng(events_max).integers(0, 12 * SECOND, 20).tolist()
    assert len(shown(Excerpt(trace(), moments, events_max))) <= events_max


def test_records_that_make_nothing_cost_nothing() -> None:
    silent = records([(k, Point.COPIED, 0, 0) for k in range(1_000)])
    assert Excerpt(trace_of(silent), [], 0).is_whole
    assert Point.COPIED not in EVENTS_OF


def test_what_lies_outside_the_run_is_not_shown() -> None:
    assert Excerpt(trace(), [], 100).shows(ns(0, SECOND, 11 * SECOND)).tolist() == [False, True, False]


def test_without_records_there_is_nothing_to_leave_out() -> None:
    assert Excerpt(trace_of(), [5], 0).is_whole


def test_a_run_of_weeks_is_cut_into_longer_bins() -> None:
    span_ns = 2 * BINS_MAX * BIN_NS
    excerpt = Excerpt(trace(2, span_ns), [], 1)
    assert excerpt.shows(ns(SECOND, SECOND + span_ns)).tolist() == [True, False]
