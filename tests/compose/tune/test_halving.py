"""The lowest rung that holds."""

import pytest

from compose.tune.halving import Halving


def tried(halving: Halving, least: int) -> list[int]:
    """The rungs that it tries where `least` and all above hold."""
    rungs: list[int] = []
    while not halving.settled:
        assert len(rungs) < 50
        rungs.append(halving.rung)
        halving.told(rungs[-1], held=rungs[-1] >= least)
    return rungs


@pytest.mark.parametrize("rungs", [1, 2, 3, 7, 15, 30])
def test_every_threshold_is_found_in_few_trials(rungs: int) -> None:
    for least in range(rungs):
        halving = Halving(rungs)
        tries = tried(halving, least)
        assert halving.rung == halving.holds == least
        assert len(tries) <= 1 + rungs.bit_length()
        assert tries[0] == rungs - 1, "from the safe one down"


def test_if_the_highest_fails_twice_nothing_holds() -> None:
    halving = Halving(8)
    assert tried(halving, 8) == [7, 7]
    assert halving.lost
    assert halving.rung == 7


def test_one_hiccup_of_the_highest_is_forgiven() -> None:
    halving = Halving(8)
    halving.told(7, held=False)
    assert halving.is_last_chance
    assert not halving.settled
    assert tried(halving, 3)[0] == 7
    assert halving.rung == 3


def test_what_held_once_and_fails_later_does_not_hold() -> None:
    halving = Halving(8)
    tried(halving, 3)
    halving.told(3, held=False)
    assert (halving.settled, halving.rung) == (True, 4)


def test_climbing_settles_above_and_ends_at_the_top() -> None:
    halving = Halving(8)
    tried(halving, 3)
    assert halving.climb(2)
    assert (halving.settled, halving.rung) == (True, 5)
    assert halving.climb(4)
    assert halving.rung == 7
    assert not halving.climb(1)


def test_what_is_known_is_not_tried_again() -> None:
    assert tried(Halving.that_holds(8, 7), 0)[0] == 3
    assert Halving.settled_at(8, 5).settled
    assert Halving.settled_at(8, 5).rung == 5
