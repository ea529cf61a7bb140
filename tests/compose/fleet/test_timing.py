import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose.fleet.timing import Clocks, Offset, Reading, Timing, offset

way_ns = st.integers(0, 10**9)
ANY_NS = st.integers(-(10**15), 10**15)


@given(ahead_ns=ANY_NS, ways=st.lists(st.tuples(ANY_NS, way_ns, way_ns), min_size=1))
def test_the_truth_is_within_what_is_said(ahead_ns: int, ways: list[tuple[int, int, int]]) -> None:
    readings = [Reading(at, at + there + ahead_ns, at + there + back) for at, there, back in ways]
    found = offset(readings)
    assert abs(found.ahead_ns - ahead_ns) <= found.within_ns
    assert found.within_ns <= min((there + back + 1) // 2 for _, there, back in ways)


def test_the_quickest_exchange_is_believed() -> None:
    slow, quick = Reading(0, 900, 1000), Reading(2000, 2510, 2020)
    assert offset([slow, quick]) == Offset(500, 10)


def clocks(at_ns: int, ahead_ns: int, within_ns: int) -> Clocks:
    return Clocks(at_ns, Offset(ahead_ns, within_ns), Offset(0, 0), "boot")


def test_what_a_clock_gains_is_said_with_how_exactly_that_is_known() -> None:
    timing = Timing(0, clocks(0, 5_000, 1_000), clocks(10**9, 55_000, 3_000))
    assert timing.gain_ppm == pytest.approx(50.0)
    assert timing.gain_within_ppm == pytest.approx(4.0)
