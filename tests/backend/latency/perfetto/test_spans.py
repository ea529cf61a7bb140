"""backend.latency.perfetto.spans: what a stream's slices are."""

from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.pairing import NONE
from backend.latency.perfetto.spans import REQUEST, Spans, StreamRecords
from ringproto.trace import Point
from tests.backend.latency.perfetto.test_sources import ns
from tests.backend.latency.synthetic import Row, records, trace_of


def of(*rows: Row) -> StreamRecords:
    return StreamRecords(records(rows))


def listed(spans: Spans) -> list[tuple[int, int, str, int]]:
    names = [spans.kinds[kind].name for kind in spans.kind.tolist()]
    return list(zip(spans.start_ns.tolist(), spans.end_ns.tolist(), names, spans.figure.tolist(), strict=True))


def requests(*rows: Row) -> list[tuple[int, int, str, int]]:
    return listed(of(*rows).spans(Point.PUSHED, Point.COPIED, "frame", REQUEST, "frame"))


def test_a_slice_reaches_from_a_record_to_its_partner() -> None:
    rows: list[Row] = [(1, Point.PUSHED, 480, 0), (2, Point.PUSHED, 960, 0), (5, Point.COPIED, 480, 0)]
    assert requests(*rows, (6, Point.COPIED, 960, 0)) == [(1, 5, "request", 480), (2, 6, "request", 960)]
    assert requests(*rows) == [(1, 5, "request", 480), (2, 2, "request, never answered", 960)]


def test_clocks_that_disagree_make_no_negative_slice() -> None:
    assert requests((3, Point.PUSHED, 480, 0), (2, Point.COPIED, 480, 0)) == [(3, 3, "request", 480)]
    told = of((5, Point.TOLD, 480, 7), (6, Point.WOKE_GUEST, 0, 7)).told()
    assert listed(told) == [(5, 5, "told", 480)]


def test_frames_count_anew_from_each_opening() -> None:
    opened: list[Row] = [(0, Point.OPENED, 48_000, 480), (10, Point.OPENED, 48_000, 480)]
    pushed: list[Row] = [(1, Point.PUSHED, 480, 0), (11, Point.PUSHED, 480, 0)]
    assert requests(*opened, *pushed, (12, Point.COPIED, 480, 0)) == [
        (1, 1, "request, never answered", 480),
        (11, 12, "request", 480),
    ]


def test_a_telling_begins_with_the_waking_up_to_its_event() -> None:
    told = of((1, Point.WOKE_GUEST, 0, 7), (3, Point.TOLD, 480, 7), (9, Point.TOLD, 960, 8)).told()
    assert listed(told) == [(1, 3, "told", 480), (9, 9, "told", 960)]
    assert told.key_ns.tolist() == [3, 9]


def test_serving_lasts_until_the_last_request_before_the_next_waking_up() -> None:
    spans, owner = of(
        (0, Point.COPIED, 1, 0), (1, Point.WOKE_BACKEND, 0, 0), (2, Point.WOKE_BACKEND, 0, 0), (3, Point.COPIED, 2, 0),
        (4, Point.COPIED, 3, 0), (5, Point.WOKE_BACKEND, 0, 0), (9, Point.COPIED, 4, 0),
    ).served()  # fmt: skip
    assert listed(spans) == [(2, 4, "served", 2), (5, 9, "served", 1)]
    assert owner.tolist() == [NONE, 0, 0, 1]


def test_what_nobody_woke_up_to_was_not_served() -> None:
    spans, owner = of((3, Point.COPIED, 2, 0)).served()
    assert (listed(spans), owner.tolist()) == ([], [NONE])


def test_only_what_is_in_the_excerpt_is_shown_and_others_have_no_place() -> None:
    second = 1_000_000_000
    run = records([(k * second, Point.PUSHED, k, 0) for k in range(5)])
    spans = StreamRecords(run).spans(Point.PUSHED, Point.COPIED, "frame", REQUEST, "frame")
    shown = spans.shown(Excerpt(trace_of(run), [3 * second], 8))
    assert shown.slices.figure.tolist() == [0, 3]
    assert shown.place.tolist() == [0, NONE, NONE, 1, NONE]
    assert shown.ends(ns(3, NONE)).index.tolist() == [1, NONE]
