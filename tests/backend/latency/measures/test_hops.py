"""backend.latency.measures.hops: each step of the way, and all of them the whole."""

import numpy as np

from backend.latency.measures.hops import CAPTURE, NEWS, PLAYBACK, Way, capture_way, joined_ways, news_way, playback_way
from backend.latency.measures.playback import hand_overs
from backend.latency.measures.timeline import CardClock, StreamTimeline
from backend.latency.records import Records
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records

CLOCK = CardClock(records(boundaries(100)), 48_000)
STARTED: Row = (5 * MS, Point.STARTED, 0, 480)  # guest frame 0 is at 10 ms


def timeline(made: Records) -> StreamTimeline:
    return StreamTimeline(made, 48_000, CLOCK)


def playback(rows: list[Row], since_ns: int = 0) -> list[list[int]]:
    """By hop."""
    made = records([STARTED, *rows])
    way = playback_way(made, hand_overs(made, timeline(made)), since_ns)
    assert way.names == PLAYBACK
    found: list[list[int]] = way.hops_ns.tolist()
    return found


def request(end: int, times_ns: tuple[int, int, int, int]) -> list[Row]:
    """Queued, pushed, woke, copied."""
    points = (Point.QUEUED, Point.PUSHED, Point.WOKE_BACKEND, Point.COPIED)
    return [(at, point, end, 480) for at, point in zip(times_ns, points, strict=True)]


ONE = request(480, (6 * MS, 6 * MS + 10, 6 * MS + 30, 6 * MS + 60))
RENDERED: Row = (7 * MS, Point.RENDERED, 480, 960)


def test_the_way_of_what_is_played() -> None:
    assert playback([*ONE, RENDERED]) == [[10], [20], [30], [MS - 60], [3 * MS]]


def test_the_hops_of_a_frame_are_its_playback_delay() -> None:
    assert sum(hop[0] for hop in playback([*ONE, RENDERED])) == 4 * MS


def test_only_what_came_all_the_way_counts() -> None:
    unpushed = [row for row in ONE if row[1] != Point.PUSHED]
    late = request(960, (8 * MS, 8 * MS, 21 * MS, 22 * MS))
    for rows in ([*unpushed, RENDERED], ONE, [*late, (9 * MS, Point.RENDERED, 960, 1440)]):
        assert playback(rows) == [[]] * 5


def test_what_began_before_is_left_out() -> None:
    two = request(960, (7 * MS, 7 * MS, 7 * MS, 7 * MS))
    rows = [*ONE, RENDERED, *two, (8 * MS, Point.RENDERED, 960, 1440)]
    assert [len(hop) for hop in playback(rows)] == [2] * 5
    assert playback(rows, since_ns=7 * MS) == [[0], [0], [0], [MS], [12 * MS]]


def test_the_way_of_what_is_recorded() -> None:
    asked: list[Row] = [
        (20 * MS + 50, Point.PUSHED, 480, 480),
        (20 * MS + 80, Point.WOKE_BACKEND, 0, 0),
        (20 * MS + 90, Point.COPIED, 480, 480),
    ]
    first, second = (20 * MS + 150, Point.TAKEN, 240, 240), (20 * MS + 170, Point.TAKEN, 480, 240)
    made = records([STARTED, *asked, first, second, (25 * MS, Point.TAKEN, 960, 480)])
    way = capture_way(made, timeline(made))
    assert way.names == CAPTURE
    assert way.hops_ns.tolist() == [[10 * MS + 50, 5 * MS + 50], [30, 30], [10, 10], [60, 80]]
    assert capture_way(made, timeline(made), since_ns=20 * MS + 160).hops_ns.shape == (4, 1)


def test_the_way_of_the_news() -> None:
    rows: list[Row] = []
    for k, boundary_ns in ((1, 20 * MS), (2, 30 * MS), (3, 40 * MS)):
        rows.append((boundary_ns + 30, Point.EVENT, 480 * k, 1924 * k))
        rows.append((boundary_ns + 70, Point.WOKE_GUEST, 0, 1924 * k))
        if k != 2:
            rows.append((boundary_ns + 75, Point.TOLD, 480 * k, 1924 * k))
    made = records([STARTED, *rows])
    way = news_way(made, timeline(made))
    assert way.names == NEWS
    assert way.hops_ns.tolist() == [[30, 30], [40, 40], [5, 5]]
    assert news_way(made, timeline(made), since_ns=21 * MS).hops_ns.tolist() == [[30], [40], [5]]


def test_ways_are_joined_as_far_as_anybody_went_them() -> None:
    none, one = Way(NEWS, np.zeros((3, 0), np.int64)), Way(NEWS, np.array([[1], [2], [3]]))
    joined = joined_ways([none, one, one])
    assert joined is not None
    assert joined.hops_ns.tolist() == [[1, 1], [2, 2], [3, 3]]
    assert joined_ways([none]) is None
    assert joined_ways([]) is None
