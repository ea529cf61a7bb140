"""backend.latency.perfetto.sources: events as arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backend.latency.perfetto.sources import Kind, Slices, lanes
from backend.latency.perfetto.tracks import Tracks
from backend.latency.records import Int64s


def ns(*values: int) -> Int64s:
    return np.array(values, dtype=np.int64)


def slices(start_ns: Int64s, end_ns: Int64s) -> Slices:
    kind = np.zeros(len(start_ns), dtype=np.int64)
    return Slices(start_ns, end_ns, (Kind("a", "frames"),), kind, np.arange(len(start_ns)))


def test_slices_apart_share_a_lane() -> None:
    assert lanes(ns(0, 5, 9), ns(5, 9, 20)).tolist() == [0, 0, 0]


def test_a_slice_that_meets_another_takes_the_lowest_free_lane() -> None:
    assert lanes(ns(0, 1, 2, 5, 6), ns(5, 9, 3, 6, 7)).tolist() == [0, 1, 2, 0, 0]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20))))
def test_no_lane_has_two_at_a_time(spans: list[tuple[int, int]]) -> None:
    start_ns = ns(*sorted(start for start, _ in spans))
    end_ns = start_ns + ns(*(length for _, length in spans))
    lane = lanes(start_ns, end_ns)
    for number in set(lane.tolist()):
        mine = lane == number
        assert np.all(end_ns[mine][:-1] <= start_ns[mine][1:])


def test_each_further_lane_is_a_thread_of_its_own() -> None:
    tracks, two = Tracks(), slices(ns(0, 1), ns(5, 9))
    two.put_on(tracks, tracks.process("guest"), "request")
    names = [str(one.args["name"]) for one in tracks.metadata() if one.name == "thread_name"]
    assert names == ["request", "request (2)"]
    assert [two.event(index, 0).tid for index in (0, 1)] == [2, 3]


def test_moments_of_one_nanosecond_share_a_thread_unless_kept_apart() -> None:
    for apart_ns, threads in ((0, 1), (1, 3)):
        tracks, same = Tracks(), slices(ns(7, 7, 7), ns(7, 7, 7))
        same.put_on(tracks, tracks.process("guest"), "told", apart_ns)
        assert len(list(tracks.metadata())) == 2 * (1 + threads)


def test_a_slice_holds_its_beginning_and_not_its_end() -> None:
    one = slices(ns(10, 20, 25), ns(20, 20, 30))
    assert one.around(ns(9, 10, 19, 20, 21, 24, 25, 29, 30)).tolist() == [-1, 0, 0, 1, -1, -1, 2, 2, -1]
    assert slices(ns(), ns()).around(ns(5)).tolist() == [-1]


def test_times_are_microseconds_from_the_origin() -> None:
    tracks, one = Tracks(), slices(ns(1_000_001_234), ns(1_000_003_000))
    one.put_on(tracks, tracks.process("guest"), "told")
    event = one.event(0, 1_000_000_000)
    assert (event.ts, event.dur, event.args) == (1.234, 1.766, {"frames": 0})
