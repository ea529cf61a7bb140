"""backend.latency.measures.capture: from sampling to the application."""

from backend.latency.measures.capture import capture_delay
from backend.latency.measures.timeline import CardClock, StreamTimeline
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records

CLOCK = CardClock(records(boundaries(100)), 48_000)
STARTED: Row = (5 * MS, Point.STARTED, 0, 480)  # guest frame 0 is sampled at 10 ms


def measure(rows: list[Row], rate_hz: int = 48_000) -> tuple[list[int], list[int]]:
    """(when, how late)."""
    made = records(rows)
    series = capture_delay(made, StreamTimeline(made, rate_hz, CLOCK))
    return series.at_ns.tolist(), series.delay_ns.tolist()


def taken(time_ns: int, end: int, frames: int = 480) -> Row:
    return time_ns, Point.TAKEN, end, frames


def test_the_delay_is_from_the_sampling_of_the_first_frame() -> None:
    assert measure([STARTED, taken(20 * MS + 7, 480), taken(35 * MS, 960)]) == (
        [20 * MS + 7, 35 * MS],
        [10 * MS + 7, 15 * MS],
    )


def test_each_hand_over_is_a_sample_however_small() -> None:
    assert measure([STARTED, taken(21 * MS, 48, 48), taken(21 * MS, 480, 432)]) == ([21 * MS] * 2, [11 * MS, 10 * MS])


def test_another_rate_than_the_cards() -> None:
    assert measure([STARTED, taken(40 * MS, 80, 80), taken(40 * MS, 160, 80)], 8_000)[1] == [30 * MS, 20 * MS]


def test_after_an_overrun_frames_count_on_the_new_line() -> None:
    stop: list[Row] = [(100 * MS, Point.STOPPED, 4320, 0), (110 * MS, Point.STARTED, 5760, 5280)]
    assert measure([STARTED, taken(21 * MS, 480), *stop, taken(123 * MS, 6240)])[1] == [11 * MS, 13 * MS]


def test_what_the_trace_cannot_place_is_no_sample() -> None:
    late: Row = (5 * MS, Point.STARTED, 480, 480)
    assert measure([late, taken(20 * MS, 480)]) == ([], [])
    assert measure([STARTED]) == ([], [])
