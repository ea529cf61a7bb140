"""The straight lines between a guest's frames and the card's, or the system's clock."""

from hypothesis import given
from hypothesis import strategies as st

from backend.pacing.dll import CardClock
from backend.timeline import NS_PER_S, SystemTimeline, Timeline

RATES = st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])


def test_nothing_has_begun_before_the_start() -> None:
    line = Timeline(48000, 48000, d0=960, g0=1920)
    assert line.begun(959, 0) == 1920
    assert line.done(959) == 1920


def test_the_frame_being_presented_counts_as_begun() -> None:
    line = Timeline(48000, 48000, d0=960, g0=0)
    assert line.begun(960, 0) == 1
    assert line.begun(960 + 480, 0) == 481, "exactly at the boundary, CUR_POS must exceed the period"


def test_rates_are_converted_in_whole_numbers() -> None:
    line = Timeline(44100, 48000, d0=0, g0=0)
    assert line.done(48000 * 3600 * 100) == 44100 * 3600 * 100, "no drift after a hundred hours"


@given(RATES, RATES, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6))
def test_positions_never_go_back(guest: int, device: int, d0: int, g0: int, at: int, step: int) -> None:
    line = Timeline(guest, device, d0, g0)
    assert line.begun(at, 0) <= line.begun(at + step, 0)
    assert line.done(at) <= line.begun(at, 0) <= line.done(at) + 1


def by_system(guest_rate_hz: int, start_ns: int = 5000, ratio: float = 1.0) -> SystemTimeline:
    """Guest frame 1000 begins with the card's frame 480, at `start_ns`."""
    clock = CardClock(48000)
    clock.ratio = ratio
    clock.start(480, start_ns)
    return SystemTimeline(guest_rate_hz, clock, 480, 1000, start_ns)


def test_by_the_system_nothing_has_begun_before_the_start_and_then_it_is_time_that_counts() -> None:
    line = by_system(48000)
    assert line.begun(10**9, 4999) == 1000
    assert line.begun(0, 5000) == 1001
    assert line.begun(0, 5000 + 10_000_000) == 1481, "exactly at the boundary, CUR_POS must exceed the period"


def test_by_the_system_there_is_no_drift_after_a_year() -> None:
    year_s = 365 * 86400
    assert by_system(44100).begun(0, 5000 + year_s * NS_PER_S) == 1001 + 44100 * year_s


@given(RATES, st.integers(0, 10**18), st.integers(0, 10**10))
def test_by_the_system_streams_that_started_apart_stay_so(rate_hz: int, at_ns: int, apart_ns: int) -> None:
    played, recorded = by_system(rate_hz), by_system(rate_hz, 5000 + apart_ns)
    apart = played.begun(0, 5000 + apart_ns + at_ns) - recorded.begun(0, 5000 + apart_ns + at_ns)
    assert apart in range(apart_ns * rate_hz // NS_PER_S, apart_ns * rate_hz // NS_PER_S + 2)


@given(RATES, st.floats(0.998, 1.002), st.integers(1000, 10**9))
def test_by_the_system_a_boundary_is_due_when_it_has_begun_and_hardly_later(
    rate_hz: int, ratio: float, guest_frame: int
) -> None:
    line = by_system(rate_hz, ratio=ratio)
    due_ns = line.clock.time_of(line.device_frame(guest_frame))
    assert line.begun(0, due_ns) > guest_frame
    assert line.begun(0, due_ns - 2 * NS_PER_S // 48000) <= guest_frame + 1


def test_by_the_system_the_place_of_the_sound_follows_the_card() -> None:
    line = by_system(44100, ratio=1.001)
    assert line.place(480) == 1000
    assert abs(line.place(480 + 48048) - 45100) < 0.001
