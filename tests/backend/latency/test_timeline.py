"""backend.latency.timeline: guest frame -> the card's clock."""

import numpy as np
import pytest

from backend.latency.records import NEVER_NS
from backend.latency.timeline import CardClock, Segment, StreamTimeline, segments_of
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records


def clock_of(rows: list[Row], rate_hz: int = 48_000) -> CardClock:
    return CardClock(records(rows), rate_hz)


def instants(clock: CardClock, *frames: float) -> list[int]:
    found: list[int] = clock.instants_ns(np.array(frames, dtype=np.float64)).tolist()
    return found


def test_frames_between_boundaries_are_interpolated() -> None:
    clock = clock_of(boundaries(3))
    assert instants(clock, 480, 600, 720, 960, 1440) == [10 * MS, 12_500_000, 15 * MS, 20 * MS, 30 * MS]


def test_frames_before_the_first_and_after_the_last_boundary_go_on_evenly() -> None:
    clock = clock_of(boundaries(2, period_ns=9 * MS))
    assert instants(clock, 0, 240, 1200, 1440) == [0, 4_500_000, 22_500_000, 27 * MS]


def test_each_interval_has_its_own_speed() -> None:
    clock = clock_of([(0, Point.BOUNDARY, 0, 0), (10, Point.BOUNDARY, 10, 0), (24, Point.BOUNDARY, 20, 0)], 10**9)
    assert instants(clock, 5, 15) == [5, 17]


def test_one_boundary_is_enough_with_the_nominal_rate() -> None:
    assert instants(clock_of(boundaries(1)), 0, 480, 960) == [0, 10 * MS, 20 * MS]


def test_after_a_rest_frames_are_reckoned_back_from_the_later_boundary() -> None:
    rows: list[Row] = [(10 * MS, Point.BOUNDARY, 480, 0), (500 * MS, Point.BOUNDARY, 960, 0)]
    clock = clock_of([*rows, (510 * MS, Point.BOUNDARY, 1440, 0)])
    assert instants(clock, 480, 720, 960, 1200) == [490 * MS, 495 * MS, 500 * MS, 505 * MS]


def test_a_boundary_lost_to_a_full_trace_is_no_rest() -> None:
    rows = boundaries(4)
    assert instants(clock_of([rows[0], rows[3]]), 960) == [20 * MS]


def test_nanoseconds_survive_a_long_uptime() -> None:
    start_ns = 10**17 + 1
    assert instants(clock_of(boundaries(2, start_ns=start_ns)), 720) == [start_ns + 15 * MS]


def test_segments_run_from_started_to_stopped() -> None:
    rows: list[Row] = [
        (1, Point.STOPPED, 0, 0),
        (2, Point.STARTED, 0, 100),
        (3, Point.STOPPED, 480, 0),
        (4, Point.STOPPED, 480, 0),
        (5, Point.STARTED, 960, 2000),
    ]
    assert segments_of(records(rows)) == [Segment(0, 100, 3), Segment(960, 2000, NEVER_NS)]


@pytest.mark.parametrize(("rate_hz", "frame"), [(48_000, 480), (44_100, 441), (96_000, 960), (8_000, 80)])
def test_guest_frames_lie_on_the_cards_count(rate_hz: int, frame: int) -> None:
    timeline = StreamTimeline(records([(0, Point.STARTED, 0, 480)]), rate_hz, clock_of(boundaries(5)))
    assert timeline.instants_ns(np.array([0, frame]), 0).tolist() == [10 * MS, 20 * MS]


def test_a_frame_begins_in_one_segment_and_is_passed_in_the_one_before() -> None:
    rows: list[Row] = [(0, Point.STARTED, 100, 0), (1, Point.STOPPED, 200, 0), (2, Point.STARTED, 200, 0)]
    timeline = StreamTimeline(records(rows), 48_000, clock_of(boundaries(1)))
    frames = np.array([99, 100, 199, 200])
    assert timeline.segment_beginning(frames).tolist() == [-1, 0, 0, 1]
    assert timeline.segment_passing(frames).tolist() == [-1, -1, 0, 0]
