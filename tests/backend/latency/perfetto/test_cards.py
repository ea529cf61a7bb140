"""backend.latency.perfetto.cards: a card's periods."""

import msgspec

from backend.latency.perfetto.cards import cards
from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.tracks import Tracks
from backend.latency.records import Records
from ringproto.trace import Point
from tests.backend.latency.synthetic import FACTS, MS, Row, boundaries, records, trace_of


def periods(rows: list[Row]) -> list[tuple[float, float]]:
    """(from, to) in ms."""
    trace = trace_of(card(rows))
    shown = cards(trace, FACTS.devices, Excerpt(trace, [], 1_000), Tracks())
    if not shown:
        return []
    pairs = zip(shown["card"].start_ns.tolist(), shown["card"].end_ns.tolist(), strict=True)
    return [(start / MS, end / MS) for start, end in pairs]


def card(rows: list[Row]) -> Records:
    made = records(rows)
    made["domid"] = 0
    return made


def test_a_period_lies_between_two_boundaries() -> None:
    assert periods(boundaries(3, start_ns=100 * MS)) == [(100, 110), (110, 120), (120, 130)]


def test_after_a_rest_a_period_is_reckoned_back_from_its_end() -> None:
    rested: list[Row] = [(100 * MS, Point.BOUNDARY, 480, 0), (500 * MS, Point.BOUNDARY, 960, 0)]
    assert periods(rested) == [(90, 100), (490, 500)]


def test_a_missed_boundary_makes_a_double_period() -> None:
    missed = [row for row in boundaries(3) if row[2] != 960]
    assert periods(missed) == [(0, 10), (10, 30)]


def test_a_boundary_told_twice_counts_once() -> None:
    assert periods([*boundaries(2), *boundaries(2)]) == [(0, 10), (10, 20)]


def test_a_card_that_left_nothing_has_no_track() -> None:
    assert periods([]) == []


def test_two_cards_of_one_number_are_not_told_apart() -> None:
    trace = trace_of(card(boundaries(3)))
    both = [*FACTS.devices, msgspec.structs.replace(FACTS.devices[0], name="other")]
    assert cards(trace, both, Excerpt(trace, [], 1_000), Tracks()) == {}
