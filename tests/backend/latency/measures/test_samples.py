"""backend.latency.measures.samples: all that one stream's trace says."""

import msgspec

from backend.latency.measures.samples import stream_samples
from backend.latency.measures.timeline import CardClock
from backend.latency.records import TRACE_DTYPE
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, STREAM, Row, boundaries, records

CLOCK = CardClock(records(boundaries(100)), 48_000)
ROWS: list[Row] = [
    (1 * MS, Point.QUEUED, 480, 480),
    (1 * MS + 10, Point.PUSHED, 480, 480),
    (1 * MS + 60, Point.COPIED, 480, 480),
    (2 * MS, Point.STARTED, 0, 480),
    (20 * MS + 100, Point.EVENT, 480, 1924),
    (20 * MS + 130, Point.WOKE_GUEST, 0, 1924),
    (20 * MS + 150, Point.TOLD, 480, 1924),
]


def test_every_delay_of_a_stream() -> None:
    samples = stream_samples(records(ROWS), STREAM, CLOCK)
    assert samples.playback_delay.delay_ns.tolist() == [9 * MS]
    assert samples.period_lateness.delay_ns.tolist() == [150]
    assert samples.request_round_trip.delay_ns.tolist() == [50]
    assert samples.notification_delay.delay_ns.tolist() == [30]
    assert (samples.handovers_late, samples.handovers_dropped, samples.periods_untold) == (0, 0, 0)


def test_without_the_cards_clock_only_what_needs_none_is_measured() -> None:
    samples = stream_samples(records(ROWS), STREAM, None)
    assert len(samples.playback_delay.delay_ns) == len(samples.period_lateness.delay_ns) == 0
    assert samples.request_round_trip.delay_ns.tolist() == [50]
    assert (samples.handovers_late, samples.handovers_dropped, samples.periods_untold) == (None, None, None)


def test_a_stream_that_never_started_has_no_place_on_the_clock() -> None:
    samples = stream_samples(records(row for row in ROWS if row[1] != Point.STARTED), STREAM, CLOCK)
    assert len(samples.playback_delay.delay_ns) == 0
    assert samples.handovers_dropped is None


def test_an_empty_trace_has_no_samples() -> None:
    samples = stream_samples(records([]).astype(TRACE_DTYPE), STREAM, CLOCK)
    assert len(samples.request_round_trip.delay_ns) == 0


def test_a_capture_stream_has_lateness_and_no_playback_delay() -> None:
    samples = stream_samples(records(ROWS), msgspec.structs.replace(STREAM, direction="capture"), CLOCK)
    assert len(samples.playback_delay.delay_ns) == 0
    assert samples.handovers_late is None
    assert samples.period_lateness.delay_ns.tolist() == [150]


def test_each_open_is_measured_by_itself_with_its_own_parameters() -> None:
    again: list[Row] = [
        (100 * MS, Point.OPENED, 8_000, 80),
        (101 * MS, Point.QUEUED, 80, 80),
        (102 * MS, Point.STARTED, 0, 5280),
        (120 * MS + 7, Point.TOLD, 80, 0),
    ]
    opened: Row = (1 * MS - 1, Point.OPENED, 48_000, 480)
    samples = stream_samples(records([opened, *ROWS, *again]), STREAM, CLOCK)
    assert samples.playback_delay.delay_ns.tolist() == [9 * MS, 9 * MS]
    assert samples.period_lateness.delay_ns.tolist() == [150, 7]
