"""backend.latency.measures.timeline: guest frame -> the card's clock."""

import numpy as np
import pytest

from backend.latency.measures.timeline import CardClock, Segment, StreamTimeline, SystemTimeline, segments_of
from backend.latency.records import NEVER_NS
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


# -- a guest that goes by the system's clock --------------------------------------------------------------------------

FAST_NS = 9_995_000
"""A period of a card that is 500 ppm fast."""
BENT: list[Row] = [
    (0, Point.STARTED, 0, 480),
    (1, Point.STARTED, 48_000, 480 + 48_024),
    (2, Point.STARTED, 96_000, 480 + 96_048),
    (3, Point.STOPPED, 120_000, 0),
    (4, Point.STARTED, 120_000, 200_000),
]


def test_started_again_without_a_stop_is_a_segment_that_continues() -> None:
    assert segments_of(records(BENT)) == [
        Segment(0, 480, NEVER_NS),
        Segment(48_000, 48_504, NEVER_NS, continues=True),
        Segment(96_000, 96_528, 3, continues=True),
        Segment(120_000, 200_000, NEVER_NS),
    ]


def test_frames_between_two_that_were_told_lie_on_the_line_between_them() -> None:
    clock = clock_of(boundaries(500, period_ns=FAST_NS))
    timeline = StreamTimeline(records(BENT), 48_000, clock)
    frames = np.array([0, 24_000, 48_000, 72_000, 108_000])
    instants_ns = timeline.instants_ns(frames, timeline.segment_beginning(frames))
    wanted_ns = FAST_NS + (48_024 / 480 * FAST_NS * frames / 48_000)
    assert np.abs(instants_ns - wanted_ns).max() < 20_000, "a frame's time"
    assert np.abs(np.diff(instants_ns) - np.diff(frames) * (1e9 / 48_000)).max() < 20_000


def test_by_the_systems_clock_it_is_one_segment_from_start_to_stop() -> None:
    clock = clock_of(boundaries(500, period_ns=FAST_NS))
    timeline = SystemTimeline(StreamTimeline(records(BENT), 48_000, clock))
    assert timeline.segments == [Segment(0, 480, 3), Segment(120_000, 200_000, NEVER_NS)]
    frames = np.array([0, 480, 96_000])
    assert timeline.instants_ns(frames, 0).tolist() == [FAST_NS, FAST_NS + 10 * MS, FAST_NS + 2000 * MS]
    assert timeline.segment_passing(np.array([96_000, 120_001])).tolist() == [0, 1]
