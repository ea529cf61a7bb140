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
    (1 * MS + 40, Point.WOKE_BACKEND, 0, 0),
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
    assert samples.service_time.delay_ns.tolist() == [20]
    assert [hop.name for hop in samples.hops] == ["boundary_event", "event_awake", "awake_told"]
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
    assert len(samples.capture_delay.delay_ns) == len(samples.fill.frames) == 0


def test_a_recording_has_capture_delay_and_room() -> None:
    taken: Row = (21 * MS, Point.TAKEN, 480, 480)
    samples = stream_samples(records([*ROWS, taken]), msgspec.structs.replace(STREAM, direction="capture"), CLOCK)
    assert samples.capture_delay.delay_ns.tolist() == [11 * MS]
    assert samples.fill.frames.tolist() == [1920 - 528, 1920 - 48]
    assert [hop.name for hop in samples.hops][:4] == ["sampled_pushed", "pushed_awake", "awake_copied", "copied_taken"]


def run_of(periods: int) -> list[Row]:
    """One that hands over, and is told, once a period from 20 ms on."""
    rows: list[Row] = [(1 * MS, Point.QUEUED, 960, 960), (2 * MS, Point.STARTED, 0, 480)]
    for k in range(1, periods + 1):
        at_ns = (k + 1) * 10 * MS + 500
        rows += [(at_ns - 200, Point.EVENT, 480 * k, 1924 * k), (at_ns - 100, Point.WOKE_GUEST, 0, 1924 * k)]
        rows += [(at_ns, Point.TOLD, 480 * k, 1924 * k), (at_ns, Point.QUEUED, 960 + 480 * k, 480)]
        rows += [(at_ns, Point.PUSHED, 960 + 480 * k, 480), (at_ns + 5, Point.WOKE_BACKEND, 0, 0)]
        rows += [(at_ns + 9, Point.COPIED, 960 + 480 * k, 480)]
    return rows


def test_warming_up_is_left_out_of_everything() -> None:
    warm = stream_samples(records(run_of(20)), STREAM, CLOCK)
    samples = stream_samples(records(run_of(20)), STREAM, CLOCK, warm_up_s=0.058)  # until 60 ms: the fifth period's end
    for name, n in {
        "playback_delay": 21, "period_lateness": 20, "request_round_trip": 20, "notification_delay": 20,
        "service_time": 20,
    }.items():  # fmt: skip
        whole, left = getattr(warm, name), getattr(samples, name)
        assert len(whole.at_ns) == n
        assert left.at_ns.tolist() == [at for at in whole.at_ns.tolist() if at >= 60 * MS]
        assert len(left.at_ns) == 16
    assert (len(warm.fill.frames), len(samples.fill.frames)) == (40, 32)
    assert {hop.n for hop in warm.hops} == {20}
    assert {hop.n for hop in samples.hops} == {16}


def test_what_came_late_while_warming_up_is_not_counted() -> None:
    late_ends = {960 + 480, 960 + 480 * 9}
    rows: list[Row] = [
        (at + 30 * MS if point == Point.QUEUED and end in late_ends else at, point, end, value)
        for at, point, end, value in run_of(20)
    ]
    counts = [stream_samples(records(rows), STREAM, CLOCK, warm_up_s).handovers_late for warm_up_s in (0.0, 0.058)]
    assert counts == [2, 1]


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
