"""backend.latency.measures.lives, and what `Trace` says of them: a backend that was killed, and the next one's card."""

from pathlib import Path

import pytest

from backend.latency.measures.lives import clock_of
from backend.latency.measures.samples import stream_samples
from backend.latency.records import load
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, STREAM, Row, boundaries, records, write_trace

FIRST, SECOND = boundaries(50), boundaries(50, start_ns=1000 * MS)


def opened(at_ns: int, late_ns: int, told: int = 5) -> list[Row]:
    """A stream that begins with the card's frame 480, and is told of its periods so late."""
    periods = [(at_ns + (k + 1) * 10 * MS + late_ns, Point.TOLD, k * 480, 0) for k in range(1, told + 1)]
    return [(at_ns + 1, Point.OPENED, 48_000, 480), (at_ns + 2, Point.STARTED, 0, 480), *periods]


def test_each_life_begins_where_frames_are_counted_from_0_again(tmp_path: Path) -> None:
    write_trace(tmp_path / "card.vtrace", FIRST, domid=0)
    write_trace(tmp_path / "card.1.vtrace", SECOND, domid=0)
    trace = load(sorted(tmp_path.iterdir()))
    assert [life["time_ns"].tolist() for life in trace.lives(0)] == [[row[0] for row in FIRST], [r[0] for r in SECOND]]
    assert trace.boundaries(0)["time_ns"].tolist() == [row[0] for row in FIRST], "its sound file is of the first"
    assert trace.lives(1) == []
    assert len(trace.boundaries(1)) == 0


def test_dates_that_are_a_period_out_of_order_make_no_life(tmp_path: Path) -> None:
    rows: list[Row] = [(10 * MS, Point.BOUNDARY, 480, 0), (19 * MS, Point.BOUNDARY, 1440, 0)]
    write_trace(tmp_path / "card.vtrace", [*rows, (20 * MS, Point.BOUNDARY, 960, 0)], domid=0)
    assert len(load([tmp_path / "card.vtrace"]).lives(0)) == 1


def test_a_stream_is_late_by_the_life_that_it_was_opened_in() -> None:
    clock = clock_of([records(FIRST), records(SECOND)], 48_000)
    samples = stream_samples(records([*opened(0, 100), *opened(1000 * MS, 200)]), STREAM, clock)
    assert samples.period_lateness.delay_ns.tolist() == [100] * 5 + [200] * 5
    assert samples.period_lateness.at_ns[5] == 1020 * MS


@pytest.mark.parametrize(("at_ms", "first"), [(0, True), (499, True), (501, False), (5000, False)])
def test_what_begins_between_two_lives_belongs_to_the_later(at_ms: int, first: bool) -> None:
    clock = clock_of([records(FIRST), records(SECOND)], 48_000)
    assert (clock.of_life(at_ms * MS) is clock) is first


def test_a_card_of_one_life_has_one_clock() -> None:
    clock = clock_of([records(FIRST)], 48_000)
    assert clock.of_life(5000 * MS) is clock
