"""backend.latency.page.worst, backend.latency.page.timelines: a longest delay and what was around it."""

from pathlib import Path

import pytest

from backend.latency.page import worst
from backend.latency.page.timelines import LEFT, RIGHT, WIDTH, timeline
from backend.latency.page.worst import Moment, worst_moments
from backend.latency.page.write import METRICS
from ringproto.trace import Point
from tests.backend.latency.page.runs import run_of, thirty_periods
from tests.backend.latency.synthetic import MS, boundaries, facts_with, write_trace


@pytest.fixture
def moments(tmp_path: Path) -> dict[str, Moment]:
    result, _, trace = run_of(thirty_periods(tmp_path))
    return {moment.metric: moment for moment in worst_moments(result, trace, METRICS)}


def test_every_measured_longest_has_a_moment_of_its_own(moments: dict[str, Moment]) -> None:
    assert set(moments) == {label for _, label in METRICS if label != "Capture delay"}
    assert len({moment.id for moment in moments.values()}) == len(moments)


def test_a_delay_begins_and_ends_with_its_records(moments: dict[str, Moment]) -> None:
    lateness = moments["Period lateness"]
    assert lateness.delay_ns == 500_000
    ends = {mark.what: mark.ms for mark in lateness.marks if mark.ends}
    assert ends["t5 boundary"] == 0.0
    assert ends["t8 told"] == 0.5
    assert set(ends.values()) == {0.0, 0.5}


def test_it_shows_a_period_and_a_half_on_either_side(moments: dict[str, Moment]) -> None:
    lateness = moments["Period lateness"]
    assert (lateness.begin_ms, lateness.end_ms) == (-15.0, 15.5)
    assert all(lateness.begin_ms <= mark.ms <= lateness.end_ms for mark in lateness.marks)


def test_trace_json_calls_it_the_same(moments: dict[str, Moment]) -> None:
    assert moments["Period lateness"].search == "worst period lateness: media speech.flac"


def test_a_capture_delay_ends_when_it_is_suffered(tmp_path: Path) -> None:
    rows = [(0, Point.STARTED, 0, 0)]
    rows += [(k * 10 * MS + 500_000, Point.TAKEN, k * 480, 480) for k in range(1, 31)]
    write_trace(tmp_path / "guest.vtrace", rows)
    write_trace(tmp_path / "card.vtrace", boundaries(40), domid=0)
    paths = [tmp_path / "guest.vtrace", tmp_path / "card.vtrace"]
    result, _, trace = run_of(paths, facts_with(direction="capture"))
    (moment,) = worst_moments(result, trace, [("capture_delay_ns", "Capture delay")])
    assert moment.delay_ns == 10_500_000
    assert [(mark.ms, mark.what) for mark in moment.marks if mark.ends and mark.what == "taken"] == [(10.5, "taken")]


def test_a_long_one_is_shown_by_its_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worst, "ROWS_MAX", 4)
    result, _, trace = run_of(thirty_periods(tmp_path))
    (moment,) = worst_moments(result, trace, [("period_lateness_ns", "Period lateness")])
    assert len(moment.marks) == 4
    assert moment.left_out > 0
    assert {"t5 boundary", "t8 told"} <= {mark.what for mark in moment.marks}


def test_points_nobody_knows_are_left_out(tmp_path: Path) -> None:
    paths = thirty_periods(tmp_path)
    write_trace(tmp_path / "odd.vtrace", [(10 * MS, 999, 0, 0)])  # type: ignore[list-item]  # no Point
    result, _, trace = run_of([*paths, tmp_path / "odd.vtrace"])
    assert worst_moments(result, trace, METRICS)


def test_the_picture_has_a_row_for_each_point_in_the_order_of_the_way(moments: dict[str, Moment]) -> None:
    picture = timeline(moments["Period lateness"])
    names = [row.name for row in picture.rows]
    steps = [int(name.split(" t")[1][0]) for name in names if " t" in name]
    assert steps == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert [row.y for row in picture.rows] == sorted(row.y for row in picture.rows)


def test_all_of_it_is_inside_the_picture(moments: dict[str, Moment]) -> None:
    for moment in moments.values():
        picture = timeline(moment)
        xs = [x for row in picture.rows for x, _ in row.xs] + [x for x, _ in picture.ticks] + list(picture.band)
        assert min(xs) >= LEFT
        assert max(xs) <= WIDTH - RIGHT
        assert 2 <= len(picture.ticks) <= 12
        assert "0 ms" in {text for _, text in picture.ticks}
