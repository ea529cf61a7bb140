import tracemalloc
from bisect import bisect_left
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backend.live.lateness import BOUNDS_NS, BUCKETS, NONE, NS_PER_S, Lateness, LatenessCounter

RATE_HZ = 48000


def counted(*late_frames: int) -> Lateness:
    counter = LatenessCounter(RATE_HZ)
    for late in late_frames:
        counter.note(late, 0, 480)
    return counter.lateness


def test_buckets_reach_from_a_sixteenth_of_a_millisecond_to_two_seconds_in_quarters_of_octaves() -> None:
    assert BOUNDS_NS[0] == 62_500
    assert BOUNDS_NS[-1] == 2_048_000_000
    assert BOUNDS_NS[4::4] == tuple(2 * bound for bound in BOUNDS_NS[:-1:4])
    assert all(0 < upper - lower <= lower // 4 for lower, upper in pairwise(BOUNDS_NS))


@given(st.integers(0, 5 * RATE_HZ), st.sampled_from([8000, 44100, RATE_HZ, 192000]))
def test_a_period_is_in_the_bucket_that_holds_its_lateness(late: int, rate_hz: int) -> None:
    counter = LatenessCounter(rate_hz)
    counter.note(late, 0, 480)
    bucket = counter.lateness.counts.index(1)
    assert bucket == BUCKETS - 1 or late * NS_PER_S <= BOUNDS_NS[bucket] * rate_hz
    assert bucket == 0 or late * NS_PER_S > BOUNDS_NS[bucket - 1] * rate_hz
    assert counter.lateness.sum_ns == late * NS_PER_S // rate_hz


@given(st.integers(1, 2000), st.integers(0, 400), st.integers(0, 1 << 20))
def test_each_period_of_a_telling_that_covers_several_counts_with_its_own_lateness(
    period: int, beyond: int, rest: int
) -> None:
    late = beyond * period + rest % period
    at_once, one_by_one = LatenessCounter(RATE_HZ), LatenessCounter(RATE_HZ)
    at_once.note(late, beyond, period)
    for passed in range(beyond + 1):
        one_by_one.note(late - passed * period, 0, period)
    assert at_once.lateness == one_by_one.lateness
    assert at_once.lateness.periods == beyond + 1


def test_a_guest_whose_periods_are_a_frame_long_costs_no_more_for_being_late_by_an_hour() -> None:
    counter = LatenessCounter(RATE_HZ)
    hour = 3600 * RATE_HZ
    counter.note(hour, hour, 1)
    assert counter.lateness.periods == hour + 1
    assert counter.lateness.counts[-1] == hour - 2 * RATE_HZ - 2304, "all but the last 2.048 s"


def test_a_quantile_is_never_less_than_the_truth_and_at_most_a_quarter_more() -> None:
    lates = [(7 * n) % 4801 for n in range(4801)]
    figures = counted(*lates)
    for part in (0.01, 0.5, 0.99, 1.0):
        true_ns = sorted(lates)[max(0, round(part * len(lates)) - 1)] * NS_PER_S / RATE_HZ
        said_ns = figures.quantile_ns(part)
        assert said_ns is not None
        assert true_ns <= said_ns + NS_PER_S / RATE_HZ
        assert said_ns <= max(true_ns * 1.25, BOUNDS_NS[0]) + NS_PER_S / RATE_HZ


def test_nothing_is_said_of_no_periods_and_of_the_longest_only_a_bound() -> None:
    assert NONE.quantile_ns(0.5) is None
    assert counted(10 * RATE_HZ).quantile_ns(1) == BOUNDS_NS[-1]


def test_what_came_between_two_samples_is_their_difference() -> None:
    earlier, both = counted(10, 300), counted(10, 300, 300, 9000)
    assert both.since(earlier) == counted(300, 9000)
    assert both.since(NONE) == both
    assert (earlier + counted(300, 9000)).counts == both.counts
    assert counted(5).since(both) == counted(5), "somebody else's"


def test_sums_with_nothing_are_free() -> None:
    some = counted(10)
    assert some + NONE is some
    assert NONE + some is some


def test_telling_a_period_keeps_no_memory() -> None:
    counter = LatenessCounter(RATE_HZ)
    counter.note(50, 0, 480)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for late in range(1000):
            counter.note(late, 0, 480)
            counter.note(late + 960, 2, 480)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1000, "some octets for two thousand tellings: the sum has become a longer number"


def test_bounds_are_looked_up_as_they_are_documented() -> None:
    bounds = [bound * RATE_HZ // NS_PER_S for bound in BOUNDS_NS]
    assert bisect_left(bounds, 3) == 0, "62.5 us are three frames"
    assert counted(3).counts[0] == 1
    assert counted(4).counts[0] == 0
