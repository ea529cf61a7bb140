"""Every pacing keeps the contract, with each weakness that cards have; and each rule finds what it is for."""

import pytest

from backend.devices.api import AudioDevice
from backend.pacing import checks
from backend.pacing.adaptive import AdaptiveSource
from backend.pacing.api import NEVER, Seen
from backend.pacing.checks import PROMPT_RULES, Rule, check_pacing
from backend.pacing.choose import MakePacing
from backend.pacing.irq import IrqSource
from backend.pacing.naive import NaiveTimerSource
from backend.pacing.timer import TimerSource
from hosts.api import Loop, OnTime
from hosts.sim.delays import Delays, uniform_ns
from hosts.sim.loop import SimLoop
from tests.backend.pacing.scripted import IN_NO_TIME, MS, PERIOD, card, sim_loop

LATE = Delays(wake_ns=uniform_ns(0, 2 * MS))

CARDS: dict[str, dict[str, object]] = {
    "exact": {},
    "fast": {"drift_ppm": 500.0},
    "slow": {"drift_ppm": -500.0},
    "steps": {"position_granularity_frames": 120},
    "late interrupts": {"interrupt_latency_ns": MS, "interrupt_jitter_ns": 3 * MS},
    "lost interrupts": {"lost_interrupts_ppm": 300_000, "drift_ppm": -500.0},
    "trembling": {"crystal_jitter_ns": MS},
    "256 frames": {"period_frames": 256, "buffer_frames": 1024},
    "2 s": {"buffer_frames": 96_000},
}
"""Which weakness of which card."""
AT_INTERRUPTS_ONLY: dict[str, object] = {"position_granularity_frames": PERIOD, "lost_interrupts_ppm": 300_000}
PACINGS: list[MakePacing] = [IrqSource, TimerSource, NaiveTimerSource, AdaptiveSource]


def check(
    make_pacing: MakePacing,
    options: dict[str, object],
    delays: Delays,
    latency_frames: int = NEVER,
    rules: tuple[Rule, ...] = PROMPT_RULES,
) -> None:
    loop: SimLoop = sim_loop(delays)

    def stall(ns: int) -> None:
        loop.pause(loop.now_ns() + ns)

    check_pacing(make_pacing, lambda: card(loop, options), loop, stall, rules, latency_frames)


@pytest.mark.parametrize("delays", [IN_NO_TIME, LATE], ids=["prompt", "late"])
@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("make_pacing", PACINGS)
def test_contract(make_pacing: MakePacing, name: str, delays: Delays) -> None:
    check(make_pacing, CARDS[name], delays)


@pytest.mark.parametrize("latency_frames", [1, PERIOD, 4 * PERIOD])
@pytest.mark.parametrize("name", CARDS)
def test_contract_of_adaptive_with_guests_that_want_to_be_heard_soon(name: str, latency_frames: int) -> None:
    check(AdaptiveSource, CARDS[name], LATE, latency_frames)


@pytest.mark.parametrize("make_pacing", PACINGS[:3])
def test_contract_with_a_card_that_shows_its_position_at_interrupts_only(make_pacing: MakePacing) -> None:
    check(make_pacing, AT_INTERRUPTS_ONLY, LATE)


class Restless(TimerSource):
    """Looks before it is started."""

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        super().__init__(loop, look, device)
        self.start(0)


class Deaf(TimerSource):
    """Never looks."""

    def start(self, now_ns: int) -> None:
        """Not at all."""


class Uncounted(TimerSource):
    """Forgets to count."""

    def _on_tick(self, now_ns: int) -> None:
        super()._on_tick(now_ns)
        self.looks = 0


class Spinning(TimerSource):
    """Looks all the time."""

    def looked(self, seen: Seen, now_ns: int) -> None:
        if self._start_ns >= 0:
            self._timer.arm(now_ns + 100_000)


class Unstoppable(TimerSource):
    """Cannot be stopped."""

    def stop(self) -> None:
        """Not at all."""


class Stubborn(TimerSource):
    """Goes on when it was stopped from within a look."""

    def _on_tick(self, now_ns: int) -> None:
        super()._on_tick(now_ns)
        self._timer.arm(now_ns + 10 * MS)


class OneTime(TimerSource):
    """Cannot be started again."""

    def start(self, now_ns: int) -> None:
        if not self.looks:
            super().start(now_ns)


class Bursting(TimerSource):
    """Makes up for every tick that it missed, at once."""

    def _on_tick(self, now_ns: int) -> None:
        self.looks += 1
        self._tick += 1
        self._timer.arm(self._due_ns(self._tick))
        self._look(now_ns)


class Prophet(TimerSource):
    """Looks before it is time."""

    def _on_tick(self, now_ns: int) -> None:
        super()._on_tick(now_ns + 10 * MS)


class Greedy(TimerSource):
    """Fills further than the buffer reaches."""

    def fill_until(self, position: int, latency_frames: int) -> int:
        return max(super().fill_until(position, latency_frames), position + latency_frames)


class Sparing(TimerSource):
    """Fills too little."""

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        super().__init__(loop, look, device)
        self.least_frames = 48

    def fill_until(self, position: int, latency_frames: int) -> int:
        return position + self.least_frames


class Seldom(TimerSource):
    """Looks every third period."""

    def __init__(self, loop: Loop, look: OnTime, device: AudioDevice) -> None:
        super().__init__(loop, look, device)
        self._period_frames *= 3


@pytest.mark.parametrize(
    ("make_pacing", "rule", "because"),
    [
        (Restless, checks.nothing_before_start, ""),
        (Deaf, checks.every_end_is_found, "0 ends of periods found of 32, after 0 looks"),
        (Uncounted, checks.looks_are_counted, ""),
        (Spinning, checks.looks_are_counted, ""),
        (Unstoppable, checks.stop_ends_looks, ""),
        (Stubborn, checks.a_look_may_stop_it, ""),
        (OneTime, checks.it_can_be_started_again, ""),
        (OneTime, checks.a_look_may_start_it_again, ""),
        (Bursting, checks.what_was_missed_is_caught_up, "7 looks found nothing"),
        (Prophet, checks.every_end_is_found, "which is yet to come"),
        (Greedy, checks.every_end_is_found, "the buffer ends at 1920"),
        (Sparing, checks.nothing_runs_dry, ""),
        (Seldom, checks.ends_are_found_in_time, "an end was found 960 frames late"),
    ],
)
def test_broken_pacings_are_found(make_pacing: MakePacing, rule: Rule, because: str) -> None:
    with pytest.raises(AssertionError, match=f"^{rule.__name__}: .*{because}"):
        check(make_pacing, {}, IN_NO_TIME, rules=(rule,))
