"""backend.latency.measures.service: how long a request is in the backend's hands."""

from backend.latency.measures.service import service_time
from ringproto.trace import Point
from tests.backend.latency.synthetic import Row, records


def measure(rows: list[Row]) -> tuple[list[int], list[int]]:
    """(when it began, how long it took)."""
    series = service_time(records(rows))
    return series.at_ns.tolist(), series.delay_ns.tolist()


def woke(time_ns: int) -> Row:
    return time_ns, Point.WOKE_BACKEND, 0, 0


def pushed(time_ns: int, frame: int) -> Row:
    return time_ns, Point.PUSHED, frame, 480


def copied(time_ns: int, frame: int) -> Row:
    return time_ns, Point.COPIED, frame, 480


def test_it_is_the_time_from_waking_up_to_the_copy() -> None:
    assert measure([pushed(5, 480), woke(10), copied(17, 480), woke(30), copied(31, 960)]) == ([10, 30], [7, 1])


def test_every_request_of_one_waking_counts_from_it() -> None:
    assert measure([pushed(1, 480), pushed(2, 960), woke(10), copied(17, 480), copied(25, 960)])[1] == [7, 15]


def test_what_comes_while_the_backend_is_awake_counts_from_its_push() -> None:
    assert measure([woke(10), copied(17, 480), pushed(20, 960), copied(25, 960)]) == ([10, 20], [7, 5])


def test_a_push_that_the_guest_says_came_after_the_copy_is_no_time_less_than_none() -> None:
    assert measure([woke(10), copied(17, 480), pushed(19, 480)]) == ([17], [0])


def test_waking_in_the_very_instant_counts() -> None:
    assert measure([woke(10), copied(10, 480)]) == ([10], [0])


def test_what_was_copied_before_any_waking_is_not_known() -> None:
    assert measure([copied(5, 480), woke(10), copied(12, 960)]) == ([10], [2])
    assert measure([copied(5, 480)]) == ([], [])
    assert measure([woke(5)]) == ([], [])
