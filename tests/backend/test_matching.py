"""Two clocks, one stream, without a sound: what the control law does with the cards there are."""

from collections.abc import Iterator
from random import Random

import pytest

from backend.devices.api import Capabilities
from backend.latency.facts import Matched
from backend.matching import LEAP_NS, SPEED_CHANGE_MAX, Matching, joined
from backend.mixing.steered import STEER_MAX
from tests.backend.fakedevice import FakeDevice

RATE_HZ = 48_000
MS, SECOND_NS = 1_000_000, 1_000_000_000
BLOCK = 480
LEAD = 2 * BLOCK


class Stream:
    """A card with a crystal of its own, looked at every 10 ms, and the stream on it; positions are frames of floats."""

    def __init__(self, ppm: float, grain: int = 1, jitter_ns: int = 0, guest_hz: int = RATE_HZ) -> None:
        self.device = FakeDevice()
        self.device.capabilities = Capabilities(interrupts=True, position_granularity_frames=grain)
        self.limits = 0
        self.matching = Matching(self.device, guest_hz, self._on_limit)
        self.now_ns = 0
        self.true = 0.0
        self.rate = RATE_HZ * (1 + ppm / 1e6) / SECOND_NS
        self.leaps: list[int] = []
        self.speeds: list[float] = []
        self._nominal = guest_hz / RATE_HZ
        self._guest_hz = guest_hz
        self._grain = grain
        self._jitter_ns = jitter_ns
        self._random = Random(1)
        self.next_frame = 0.0  # of the guest's, at device frame `mixed`
        self.mixed = 0
        self.line = self.matching.lay(0, 0, 0)

    def _on_limit(self) -> None:
        self.limits += 1

    def run(self, seconds: float, look_ns: int = 10 * MS) -> Iterator[float]:
        """Yields after each look how far the sound is behind, by the card's true clock."""
        end_ns = self.now_ns + int(seconds * SECOND_NS)
        while self.now_ns < end_ns:
            self.pass_ns(look_ns)
            self.look()
            yield self.behind()

    def pass_ns(self, ns: int) -> None:
        self.now_ns += ns
        self.true += ns * self.rate

    def look(self) -> None:
        shown = int(self.true + self._random.randint(0, self._jitter_ns) * self.rate)
        self.device.at = shown - shown % self._grain
        self.matching.observe(self.now_ns)
        while self.mixed < self.true + LEAD:
            self.next_frame += BLOCK * self._nominal * self.matching.speed
            self.mixed += BLOCK
            leap = self.matching.follow(self.mixed, self.next_frame)
            self.leaps += [leap] if leap else []
            self.next_frame += leap
            self.speeds.append(self.matching.speed)

    def behind(self) -> float:
        """Guest frames by which the sound at the edge of what was mixed will be late."""
        at_ns = self.now_ns + (self.mixed - self.true) / self.rate
        return (at_ns - self.line.start_ns) * self._guest_hz / SECOND_NS - self.next_frame

    def ppm(self) -> float:
        return self.matching.matched.rate_ratio_ppm


@pytest.mark.parametrize("ppm", [-500, -20, 0, 200, 500])
@pytest.mark.parametrize("guest_hz", [RATE_HZ, 44_100])
def test_the_card_is_followed_within_a_frame_and_its_ratio_known_to_1_ppm(ppm: float, guest_hz: int) -> None:
    stream = Stream(ppm, guest_hz=guest_hz)
    errors = [abs(error) for error in stream.run(90)]
    assert max(errors) < 24, "half a millisecond, while nothing is known"
    assert max(errors[4000:]) < 1.5
    assert max(errors[6000:]) < 1
    assert stream.ppm() == pytest.approx(ppm, abs=1)
    assert stream.matching.matched.phase_error_max_ns < MS // 2
    assert (stream.leaps, stream.limits) == ([], 0)


def test_an_hour_of_10_ms_looks_does_not_drift() -> None:
    stream = Stream(-500)
    errors = list(stream.run(3600))
    assert max(map(abs, errors[6000:])) < 1
    assert stream.ppm() == pytest.approx(-500, abs=1)


