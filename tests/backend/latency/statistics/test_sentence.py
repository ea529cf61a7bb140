"""backend.latency.statistics.sentence."""

import pytest

from backend.latency.statistics.estimate import Interval, TooLittle
from backend.latency.statistics.rates import Count
from backend.latency.statistics.sentence import Names, sentence, times_as_often, underruns_sentence
from backend.latency.statistics.verdict import Judgement, decide

NAMES = Names("timer pacing", "interrupt pacing", "p99")
MARGIN_NS = 500_000


def said(value_ns: int, low_ns: int, high_ns: int, level: float = 0.95, wakes_ratio: float | None = None) -> str:
    interval = Interval(low_ns, high_ns, level)
    return sentence(NAMES, Judgement(decide(interval, MARGIN_NS), value_ns, interval), MARGIN_NS, wakes_ratio)


def test_better_says_by_how_much_and_what_it_costs() -> None:
    assert said(-1_900_000, -2_200_000, -1_700_000, wakes_ratio=5.0) == (
        "interrupt pacing is 1.9 ms (95 % CI 1.7 to 2.2) earlier at p99; it wakes the backend 5 times as often"
    )


def test_worse_says_later_and_at_which_level_among_guests() -> None:
    assert said(1_900_000, 1_700_000, 2_200_000, level=0.996875) == (
        "interrupt pacing is 1.9 ms (99.7 % CI 1.7 to 2.2) later at p99"
    )


def test_no_difference_names_the_margin_and_what_is_left_open() -> None:
    assert said(20_000, -100_000, 150_000) == (
        "no difference beyond 500 \u00b5s at p99: interrupt pacing is"
        " 100 \u00b5s earlier to 150 \u00b5s later than timer pacing (95 % CI)"
    )


def test_undecided_says_what_may_be() -> None:
    assert said(200_000, -400_000, 1_200_000) == (
        "no verdict at p99: interrupt pacing is"
        " anything from 0.4 ms earlier to 1.2 ms later than timer pacing (95 % CI)"
    )


def test_too_little_says_why() -> None:
    assert sentence(NAMES, TooLittle("nobody played"), MARGIN_NS, 5.0) == "no verdict at p99: nobody played"


@pytest.mark.parametrize(
    ("value_ns", "low_ns", "high_ns", "words"),
    [
        (-2_000_000, -2_000_000, -2_000_000, "2.000 ms (95 % CI 2.000 to 2.000)"),
        (-21_234_567, -39_000_000, -3_000_000, "21 ms (95 % CI 3 to 39)"),
        (-1_900_000, -3_800_000, -20_000, "1.90 ms (95 % CI 0.02 to 3.80)"),
        (-800, -850, -600, "800 ns (95 % CI 600 to 850)"),
    ],
)
def test_digits_are_those_that_the_interval_is_worth(value_ns: int, low_ns: int, high_ns: int, words: str) -> None:
    judgement = Judgement(decide(Interval(low_ns, high_ns, 0.95), 0), value_ns, Interval(low_ns, high_ns, 0.95))
    assert sentence(NAMES, judgement, 0) == f"interrupt pacing is {words} earlier at p99"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1.02, "as often"), (5.0, "5 times as often"), (0.2, "0.2 times as often"), (123.4, "123 times as often")],
)
def test_a_ratio_is_said_to_two_digits(ratio: float, words: str) -> None:
    assert times_as_often(ratio) == words


def each(events: int, runs: int = 3) -> list[Count]:
    """Runs of 200 s that have so many underruns each."""
    return [Count(events, 200)] * runs


def test_underruns_that_are_surely_more_are_compared() -> None:
    assert underruns_sentence(NAMES, each(20), each(5)) == (
        "interrupt pacing has underruns (gaps that were heard) 0.25 times as often (95 % CI 0.13 to 0.45 times):"
        " timer pacing 60 in 600 s; interrupt pacing 15 in 600 s"
    )


def test_underruns_where_the_other_has_none_are_at_least_so_many_times() -> None:
    assert underruns_sentence(NAMES, each(0), each(3)) == (
        "interrupt pacing has underruns (gaps that were heard) where the other has none (95 % CI at least 2 times):"
        " timer pacing none in 600 s, so fewer than 0.005 per s; interrupt pacing 9 in 600 s"
    )


def test_no_underruns_at_all_give_no_verdict_but_a_bound() -> None:
    assert underruns_sentence(NAMES, each(0), each(0, runs=6)) == (
        "no verdict on underruns (gaps that were heard): timer pacing none in 600 s, so fewer than 0.005 per s;"
        " interrupt pacing none in 1200 s, so fewer than 0.0025 per s"
    )


def test_one_run_of_underruns_is_counted_and_not_compared() -> None:
    assert underruns_sentence(NAMES, each(90), each(5, runs=1)) == (
        "no verdict on underruns (gaps that were heard), with fewer than 3 runs of each:"
        " timer pacing 270 in 600 s; interrupt pacing 5 in 200 s"
    )
