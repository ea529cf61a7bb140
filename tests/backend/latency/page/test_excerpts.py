"""backend.latency.page.excerpts: records around some instants."""

from pathlib import Path

import pytest

from backend.latency.page import excerpts
from backend.latency.page.excerpts import Excerpts, Window
from backend.latency.records import Trace, load
from ringproto.trace import Point
from tests.backend.latency.synthetic import DOMID, MS, boundaries, write_trace


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    """A guest told every 10 ms of 1 s, a card, and another guest."""
    told = [(k * 10 * MS + 1, Point.TOLD, k, 0) for k in range(100)]
    write_trace(tmp_path / "guest.vtrace", told)
    write_trace(tmp_path / "other.vtrace", told, domid=9)
    write_trace(tmp_path / "card.vtrace", boundaries(100), domid=0, stream=2)
    return load([tmp_path / "guest.vtrace", tmp_path / "other.vtrace", tmp_path / "card.vtrace"])


def test_a_window_has_the_streams_records_and_its_cards_in_order(trace: Trace) -> None:
    window = Window(100 * MS, 120 * MS)
    found = Excerpts(trace, [window]).of(DOMID, 0, 2, window)
    assert found["point"].tolist() == [Point.BOUNDARY, Point.TOLD, Point.BOUNDARY, Point.TOLD, Point.BOUNDARY]
    assert found["time_ns"].tolist() == [100 * MS, 100 * MS + 1, 110 * MS, 110 * MS + 1, 120 * MS]


def test_without_a_card_there_are_the_streams_alone(trace: Trace) -> None:
    window = Window(100 * MS, 120 * MS)
    assert Excerpts(trace, [window]).of(DOMID, 0, None, window)["point"].tolist() == [Point.TOLD, Point.TOLD]


def test_windows_may_overlap_and_come_in_any_order(trace: Trace) -> None:
    late, long, early = Window(500 * MS, 520 * MS), Window(0, 400 * MS), Window(95 * MS, 125 * MS)
    found = Excerpts(trace, [late, long, early])
    assert found.is_whole
    assert len(found.of(DOMID, 0, None, long)) == 40
    assert len(found.of(DOMID, 0, None, early)) == 3
    assert len(found.of(DOMID, 0, None, late)) == 2


def test_no_window_no_records(trace: Trace) -> None:
    assert len(Excerpts(trace, []).of(DOMID, 0, 2, Window(0, 1000 * MS))) == 0


def test_a_flooded_trace_is_picked_from_up_to_a_bound(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts, "RECORDS_MAX", 7)
    window = Window(0, 1000 * MS)
    found = Excerpts(trace, [window])
    assert len(found.of(DOMID, 0, 2, window)) == 7
    assert not found.is_whole
