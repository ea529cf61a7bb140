"""backend.latency.measures.pairs: matching two points by what they have in common."""

from backend.latency.measures.pairs import partner_ns
from backend.latency.records import NEVER_NS
from ringproto.trace import Point
from tests.backend.latency.synthetic import records


def partners(starts: list[tuple[int, int]], ends: list[tuple[int, int]]) -> list[int]:
    """Of (time, frame) lists."""
    pushed = records([(time, Point.PUSHED, frame, 0) for time, frame in starts])
    copied = records([(time, Point.COPIED, frame, 0) for time, frame in ends])
    found: list[int] = partner_ns(pushed, copied, "frame").tolist()
    return found


def test_the_same_value_is_a_pair() -> None:
    assert partners([(1, 100), (2, 200), (3, 300)], [(11, 100), (12, 200), (13, 300)]) == [11, 12, 13]


def test_what_has_no_partner_never_happened() -> None:
    assert partners([(1, 100), (2, 200), (3, 300)], [(11, 100), (13, 300), (14, 400)]) == [11, NEVER_NS, 13]


def test_without_ends_nothing_happened() -> None:
    assert partners([(1, 100)], []) == [NEVER_NS]
    assert partners([], [(1, 100)]) == []


def test_a_value_that_comes_again_is_paired_by_its_occurrence() -> None:
    assert partners([(1, 100), (20, 100), (30, 100)], [(11, 100), (21, 100)]) == [11, 21, NEVER_NS]


def test_stamps_that_cross_are_still_a_pair() -> None:
    assert partners([(12, 100)], [(11, 100)]) == [11]


def test_the_order_of_values_does_not_matter() -> None:
    assert partners([(1, 300), (2, 100)], [(11, 100), (12, 300)]) == [12, 11]