@pytest.mark.parametrize(
    ("grain", "jitter_ns", "bound_frames", "bound_ppm"), [(48, 0, 48, 3), (480, 0, 480, 30), (1, 200_000, 12, 3)]
)
def test_coarse_and_late_positions_make_no_more_error_than_they_are_wrong(
    grain: int, jitter_ns: int, bound_frames: int, bound_ppm: int
) -> None:
    stream = Stream(300, grain, jitter_ns)
    errors = list(stream.run(300))
    assert max(map(abs, errors[12000:])) <= bound_frames
    assert stream.ppm() == pytest.approx(300, abs=bound_ppm)
    assert stream.leaps == []


def test_nobody_hears_the_pitch_change() -> None:
    stream = Stream(500, jitter_ns=200_000)
    list(stream.run(60))
    changes = [abs(b - a) for a, b in zip(stream.speeds, stream.speeds[1:], strict=False)]
    assert max(changes) <= SPEED_CHANGE_MAX * BLOCK / RATE_HZ * 1.001
    settled = stream.speeds[4000:]
    assert max(settled) - min(settled) < 20e-6, "a fiftieth of what is just noticed"


@pytest.mark.parametrize("look_ns", [2 * MS, 100 * MS, SECOND_NS])
def test_it_does_not_matter_how_often_anybody_looks(look_ns: int) -> None:
    stream = Stream(-300)
    errors = list(stream.run(180, look_ns))
    assert max(map(abs, errors[-SECOND_NS // look_ns * 60 :])) < 1
    assert stream.ppm() == pytest.approx(-300, abs=1)


@pytest.mark.parametrize("jump_frames", [-4800, 4800])
def test_a_card_that_stalls_or_jumps_makes_one_leap(jump_frames: int) -> None:
    stream = Stream(100)
    list(stream.run(60))
    stream.true += max(jump_frames, 0)
    stream.now_ns += max(-jump_frames, 0) * SECOND_NS // RATE_HZ
    stream.mixed = max(stream.mixed, int(stream.true))
    errors = list(stream.run(20))
    (leap,) = stream.leaps
    assert leap * jump_frames < 0
    assert max(map(abs, errors[10:])) < LEAP_NS * RATE_HZ // SECOND_NS
    assert abs(errors[-1]) < 100


@pytest.mark.parametrize("ppm", [-10_000, 10_000])
def test_what_is_no_crystal_is_limited_counted_once_and_leapt_after(ppm: float) -> None:
    stream = Stream(ppm)
    errors = list(stream.run(60))
    assert all(1 - STEER_MAX <= speed <= 1 + STEER_MAX for speed in stream.speeds)
    assert stream.limits == stream.matching.matched.limited >= 1
    assert stream.matching.matched.leaps == len(stream.leaps) > 10
    assert max(map(abs, errors)) < 4 * LEAP_NS * RATE_HZ // SECOND_NS, "20 ms to start anew, and 10"


def test_a_card_that_takes_its_time_to_start_is_not_behind() -> None:
    stream = Stream(0)
    rate, stream.rate = stream.rate, 0.0
    for _ in range(5):
        stream.pass_ns(2 * MS)
        stream.device.at = 0
        stream.matching.observe(stream.now_ns)
    stream.rate = rate
    errors = list(stream.run(5))
    assert max(map(abs, errors)) < 2
    assert stream.leaps == []


def test_laid_anew_it_begins_at_the_speed_that_was_learnt() -> None:
    stream = Stream(400)
    list(stream.run(60))
    line = stream.matching.lay(1000, stream.mixed, stream.now_ns)
    assert stream.ppm() == pytest.approx(400, abs=1)
    assert line.begun(0, stream.now_ns) == 1000
    assert line.place(stream.mixed) == pytest.approx(1000, abs=0.1)


def test_of_several_openings_the_last_ratio_counts_and_the_worst_error() -> None:
    first = Matched(rate_ratio_ppm=5.0, phase_error_max_ns=9, limited=1, leaps=2)
    then = Matched(rate_ratio_ppm=6.0, phase_error_max_ns=3, limited=0, leaps=1)
    assert joined(first, then) == Matched(rate_ratio_ppm=6.0, phase_error_max_ns=9, limited=1, leaps=3)
    assert joined(None, then) is then
    assert joined(first, None) is first
    assert joined(None, None) is None
