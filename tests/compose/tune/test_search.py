"""The search against machines that are made up: exact ones, noisy ones, those that always hold or never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose.tune.ledger import Seen
from compose.tune.search import CLIMBS, VERIFICATIONS_MAX, Search
from compose.tune.terms import Terms, agree
from tests.compose.tune.oracle import Oracle, always, drawn, needs, needs_buffer, never

TERMS = agree(None, 10)
A, B, C = (1, 0), (2, 0), (3, 0)


def test_on_an_exact_machine_the_smallest_is_found_for_everybody_at_once() -> None:
    oracle = Oracle({"speaker": needs(4)}, {
        A: ("speaker", needs_buffer(0)), B: ("speaker", needs_buffer(7)), C: ("speaker", needs_buffer(19)),
    })  # fmt: skip
    search = oracle.searched(TERMS)
    assert search.best.periods == {"speaker": 4}
    assert search.best.buffers == {A: 0, B: 7, C: 19}
    assert all(search.shown(key) for key in (A, B, C))
    assert len(oracle.trials) <= 1 + 4 + 5 + 1, "as many as for one guest"


@given(st.integers(0, 9), st.lists(st.integers(0, 19), min_size=1, max_size=5))
def test_every_threshold_is_found(period: int, buffers: list[int]) -> None:
    streams = {(1 + n, 0): ("speaker", needs_buffer(buffer)) for n, buffer in enumerate(buffers)}
    search = Oracle({"speaker": needs(period)}, streams).searched(TERMS)
    assert search.best.periods == {"speaker": period}
    assert list(search.best.buffers.values()) == buffers


def test_where_nothing_ever_fails_the_smallest_of_all_is_taken() -> None:
    search = Oracle({"speaker": never}, {A: ("speaker", never)}).searched(TERMS)
    assert (search.best.periods["speaker"], search.best.buffers[A]) == (0, 0)
    assert search.smaller(A) is None
    assert search.shown(A)


def test_where_everything_fails_it_ends_after_two_trials_of_the_safest() -> None:
    oracle = Oracle({"speaker": always}, {A: ("speaker", never)})
    search = oracle.searched(TERMS)
    assert len(oracle.trials) == 2
    assert search.over
    assert not search.held(A)
    assert search.verified(A) is None


def test_one_guest_whom_nothing_helps_does_not_hold_up_the_others() -> None:
    search = Oracle({"speaker": needs(3)}, {A: ("speaker", always), B: ("speaker", needs_buffer(5))}).searched(TERMS)
    assert not search.held(A)
    assert search.best.buffers[B] == 5
    assert search.shown(B)


def test_devices_are_searched_side_by_side() -> None:
    oracle = Oracle({"speaker": needs(2), "headset": needs(8)}, {
        A: ("speaker", needs_buffer(3)), B: ("headset", needs_buffer(1)),
    })  # fmt: skip
    search = oracle.searched(TERMS)
    assert search.best.periods == {"speaker": 2, "headset": 8}
    assert search.best.buffers == {A: 3, B: 1}
    assert len(oracle.trials) <= 11


def test_a_lost_device_ends_only_its_own_guests() -> None:
    search = Oracle({"speaker": always, "headset": needs(1)}, {
        A: ("speaker", never), B: ("headset", needs_buffer(4)),
    }).searched(TERMS)  # fmt: skip
    assert not search.held(A)
    assert search.shown(B)
    assert search.best.buffers[B] == 4


def test_a_device_that_runs_dry_while_buffers_are_searched_gets_a_longer_period_and_guests_begin_anew() -> None:
    oracle = Oracle({"speaker": needs(3)}, {A: ("speaker", needs_buffer(6))})
    search = Search({"speaker": (20,) * 10}, {A: "speaker"}, TERMS)
    while (trial := search.next()) is not None:
        seen = oracle.run(trial)
        first = sum(made.purpose == "buffers" for made in oracle.trials) == 1
        search.tell(trial, Seen({"speaker": 1}, {A: 1}) if first and trial.purpose == "buffers" else seen)
    assert search.best.periods == {"speaker": 4}
    assert search.best.buffers == {A: 6}, "what failed with its device says nothing of it"


def test_a_period_that_is_not_granted_is_no_period() -> None:
    search = Search({"speaker": (20,) * 10}, {A: "speaker"}, TERMS)
    while (trial := search.next()) is not None:
        refused = frozenset({"speaker"} if trial.setting.periods["speaker"] < 5 else ())
        search.tell(trial, Seen({"speaker": 0}, {A: 0}, refused))
    assert search.best.periods == {"speaker": 5}


def test_what_fails_verification_goes_up_further_each_time() -> None:
    search = Search({"speaker": (20,) * 10}, {A: "speaker", B: "speaker"}, TERMS)
    buffers: list[int] = []
    while (trial := search.next()) is not None:
        verifies = trial.purpose == "verification"
        if verifies:
            buffers.append(trial.setting.buffers[A])
        search.tell(trial, Seen({"speaker": 0}, {A: int(verifies), B: 0}))
    assert buffers == [0, 1, 3, 7]
    assert len(buffers) == VERIFICATIONS_MAX == 1 + len(CLIMBS)
    assert not search.shown(A)
    assert search.best.buffers == {A: 7, B: 0}, "what is said of it was measured with it"
    counted = search.verified(B)
    assert counted is not None
    assert counted.seconds == 4 * TERMS.verify_seconds, "what did not change counts together"


def test_a_device_that_fails_verification_goes_up_and_its_guests_keep_their_periods() -> None:
    search = Search({"speaker": (20, 20, 20, 3)}, {A: "speaker"}, TERMS)
    settings: list[tuple[int, int]] = []
    while (trial := search.next()) is not None:
        verifies = trial.purpose == "verification"
        period, buffer = trial.setting.periods["speaker"], trial.setting.buffers[A]
        dry = int(verifies and period < 3)
        if verifies:
            settings.append((period, buffer))
        search.tell(trial, Seen({"speaker": dry}, {A: dry + 50 * (not verifies and buffer < 5 and period == 0)}))
    assert settings == [(0, 5), (1, 5), (3, 2)], "as many as there are on that rung"
    assert search.shown(A)


def test_a_guest_that_hardly_gets_on_has_failed_and_nothing_is_known_of_the_others() -> None:
    search = Search({"speaker": (20,) * 10}, {A: "speaker", B: "speaker"}, TERMS)
    while (trial := search.next()) is not None:
        period, buffers = trial.setting.periods["speaker"], trial.setting.buffers
        if period < 3 or buffers[A] < 6 or (trial.purpose == "verification" and buffers[A] < 7):
            search.tell(trial, Seen({}, {}, unfinished=frozenset({A})))
        else:
            search.tell(trial, Seen({"speaker": 0}, {A: 0, B: int(buffers[B] < 4)}))
    assert search.best.periods == {"speaker": 3}
    assert search.best.buffers == {A: 7, B: 4}
    assert search.shown(A)
    assert search.shown(B)


def test_with_a_target_that_allows_some_they_are_no_failure() -> None:
    oracle = Oracle({"speaker": lambda period: 0.5 / (1 + period) ** 2}, {A: ("speaker", never)}, seed=3)
    search = oracle.searched(Terms(target_hz=2.0, seconds=10))
    assert (search.best.periods["speaker"], search.best.buffers[A]) == (0, 0)
    assert search.shown(A)


def test_at_any_moment_the_best_so_far_can_be_asked_for() -> None:
    oracle = Oracle({"speaker": needs(4)}, {A: ("speaker", needs_buffer(7))})
    search = Search({"speaker": (20,) * 10}, {A: "speaker"}, TERMS)
    assert not search.held(A)
    best: list[tuple[int, int]] = []
    while (trial := search.next()) is not None:
        search.tell(trial, oracle.run(trial))
        best.append((search.best.periods["speaker"], search.best.buffers[A]))
        assert search.held(A)
    assert best == sorted(best, reverse=True), "never worse"
    assert all(period >= 4 and (buffer >= 7 or period > 4) for period, buffer in best)
    assert search.smaller(A) is not None


@pytest.mark.parametrize("target", ["1/s", None])
def test_on_noisy_machines_what_is_shown_is_true(target: str | None) -> None:
    """Each verification may be wrong in 5 of 100, and there are up to four; fewer are, since most have a margin."""
    terms = agree(target, 5)
    wrong = shown = 0
    for seed in range(300):
        oracle = drawn(seed)
        search = oracle.searched(terms)
        found = [key for key in oracle.streams if search.shown(key)]
        shown += len(found)
        wrong += sum(oracle.rate(search, key) > terms.target_hz for key in found)
    assert shown > 300, "and most are found"
    assert wrong / shown < 0.05


def test_the_same_luck_makes_the_same_search() -> None:
    first, second = (drawn(5).searched(TERMS).ledger.entries for _ in range(2))
    assert first == second
