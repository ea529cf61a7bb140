"""backend.latency.measures.lateness: every period boundary against its ideal instant."""

from backend.latency.measures.lateness import period_lateness
from backend.latency.measures.timeline import CardClock, StreamTimeline, SystemTimeline
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records

CLOCK = CardClock(records(boundaries(100)), 48_000)
STARTED: Row = (0, Point.STARTED, 0, 0)  # guest frame 480 * k is passed at 10 * k ms


def measure(rows: list[Row], rate_hz: int = 48_000, period_frames: int = 480) -> tuple[list[int], int]:
    """(lateness, untold)."""
    made = records(rows)
    series, untold = period_lateness(made, StreamTimeline(made, rate_hz, CLOCK), rate_hz, period_frames)
    return series.delay_ns.tolist(), untold


def told(time_ns: int, boundary: int) -> Row:
    return time_ns, Point.TOLD, boundary, boundary * 4


def test_a_boundary_is_late_by_the_time_since_its_ideal_instant() -> None:
    assert measure([STARTED, told(10 * MS + 5, 480), told(21 * MS, 960)]) == ([5, 1 * MS], 0)


def test_boundaries_skipped_are_told_with_the_next_one() -> None:
    assert measure([STARTED, told(10 * MS, 480), told(52 * MS, 2400)]) == (
        [0, 32 * MS, 22 * MS, 12 * MS, 2 * MS],
        0,
    )


def test_a_stall_from_the_start_counts_from_the_first_boundary() -> None:
    assert measure([STARTED, told(35 * MS, 1440)]) == ([25 * MS, 15 * MS, 5 * MS], 0)


def test_boundaries_never_told_are_counted() -> None:
    rows: list[Row] = [STARTED, told(10 * MS, 480), (45 * MS, Point.STOPPED, 2160, 0)]
    assert measure(rows) == ([0], 3)


def test_a_stream_never_told_anything_counts_all() -> None:
    assert measure([STARTED, (25 * MS, Point.EVENT, 960, 0)]) == ([], 2)


def test_the_samples_are_stamped_with_the_ideal_instant() -> None:
    made = records([STARTED, told(25 * MS, 960)])
    series, _ = period_lateness(made, StreamTimeline(made, 48_000, CLOCK), 48_000, 480)
    assert series.at_ns.tolist() == [10 * MS, 20 * MS]


def test_only_boundaries_since_an_instant_are_measured_or_missed() -> None:
    rows: list[Row] = [STARTED, told(10 * MS, 480), told(32 * MS, 1440), (65 * MS, Point.STOPPED, 3120, 0)]
    made = records(rows)
    series, untold = period_lateness(made, StreamTimeline(made, 48_000, CLOCK), 48_000, 480, since_ns=20 * MS)
    assert (series.delay_ns.tolist(), untold) == ([12 * MS, 2 * MS], 3)
    series, untold = period_lateness(made, StreamTimeline(made, 48_000, CLOCK), 48_000, 480, since_ns=50 * MS)
    assert (series.delay_ns.tolist(), untold) == ([], 2)


def test_another_rate_than_the_cards() -> None:
    assert measure([STARTED, told(5 * MS + 7, 40), told(12 * MS, 80)], 8_000, 40) == ([7, 2 * MS], 0)


def test_each_segment_has_its_own_grid_and_time() -> None:
    # Stopped at frame 600; counts on from 1000 (the buffer), no multiple of the period, from the card's 30 ms on.
    restart: list[Row] = [(13 * MS, Point.STOPPED, 600, 0), (25 * MS, Point.STARTED, 1000, 1440)]
    rows = [STARTED, told(11 * MS, 480), *restart, told(43 * MS, 1480), told(54 * MS, 1960)]
    assert measure(rows) == ([1 * MS, 3 * MS, 4 * MS], 0)


def test_a_pause_does_not_shift_the_grid() -> None:
    # Paused at frame 720 (15 ms), resumed at 40 ms: the boundary 960 is passed at 45 ms.
    pause: list[Row] = [(15 * MS, Point.STOPPED, 720, 0), (40 * MS, Point.STARTED, 720, 1920)]
    assert measure([STARTED, told(11 * MS, 480), *pause, told(46 * MS, 960)]) == ([1 * MS, 1 * MS], 0)


def test_by_the_systems_clock_boundaries_are_the_guests_own_and_none_is_counted_twice() -> None:
    clock = CardClock(records(boundaries(300, period_ns=9_995_000)), 48_000)  # 500 ppm fast
    again: list[Row] = [(k * 10**9, Point.STARTED, 48_000 * k, 48_024 * k) for k in range(1, 3)]
    tellings = [told(k * 10 * MS + 3 * MS, 480 * k) for k in range(1, 251)]
    made = records([STARTED, *again, *tellings, (2503 * MS, Point.STOPPED, 120_000, 0)])
    series, untold = period_lateness(made, SystemTimeline(StreamTimeline(made, 48_000, clock)), 48_000, 480)
    assert untold == 0
    assert series.delay_ns.tolist() == [3 * MS] * 250
