"""backend.latency.perfetto.arrows: which are drawn."""

from itertools import count

from backend.latency.perfetto.arrows import Ends, arrows
from tests.backend.latency.perfetto.test_sources import ns, slices

FROM = slices(ns(0, 100), ns(50, 150))
BY = slices(ns(20), ns(130))
TO = slices(ns(40, 120), ns(60, 200))


def drawn(begin: tuple[int, int], by: tuple[int, int], end: tuple[int, int]) -> list[list[int]]:
    """The times of an arrow's points: beginnings, steps, ends."""
    ends = [Ends(one, ns(at[0]), ns(at[1])) for one, at in ((FROM, begin), (BY, by), (TO, end))]
    return [points.times_ns.tolist() for points in arrows("sound", ends[0], ends[1], ends[2], count(1))]


def test_an_arrow_leads_past_what_is_between() -> None:
    assert drawn((0, 10), (0, 30), (0, 45)) == [[10], [30], [45]]


def test_without_anything_between_it_leads_straight() -> None:
    assert drawn((0, 10), (-1, 30), (0, 45)) == [[10], [], [45]]


def test_what_is_not_between_is_not_passed() -> None:
    assert drawn((0, 30), (0, 25), (0, 45)) == [[30], [], [45]]
    assert drawn((0, 10), (0, 50), (0, 45)) == [[10], [], [45]]


def test_without_one_end_there_is_no_arrow() -> None:
    assert drawn((-1, 10), (0, 30), (0, 45)) == [[], [], []]
    assert drawn((0, 10), (0, 30), (-1, 45)) == [[], [], []]


def test_an_end_outside_its_slice_is_none() -> None:
    assert drawn((0, 10), (0, 30), (0, 60)) == [[], [], []]
    assert drawn((0, 50), (0, 30), (1, 130)) == [[], [], []]


def test_none_points_backwards() -> None:
    assert drawn((1, 110), (0, 115), (0, 45)) == [[], [], []]


def test_ids_are_used_once() -> None:
    ids = count(1)
    begin, by, end = Ends(FROM, ns(0, 1), ns(10, 110)), Ends(BY, ns(0, -1), ns(30, 0)), Ends(TO, ns(0, 1), ns(45, 130))
    first = [points.ids.tolist() for points in arrows("sound", begin, by, end, ids)]
    assert first == [[1, 2], [1], [1, 2]]
    assert next(ids) == 3


def test_where_nothing_is_shown_nothing_is_drawn() -> None:
    none = slices(ns(), ns())
    ends = Ends(none, ns(-1), ns(0))
    assert [len(points.ids) for points in arrows("sound", ends, ends, ends, count(1))] == [0, 0, 0]
