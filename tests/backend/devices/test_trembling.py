from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.trembling import TremblingCrystal, crystal_of
from backend.devices.crystal import Crystal

S = 10**9
MS = 1_000_000
SEEDS = st.integers(-(2**70), 2**70)


def crystal(jitter_ns: int = 3 * MS, seed: int = 1, drift_ppb: int = 0) -> TremblingCrystal:
    return TremblingCrystal(48000, drift_ppb, 480, jitter_ns, seed)


def lateness(trembling: Crystal, true: Crystal, first: int, count: int) -> list[int]:
    """Of so many boundaries."""
    return [trembling.time_of(480 * k) - true.time_of(480 * k) for k in range(first, first + count)]


@given(SEEDS, st.integers(0, 9 * MS), st.integers(0, 10**6), st.integers(0, 7 * 86400 * S), st.integers(0, 10**6))
def test_time_of_is_the_exact_inverse(seed: int, jitter_ns: int, base: int, elapsed_ns: int, more: int) -> None:
    trembling = crystal(jitter_ns, seed)
    trembling.set(True, base, 123)
    frame = trembling.frames_at(123 + elapsed_ns)
    assert trembling.time_of(frame) <= 123 + elapsed_ns < trembling.time_of(frame + 1)
    begins_ns = trembling.time_of(base + more)
    assert trembling.frames_at(begins_ns) == base + more
    assert more == 0 or trembling.frames_at(begins_ns - 1) == base + more - 1


@given(SEEDS, st.integers(-500_000, 500_000), st.integers(0, 60_480_000))
def test_nothing_accumulates_in_a_week(seed: int, drift_ppb: int, boundary: int) -> None:
    true, trembling = Crystal(48000, drift_ppb), crystal(2 * MS, seed, drift_ppb)
    true.start(5)
    trembling.start(5)
    assert 0 <= lateness(trembling, true, boundary, 1)[0] <= 2 * MS


def test_boundaries_are_late_by_as_much_as_was_asked_for_evenly() -> None:
    true, trembling = Crystal(48000), crystal()
    true.start(0)
    trembling.start(0)
    late_ns = lateness(trembling, true, 1, 1000)
    assert max(late_ns) > 2.9 * MS
    assert min(late_ns) < 0.1 * MS
    assert abs(sum(late_ns) / 1000 - 1.5 * MS) < 0.1 * MS


def test_between_two_boundaries_it_counts_evenly() -> None:
    trembling = crystal()
    trembling.start(0)
    begins_ns, ends_ns = trembling.time_of(4800), trembling.time_of(5280)
    for frame in range(4800, 5281):
        even_ns = begins_ns + Fraction(frame - 4800, 480) * (ends_ns - begins_ns)
        assert 0 <= trembling.time_of(frame) - even_ns < 1


def test_two_of_them_agree_whatever_they_are_asked_and_another_seed_does_not() -> None:
    one, same, other = crystal(seed=7), crystal(seed=7), crystal(seed=8)
    for each in (one, same, other):
        each.start(0)
    for ms in range(0, 500, 7):
        one.frames_at(ms * MS)
    assert [one.time_of(480 * k) for k in range(50)] == [same.time_of(480 * k) for k in reversed(range(50))][::-1]
    assert one.time_of(4800) != other.time_of(4800)


def test_it_stops_and_goes_on_where_it_stood() -> None:
    trembling = crystal()
    trembling.start(0)
    trembling.stop(25 * MS)
    stood = trembling.frames_at(99 * MS)
    assert 1200 - 144 <= stood <= 1200
    trembling.start(99 * MS)
    assert trembling.frames_at(99 * MS) == stood
    assert trembling.frames_at(60_099 * MS) - stood <= 60_000 * 48
    assert trembling.frames_at(60_099 * MS) - stood >= 60_000 * 48 - 144


def test_a_card_without_jitter_has_a_crystal_without() -> None:
    assert type(crystal_of(ClockedOptions())) is Crystal
    assert type(crystal_of(ClockedOptions(crystal_jitter_ns=1))) is TremblingCrystal
