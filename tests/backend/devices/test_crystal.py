from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from backend.devices.crystal import Crystal, ppb_from_ppm

RATES = st.sampled_from([8000, 11025, 44100, 48000, 192000])
DRIFTS = st.integers(-500_000, 500_000)
WEEK_NS = 7 * 86400 * 10**9


def test_a_true_crystal_counts_the_rate_exactly() -> None:
    crystal = Crystal(48000)
    crystal.start(5)
    assert crystal.frames_at(5 + 10**9) == 48000
    assert crystal.frames_at(5 + 3600 * 10**9) == 3600 * 48000


def test_drift_is_parts_per_million_more_frames() -> None:
    crystal = Crystal(48000, ppb_from_ppm(100.0))
    crystal.start(0)
    assert crystal.frames_at(10**9 * 1000) == 48_000_000 + 4800


@given(RATES, DRIFTS, st.integers(0, WEEK_NS))
def test_frames_are_the_floor_of_the_exact_product(rate_hz: int, drift_ppb: int, elapsed_ns: int) -> None:
    crystal = Crystal(rate_hz, drift_ppb)
    crystal.start(123)
    exact = Fraction(elapsed_ns * rate_hz * (10**9 + drift_ppb), 10**18)
    assert crystal.frames_at(123 + elapsed_ns) == exact.__floor__()


@given(RATES, DRIFTS, st.integers(0, WEEK_NS), st.integers(0, 10**9), st.integers(0, 10**9))
def test_time_of_is_the_exact_inverse(rate_hz: int, drift_ppb: int, start_ns: int, base: int, ahead: int) -> None:
    crystal = Crystal(rate_hz, drift_ppb)
    crystal.set(running=True, base_frames=base, start_ns=start_ns)
    begins_ns = crystal.time_of(base + ahead)
    assert crystal.frames_at(begins_ns) == base + ahead
    if ahead:
        assert crystal.frames_at(begins_ns - 1) == base + ahead - 1


def test_it_rests_where_it_was_stopped_and_goes_on_from_there() -> None:
    crystal = Crystal(1000)
    assert crystal.frames_at(10**9) == 0
    crystal.start(0)
    crystal.start(10**9)  # runs already
    crystal.stop(2 * 10**9)
    crystal.stop(9 * 10**9)
    assert crystal.frames_at(9 * 10**9) == 2000
    crystal.start(10 * 10**9)
    assert crystal.frames_at(11 * 10**9) == 3000


def test_before_its_start_it_shows_what_it_started_from() -> None:
    crystal = Crystal(1000)
    crystal.set(running=True, base_frames=7, start_ns=10**9)
    assert crystal.frames_at(0) == 7
