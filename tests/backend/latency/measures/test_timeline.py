"""backend.latency.measures.timeline: guest frame -> the card's clock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def rested() -> CardClock:
    """One that rests at its frame 720 from 15 ms on, until 495 ms."""
    return clock_of([(10 * MS, Point.BOUNDARY, 480, 0), *boundaries(3, start_ns=490 * MS)[1:]])


def test_before_a_rest_frames_are_reckoned_on_for_those_who_played_before_it() -> None:
    clock = rested()
    assert instants(clock, 0, 240, 720, 960, 1200) == [0, 5 * MS, 505 * MS, 510 * MS, 515 * MS]
    began = np.array([0, 0, 720, 720])
    assert clock.instants_ns(np.array([480.0, 720, 720, 960]), began).tolist() == [10 * MS, 15 * MS, 505 * MS, 510 * MS]


def test_how_many_frames_the_card_presented_by_then() -> None:
    clock = rested()
    times_ns = np.array([0, 5, 10, 12, 15, 505, 508, 520, 530]) * MS
    wanted = [0, 240, 480, 480, 480, 720, 864, 1440, 1920]
    assert clock.frames_at(times_ns).tolist() == wanted
    before = np.zeros(5, np.int64)
    assert clock.frames_at(times_ns[:5], before).tolist() == [0, 240, 480, 576, 720]


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=6), st.integers(0, 7 * 480))
def test_presenting_frames_and_asking_for_the_instants_are_inverse(steps_us: list[int], frame: int) -> None:
    ends_ns = np.cumsum(steps_us) * 1000
    clock = clock_of([(int(end), Point.BOUNDARY, 480 * k, 0) for k, end in enumerate(ends_ns, start=1)])
    assert abs(clock.frames_at(clock.instants_ns(np.array([float(frame)])))[0] - frame) < 0.5


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
    assert segments_of(records(rows)) == [
        Segment(0, 100, 3, started_ns=2),
        Segment(960, 2000, NEVER_NS, started_ns=5),
    ]


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


def test_how_many_frames_of_the_guest_were_presented_while_it_ran() -> None:
    rows: list[Row] = [(5 * MS, Point.STARTED, 100, 480), (25 * MS, Point.STOPPED, 820, 0)]
    timeline = StreamTimeline(records([*rows, (60 * MS, Point.STARTED, 960, 2880)]), 48_000, clock_of(boundaries(9)))
    frames, ran = timeline.presented(np.array([4, 5, 9, 10, 11, 20, 25, 60, 61, 80]) * MS)
    assert ran.tolist() == [False, True, True, True, True, True, False, True, True, True]
    assert frames[ran].tolist() == [100, 100, 100, 148, 580, 960, 960 + 48, 960 + 20 * 48]


def test_the_frame_that_is_being_presented_is_not_over() -> None:
    timeline = StreamTimeline(records([(0, Point.STARTED, 0, 0)]), 44_100, clock_of(boundaries(9), 44_100))
    instants_ns = timeline.instants_ns(np.arange(480), 0)
    assert timeline.presented(instants_ns)[0].tolist() == list(range(480))
    assert timeline.presented(instants_ns[1:] - 1_000)[0].tolist() == list(range(479))


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
        Segment(48_000, 48_504, NEVER_NS, continues=True, started_ns=1),
        Segment(96_000, 96_528, 3, continues=True, started_ns=2),
        Segment(120_000, 200_000, NEVER_NS, started_ns=4),
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
    assert timeline.segments == [Segment(0, 480, 3), Segment(120_000, 200_000, NEVER_NS, started_ns=4)]
    frames = np.array([0, 480, 96_000])
    assert timeline.instants_ns(frames, 0).tolist() == [FAST_NS, FAST_NS + 10 * MS, FAST_NS + 2000 * MS]
    assert timeline.segment_passing(np.array([96_000, 120_001])).tolist() == [0, 1]


def test_what_is_presented_lies_on_the_bent_line_too_though_it_is_traced_ahead_of_time() -> None:
    again: list[Row] = [(970 * MS, Point.STARTED, 48_000, 48_504), (1970 * MS, Point.STARTED, 96_000, 96_528)]
    made = records([(0, Point.STARTED, 0, 480), *again])
    timeline = StreamTimeline(made, 48_000, clock_of(boundaries(500, period_ns=FAST_NS)))
    frames = np.array([24_000, 46_900, 48_000, 72_000, 120_000])
    presented, ran = timeline.presented(timeline.instants_ns(frames, timeline.segment_beginning(frames)))
    assert presented.tolist() == frames.tolist()
    assert ran.all()
