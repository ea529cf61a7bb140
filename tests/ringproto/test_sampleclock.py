from hypothesis import given
from hypothesis import strategies as st

from ringproto.sampleclock import PULL, STOOD_STILL_NS, SampleClock

MS = 1_000_000


def clock_at(frame: int, now_ns: int) -> SampleClock:
    clock = SampleClock(48000)
    clock.follow(frame, now_ns)
    return clock


def test_nothing_runs_before_the_first_callback() -> None:
    clock = SampleClock(48000)
    assert not clock.runs
    assert not clock.steady


def test_frames_are_due_by_the_first_callback_and_the_rate() -> None:
    clock = clock_at(1000, 7 * MS)
    assert clock.runs
    assert not clock.steady
    assert clock.due_ns(1000) == 7 * MS
    assert clock.due_ns(1480) == 17 * MS
    assert clock.due_ns(520) == -3 * MS
    assert clock.length_ns(1) == 20833


@given(st.lists(st.integers(1, 4096), max_size=40), st.integers(8000, 192_000))
def test_callbacks_in_step_leave_the_line_where_it_is(sizes: list[int], rate_hz: int) -> None:
    clock, frame = SampleClock(rate_hz), 0
    clock.follow(0, 0)
    for size in sizes:
        frame += size
        clock.follow(frame, frame * 1_000_000_000 // rate_hz)
        assert clock.steady
        assert 0 <= frame * 1_000_000_000 // rate_hz - clock.due_ns(frame) <= len(sizes)


def test_a_late_callback_pulls_a_little() -> None:
    clock = clock_at(0, 0)
    clock.follow(480, 10 * MS + 6400)
    assert clock.steady
    assert clock.due_ns(480) == 10 * MS + 6400 // PULL


def test_an_early_callback_moves_the_line_and_much_earlier_is_out_of_step() -> None:
    clock = clock_at(0, 0)
    clock.follow(480, 10 * MS - 5)
    assert clock.steady
    assert clock.due_ns(480) == 10 * MS - 5
    clock.follow(960, 10 * MS)
    assert not clock.steady
    assert clock.due_ns(1440) == 20 * MS


def test_after_a_stop_the_line_begins_anew() -> None:
    clock = clock_at(0, 0)
    clock.follow(480, 10 * MS + STOOD_STILL_NS + 1)
    assert not clock.steady
    assert clock.due_ns(480) == 10 * MS + STOOD_STILL_NS + 1


def test_it_follows_a_slow_card_within_a_third_of_a_millisecond() -> None:
    clock = clock_at(0, 0)
    for number in range(1, 10_000):
        now_ns = number * (10 * MS + 5000)
        clock.follow(480 * number, now_ns)
        assert clock.steady
        assert 0 <= now_ns - clock.due_ns(480 * number) < 320_000
