"""backend.latency.comparison.ratios: how many times as often, with how sure that is, and in words."""

import numpy as np
import pytest

from backend.latency.comparison.conditions import Pair, grouped, pairs
from backend.latency.comparison.ratios import log_ratio, ratios
from backend.latency.comparison.result import Ratio
from backend.latency.facts import Facts
from backend.latency.statistics.estimate import TooLittle
from backend.latency.statistics.rates import RatioInterval
from tests.backend.latency.comparison.experiments import measured, repeated, told


def pair(first: list[Facts], second: list[Facts], gaps: tuple[int, int] = (0, 0)) -> Pair:
    runs = [measured(facts, 0, "", gaps[0]) for facts in first] + [measured(facts, 0, "", gaps[1]) for facts in second]
    (found,) = pairs(grouped(runs))
    return found


def of(what: str, found: Pair) -> Ratio:
    (ratio,) = [each for each in ratios(found) if each.what == what]
    return ratio


def looking(pacing: str, *looks: int, world: str = "processes") -> list[Facts]:
    return [told(pacing=pacing, looks=each, world=world) for each in looks]


def test_the_interval_of_a_ratio_is_welchs_over_logarithms() -> None:
    found = log_ratio([1.0, 2.0, 4.0], [8.0, 8.0, 8.0])
    assert isinstance(found, RatioInterval)
    assert found.value == pytest.approx(4.0)
    # One side varies: t of 2 degrees is 4.3027, the standard error ln 2 / sqrt 3.
    reach = 4.30265 * np.log(2) / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx((4 * np.exp(-reach), 4 * np.exp(reach)), rel=1e-5)


def test_nineteen_of_twenty_intervals_hold_the_ratio() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(1000):
        first, second = generator.lognormal(0, 0.2, 5), generator.lognormal(np.log(5), 0.2, 5)
        found = log_ratio(first.tolist(), second.tolist())
        assert isinstance(found, RatioInterval)
        held += found.low <= 5 <= found.high
    assert 930 <= held <= 970


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 2.0, 0.0], [1.0, 2.0, None]])
def test_too_few_runs_or_a_silent_one_give_no_ratio(values: list[float | None]) -> None:
    assert isinstance(log_ratio([1.0, 1.0, 1.0], values), TooLittle)
    assert isinstance(log_ratio(values, [1.0, 1.0, 1.0]), TooLittle)


def test_more_wake_ups_are_said_with_their_interval() -> None:
    found = of("looks", pair(looking("timer", 1000, 1000, 1000), looking("irq", 4900, 5000, 5100)))
    assert found.ratio == pytest.approx(5, rel=0.01)
    assert found.sentence == (
        "interrupt pacing wakes the backend 5 times as often as timer pacing (95 % CI 4.76 to 5.25)"
    )


def test_equals_are_said_to_be_so() -> None:
    found = of("looks", pair(looking("timer", 1000, 1001, 999), looking("irq", 1000, 1001, 1002)))
    assert found.sentence == "interrupt pacing wakes the backend as often as timer pacing (95 % CI 0.999 to 1)"


def test_what_may_be_either_is_no_verdict() -> None:
    found = of("cpu", pair(looking("timer", 1, 1, 1), [told(cpu_s=cpu) for cpu in (0.2, 0.5, 1.0)]))
    assert found.sentence.startswith("no verdict on CPU time: interrupt pacing takes ")
    assert found.low is not None
    assert found.low < 1


def test_simulated_time_has_no_cpu_ratio() -> None:
    found = of("cpu", pair(looking("timer", 1, 1, 1, world="sim"), looking("irq", 1, 1, 1, world="sim")))
    assert (found.ratio, found.low, found.high) == (None, None, None)
    assert found.sentence == "no verdict on CPU time: a run has none, or does not say"


def test_underruns_have_the_exact_interval_of_their_ratio() -> None:
    found = of("underruns", pair(looking("timer", 1, 1, 1), looking("irq", 1, 1, 1), gaps=(10, 1)))
    assert found.ratio == pytest.approx(0.1)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.1 < found.high < 1
    assert found.sentence.startswith(
        "interrupt pacing has underruns (gaps that were heard) 0.1 times as often (95 % CI "
    )


def test_underruns_where_the_first_has_none_have_no_upper_end() -> None:
    found = of("underruns", pair(looking("timer", 1, 1, 1), looking("irq", 1, 1, 1), gaps=(0, 4)))
    assert (found.ratio, found.high) == (None, None)
    assert found.low is not None
    assert found.low > 1


def test_no_underruns_at_all_are_a_bound() -> None:
    found = of("underruns", pair(looking("timer", 1, 1, 1), looking("irq", 1, 1, 1)))
    assert (found.ratio, found.low, found.high) == (None, 0, None)
    assert found.sentence == (
        "no verdict on underruns (gaps that were heard): timer pacing none in 30 s, so fewer than 0.1 per s; "
        "interrupt pacing none in 30 s, so fewer than 0.1 per s"
    )


def test_underruns_of_two_runs_are_counted_and_not_judged() -> None:
    found = of("underruns", pair(looking("timer", 1, 1), looking("irq", 1, 1), gaps=(1, 3)))
    assert (found.ratio, found.low, found.high) == (3, None, None)
    assert "fewer than 3 runs" in found.sentence


def test_sentences_begin_with_the_load() -> None:
    (found,) = pairs(grouped([*repeated(told(pacing="timer", load="busy")), *repeated(told(load="busy"))]))
    assert all(ratio.sentence.startswith("under load (busy), ") for ratio in ratios(found))
