"""backend.latency.underruns.stretch: a sitting cut at every STOP."""

import numpy as np

from backend.latency.measures.timeline import CardClock, StreamTimeline
from backend.latency.records import NEVER_NS
from backend.latency.underruns.stretch import stretches_of
from ringproto.trace import Point
from tests.backend.latency.synthetic import MS, Row, boundaries, records
from tests.backend.latency.underruns.stream import stretches

ROWS: list[Row] = [
    (-MS, Point.COPIED, 480, 480),
    (0, Point.STARTED, 0, 0),
    (30 * MS, Point.STOPPED, 1440, 0),
    (31 * MS, Point.COPIED, 2400, 480),
    (40 * MS, Point.STARTED, 1920, 2400),
    (60 * MS, Point.TOLD, 2400, 0),
]


def test_what_comes_before_a_start_belongs_to_it() -> None:
    first, second = stretches(ROWS)
    assert [row[0] for row in first.records.tolist()] == [-MS, 0, 30 * MS]
    assert [row[0] for row in second.records.tolist()] == [31 * MS, 40 * MS, 60 * MS]
    assert (first.g0, first.d0, first.started_ns, first.stopped_ns) == (0, 0, 0, 30 * MS)
    assert (second.g0, second.d0, second.started_ns, second.stopped_ns) == (1920, 2400, 40 * MS, NEVER_NS)
    assert second.last_ns == 60 * MS


def test_frames_have_the_instants_of_their_own_stretch() -> None:
    """Those that were mixed ahead of a STOP as well as those of the same number after it."""
    first, second = stretches(ROWS)
    assert first.instant_ns(1920) == first.told_ns(1920) == 40 * MS
    assert second.instant_ns(1920) == 50 * MS
    assert second.device_frame(1930) == 2410.0


def test_a_place_said_anew_cuts_nothing() -> None:
    bent: list[Row] = [(0, Point.STARTED, 0, 0), (20 * MS, Point.STARTED, 961, 960), (30 * MS, Point.STOPPED, 1440, 0)]
    (stretch,) = stretches(bent)
    assert len(stretch.records) == 3
    assert stretch.device_frame(961) == 960.0
    assert (stretch.first_segment, stretch.last_segment) == (0, 1)
    assert stretch.guest_frames(np.array([0, 480, 960, 1600])) == [0, 480, 961, 1602]


def test_one_that_is_told_by_another_clock_has_instants_by_both() -> None:
    sitting = records(ROWS)
    timeline = StreamTimeline(sitting, 48_000, CardClock(records(boundaries(30, period_ns=11 * MS)), 48_000))
    told = StreamTimeline(sitting, 48_000, CardClock(records(boundaries(30)), 48_000))
    first, second = stretches_of(sitting, timeline, told)
    assert (first.instant_ns(960), first.told_ns(960)) == (22 * MS, 20 * MS)
    assert (second.instant_ns(1920), second.told_ns(1920)) == (55 * MS, 50 * MS)


def test_records_are_looked_for_once() -> None:
    (stretch, _) = stretches(ROWS)
    assert stretch.found(Point.COPIED) is stretch.found(Point.COPIED)
    assert stretch.found(Point.STOPPED).indices.tolist() == [2]
    assert stretch.only(Point.COPIED, Point.STOPPED)["frame"].tolist() == [480, 1440]
