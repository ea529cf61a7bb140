"""backend.latency.measures.sittings: what is measured together, and what is not."""

from backend.latency.measures.sittings import has_started, measured_since_ns, opened_with, sittings
from ringproto.trace import Point
from tests.backend.latency.synthetic import Row, records

ROWS: list[Row] = [
    (1, Point.QUEUED, 480, 480),
    (2, Point.OPENED, 44_100, 441),
    (3, Point.STARTED, 0, 0),
    (4, Point.STARTED, 960, 9_000),
    (5, Point.OPENED, 8_000, 0),
    (6, Point.QUEUED, 80, 80),
]


def test_records_are_cut_at_every_open_but_the_first() -> None:
    assert [part["time_ns"].tolist() for part in sittings(records(ROWS))] == [[1, 2, 3, 4], [5, 6]]
    assert [len(part) for part in sittings(records([]))] == [0]


def test_a_sitting_may_never_have_started() -> None:
    assert [has_started(part) for part in sittings(records(ROWS))] == [True, False]


def test_what_it_was_opened_with_is_what_the_trace_says_or_else_what_was_configured() -> None:
    first, second = sittings(records(ROWS))
    assert (opened_with(first, "frame", 7), opened_with(first, "value", 7)) == (44_100, 441)
    assert (opened_with(second, "frame", 7), opened_with(second, "value", 7)) == (8_000, 7)
    assert opened_with(records([]), "frame", 7) == 7


def test_warming_up_begins_with_the_first_start() -> None:
    assert measured_since_ns(records(ROWS), 1.5) == 1_500_000_003
    assert measured_since_ns(records(ROWS), 0.0) == 0
    assert measured_since_ns(records([]), 1.5) == 0
