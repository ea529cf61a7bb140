"""Distributions of delays stay within what they promise."""

from random import Random
from statistics import median

from hosts.sim.delays import behind_turns_ns, long_tail_ns, uniform_ns


def test_uniform_reaches_both_ends_and_no_further() -> None:
    random, draw = Random(1), uniform_ns(3, 6)
    assert {draw(random) for _ in range(200)} == {3, 4, 5, 6}


def test_long_tail_is_centred_capped_and_sometimes_late() -> None:
    random, draw = Random(1), long_tail_ns(50_000, 1.0, 1_000_000)
    drawn = [draw(random) for _ in range(5000)]
    assert 47_000 < median(drawn) < 53_000
    assert 500_000 < max(drawn) <= 1_000_000
    assert min(drawn) > 0


def test_same_generator_same_draws() -> None:
    draw = long_tail_ns(50_000, 1.0, 1_000_000)
    one, two = Random(7), Random(7)
    assert [draw(one) for _ in range(50)] == [draw(two) for _ in range(50)]


def test_turns_of_others_are_waited_for_as_often_as_said_and_no_longer() -> None:
    random, draw = Random(1), behind_turns_ns(uniform_ns(7, 7), 0.25, 1000)
    drawn = [draw(random) for _ in range(4000)]
    assert min(drawn) == 7
    assert 990 < max(drawn) <= 1007
    assert 900 < sum(ns > 7 for ns in drawn) < 1100
