"""The card's clock: drift found, jitter filtered, coarse positions without hunting, jumps seen for what they are.

Figures in frames at 48 kHz, so 1 frame is 21 us.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pacing.dll import RATIO_ERROR_MAX, RELOCK_MS, CardClock
from tests.backend.pacing.slope import slope

RATE_HZ = 48_000
MS, SECOND = 1_000_000, 1_000_000_000
DRIFTS_PPM = [-500, -200, 0, 100, 500]

Every = Callable[[Random], int]


def every(ns: int) -> Every:
    return lambda random: ns


def mixed(random: Random) -> int:
    return random.choice((2 * MS, 10 * MS, 50 * MS, SECOND))


class Card:
    """A card on its own clock, looked at now and then by somebody who takes up to `jitter_ns` to read the position."""

    def __init__(self, ppm: float, jitter_ns: int = 0, grain: int = 1, missing: float = 0.0) -> None:
        self.ppm = ppm
        self.grain = grain
        self.clock = CardClock(RATE_HZ, grain)
        self.clock.start(0, 0)
        self.now_ns = 0
        self.true = 0.0
        self.times: list[int] = []
        self.shown: list[int] = []
        self._jitter_ns = jitter_ns
        self._missing = missing
        self._random = Random(1)

    def looks(self, seconds: float, interval: Every) -> Iterator[None]:
        """Look for so long; stop after each look."""
        end_ns = self.now_ns + int(seconds * SECOND)
        while self.now_ns < end_ns:
            self.pass_ns(interval(self._random))
            if self._random.random() >= self._missing:
                self.look()
                yield

    def pass_ns(self, ns: int) -> None:
        self.now_ns += ns
        self.true += ns * RATE_HZ * (1 + self.ppm / 1e6) / SECOND

    def look(self) -> None:
        taken_ns = self._random.randint(0, self._jitter_ns)
        position = int(self.true + taken_ns * RATE_HZ / SECOND)
        self.times.append(self.now_ns)
        self.shown.append(position - position % self.grain)
        self.clock.observe(self.shown[-1], self.now_ns)

    def run(self, seconds: float, interval: Every) -> None:
        for _ in self.looks(seconds, interval):
            pass

    def wrong_ppm(self) -> float:
        return (self.clock.ratio - 1) * 1e6 - self.ppm

    def wrong_frames(self) -> float:
        return self.clock.frame_at(self.now_ns) - self.true


@pytest.mark.parametrize("ppm", DRIFTS_PPM)
@pytest.mark.parametrize("jitter_us", [0, 50, 200])
@pytest.mark.parametrize(("interval", "settle_s"), [(every(10 * MS), 30), (every(SECOND), 150), (mixed, 150)])
def test_drift_is_found_to_a_ppm_whatever_the_interval(
    ppm: float, jitter_us: int, interval: Every, settle_s: int
) -> None:
    """Ripple at most 0.5 ppm with 50 us of jitter, 1.5 with 200; the line within a third of the jitter of its mean."""
    card = Card(ppm, jitter_us * 1000)
    card.run(settle_s, interval)
    for _ in card.looks(120, interval):
        assert abs(card.wrong_ppm()) < (1.5 if jitter_us == 200 else 0.5)
        mean = jitter_us / 2 * RATE_HZ / 1e6
        assert abs(card.wrong_frames() - mean) < 2 + jitter_us * RATE_HZ / 3e6
    assert card.clock.relocks == 0


def test_looks_every_2_ms_do_as_well() -> None:
    card = Card(100, 200_000)
    card.run(25, every(2 * MS))
    assert abs(card.wrong_ppm()) < 1


@pytest.mark.parametrize("ppm", DRIFTS_PPM)
def test_it_locks_within_three_seconds(ppm: float) -> None:
    card = Card(ppm, 50_000)
    card.run(3, every(10 * MS))
    assert abs(card.wrong_ppm()) < 5
    assert abs(card.wrong_frames()) < 3


@pytest.mark.parametrize("ppm", [-200, 100])
def test_at_first_it_is_as_good_as_a_least_squares_line(ppm: float) -> None:
    card = Card(ppm, 200_000)
    card.run(15, every(10 * MS))
    fitted_ppm = (slope(card.times, card.shown, RATE_HZ) - 1) * 1e6
    assert abs(fitted_ppm - ppm) < 0.5
    assert abs((card.clock.ratio - 1) * 1e6 - fitted_ppm) < 0.5


def test_a_crystal_that_warms_up_is_followed() -> None:
    """10 ppm in ten minutes: never more than 2 ppm behind, and the line within a frame."""
    card = Card(100)
    card.run(60, every(50 * MS))
    for _ in card.looks(600, every(50 * MS)):
        card.ppm += 10 / 600 * 0.05
        assert abs(card.wrong_ppm()) < 2
        assert abs(card.wrong_frames()) < 2


@pytest.mark.parametrize("ppm", DRIFTS_PPM)
def test_missing_looks_do_no_harm(ppm: float) -> None:
    card = Card(ppm, 50_000, missing=0.5)
    card.run(40, every(10 * MS))
    assert abs(card.wrong_ppm()) < 0.5


def test_a_long_silence_is_bridged() -> None:
    card = Card(100)
    card.run(60, every(10 * MS))
    card.pass_ns(100 * SECOND)
    assert abs(card.wrong_frames()) < 5
    card.look()
    assert card.clock.relocks == 0


@pytest.mark.parametrize("ppm", [*DRIFTS_PPM, 3, 30])
@pytest.mark.parametrize(("grain", "ripple_ppm"), [(48, 45), (480, 35)])
@pytest.mark.parametrize("interval", [every(10 * MS), every(10_030_000), every(SECOND), mixed])
def test_positions_in_steps_do_not_make_it_hunt(ppm: float, grain: int, ripple_ppm: float, interval: Every) -> None:
    """It is wrong by no more than a step and 4 frames, ever; the slope by 45 ppm after five minutes.

    Steps of 480 frames looked at every 10 ms are the worst: nothing is learnt until the one has slipped past the other.
    """
    card = Card(ppm, grain=grain)
    for _ in card.looks(420, interval):
        assert abs(card.wrong_frames()) < 1.1 * grain + 4
        if card.now_ns > 300 * SECOND:
            assert abs(card.wrong_ppm()) < ripple_ppm
    assert card.clock.relocks == 0


def test_inside_a_step_there_is_no_error() -> None:
    clock = CardClock(RATE_HZ, 480)
    clock.start(0, 0)
    clock.observe(0, 9 * MS)
    assert (clock.error_frames, clock.ratio) == (0, 1)
    clock.observe(480, 19 * MS)
    assert (clock.error_frames, clock.frame_at(19 * MS)) == (0, 912)


def test_the_error_is_the_distance_to_where_the_card_can_be() -> None:
    for shown, error in [(480 + 96, 96), (480, 0), (480 - 47, 0), (480 - 96, -48)]:
        clock = CardClock(RATE_HZ, 48)
        clock.start(0, 0)
        clock.observe(shown, 10 * MS)
        assert clock.error_frames == error


@pytest.mark.parametrize("jump_ns", [21 * MS, -21 * MS, 3600 * SECOND, -3600 * SECOND])
def test_time_that_jumps_is_started_anew_from(jump_ns: int) -> None:
    """Suspended, or somebody set the clock: the line is where the card is, at once, and found again."""
    card = Card(100)
    card.run(30, every(10 * MS))
    card.now_ns += jump_ns
    card.look()
    assert card.clock.relocks == 1
    assert abs(card.wrong_frames()) <= 1
    card.run(10, every(10 * MS))
    assert card.clock.relocks == 1
    assert abs(card.wrong_ppm()) < 3


@pytest.mark.parametrize("jump_ms", [RELOCK_MS + 1, -RELOCK_MS - 1])
def test_a_card_that_jumps_is_started_anew_from(jump_ms: int) -> None:
    card = Card(100)
    card.run(30, every(10 * MS))
    card.true += jump_ms * RATE_HZ / 1000
    card.run(0.01, every(10 * MS))
    assert card.clock.relocks == 1
    assert abs(card.clock.error_frames - jump_ms * RATE_HZ / 1000) < 2
    assert abs(card.wrong_frames()) <= 1


def test_what_a_crystal_may_do_in_the_longest_sleep_is_no_jump() -> None:
    card = Card(RATIO_ERROR_MAX * 1e6)
    card.run(10, every(2 * SECOND))
    assert card.clock.relocks == 0


def test_two_looks_at_once_are_one() -> None:
    card = Card(100)
    card.run(1, every(10 * MS))
    before = (card.clock.ratio, card.clock.frame_at(card.now_ns))
    card.clock.observe(card.shown[-1] + 100, card.now_ns)
    assert (card.clock.ratio, card.clock.frame_at(card.now_ns)) == before


def test_frames_and_times_are_each_others_inverse() -> None:
    card = Card(-200, 50_000)
    card.run(7, every(10 * MS))
    for frame in range(card.shown[-1] - 1000, card.shown[-1] + 100_000, 997):
        due_ns = card.clock.time_of(frame)
        assert card.clock.frame_at(due_ns) in (frame, frame - 1)  # to a float's last digit
        assert card.clock.frame_at(due_ns + 100) == frame
        assert card.clock.frame_at(due_ns - 100) == frame - 1


def test_it_is_exact_after_a_year() -> None:
    year_ns, frames = 365 * 86400 * SECOND, 365 * 86400 * RATE_HZ
    clock = CardClock(RATE_HZ)
    clock.start(frames, year_ns)
    for nth in range(1, 100):
        clock.observe(frames + 480 * nth, year_ns + nth * 10 * MS)
    assert clock.relocks == 0
    assert abs(clock.time_of(frames + 48_000) - year_ns - SECOND) < 1000
    assert abs(clock.ratio - 1) < 1e-6


@given(st.lists(st.tuples(st.integers(-SECOND, 2 * SECOND), st.integers(0, 1 << 40)), max_size=50))
def test_nothing_that_a_card_shows_breaks_it(looks: list[tuple[int, int]]) -> None:
    clock, now_ns = CardClock(RATE_HZ, 48), 0
    clock.start(0, 0)
    for wait_ns, frame in looks:
        now_ns += wait_ns
        clock.observe(frame, now_ns)
        assert abs(clock.ratio - 1) <= RATIO_ERROR_MAX * 1.001
        assert wait_ns == 0 or abs(clock.frame_at(now_ns) - frame) <= 48 + 1 + RELOCK_MS * RATE_HZ // 1000
