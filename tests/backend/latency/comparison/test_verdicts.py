"""backend.latency.comparison.verdicts: which sentences come first, and what weakens them all."""

from typing import Literal

import pytest

from backend.latency.comparison.conditions import Pair, grouped, pairs
from backend.latency.comparison.measured import Measured
from backend.latency.comparison.ratios import ratios
from backend.latency.comparison.result import Difference, Said
from backend.latency.comparison.verdicts import verdicts
from tests.backend.latency.comparison.experiments import measured, repeated, told


def difference(pair: Pair, quantile: Literal["p50", "p99"] = "p99", said: Said = "better") -> Difference:
    return Difference(
        metric="period_lateness", quantile=quantile, first=pair.first.name, second=pair.second.name, domid=None,
        stream=None, guest="all guests", change_ns=-5, low_ns=-6, high_ns=-4, level=0.95, said=said,
        sentence=f"{pair.when}{pair.second.pacing} is {said} at {quantile}", cliffs_delta=-1.0, shift_ns=-5,
    )  # fmt: skip


def concluded(runs: list[Measured], said: Said = "better", middle: Said | None = None) -> list[str]:
    """What is `said` at p99, and at p50 unless that is another."""
    compared = pairs(grouped(runs))
    at: list[tuple[Literal["p50", "p99"], Said]] = [("p50", middle or said), ("p99", said)]
    asked = [difference(pair, quantile, each) for pair in compared for quantile, each in at]
    return verdicts(compared, asked, [ratio for pair in compared for ratio in ratios(pair)], runs)


def runs(*made: tuple[str, str], looks: int = 5000) -> list[Measured]:
    """Three of each (pacing, load)."""
    made_facts = [told(pacing=pacing, load=load, looks=1000 if pacing == "timer" else looks) for pacing, load in made]
    return [run for facts in made_facts for run in repeated(facts)]


def test_lateness_at_p99_comes_first_with_its_price_then_under_load_then_underruns_then_cost() -> None:
    said = concluded(runs(("irq", "busy"), ("timer", "busy"), ("irq", "idle"), ("timer", "idle")))
    assert said[:2] == [
        "Irq is better at p99; it wakes the backend 5 times as often.",
        "Under load (busy), irq is better at p99; it wakes the backend 5 times as often.",
    ]
    assert ["underruns" in each for each in said[2:4]] == [True, True]
    assert said[4] == "Interrupt pacing wakes the backend 5 times as often as timer pacing (95 % CI 5 to 5)."
    assert ["CPU" in each for each in said[4:]] == [False, True, False, True]


@pytest.mark.parametrize("said", ["undecided", "none"])
def test_no_verdict_has_no_price(said: Said) -> None:
    assert concluded(runs(("timer", "idle"), ("irq", "idle")), said)[0] == f"Irq is {said} at p99."


@pytest.mark.parametrize("said", ["undecided", "none"])
def test_where_only_the_median_has_a_verdict_that_is_said_and_that_p99_has_none(said: Said) -> None:
    made = runs(("timer", "idle"), ("irq", "idle"), ("timer", "busy"), ("irq", "busy"))
    assert concluded(made, said, middle="better")[:2] == [
        f"Irq is better at p50; it wakes the backend 5 times as often; but irq is {said} at p99.",
        f"Under load (busy), irq is better at p50; it wakes the backend 5 times as often; but irq is {said} at p99.",
    ]


def test_loads_are_compared_as_pacings_are_but_have_no_price() -> None:
    said = concluded(runs(("irq", "idle"), ("irq", "busy"), ("irq", "flood")), "worse")
    assert said[:2] == ["Irq is worse at p99."] * 2
    assert said[2].startswith("No verdict on underruns (gaps that were heard): the idle machine none in 30 s")
    assert "The machine under load (flood) wakes the backend as often as the idle machine (95 % CI 1 to 1)." in said


def test_a_price_that_is_not_sure_is_not_named_beside_a_verdict() -> None:
    unsure = [measured(told(looks=looks)) for looks in (900, 1000, 1500)]
    assert concluded([*runs(("timer", "idle")), *unsure])[0] == "Irq is better at p99."


def test_underruns_and_cost_are_said_of_the_pacing_asked_about_first() -> None:
    said = concluded(runs(("timer", "idle"), ("irq", "idle"), ("adaptive", "idle")))
    assert len(said) == 2 + 1 + 2
    assert not any("adaptive pacing" in each for each in said)


def test_between_sets_they_are_said_of_every_pacing() -> None:
    made = [run for of in ("a", "b") for pacing in ("timer", "irq") for run in repeated(told(pacing=pacing), of=of)]
    said = concluded(made)
    assert len([each for each in said if "underruns" in each]) == 2
    assert "set b's interrupt pacing" in " ".join(said)


def test_nothing_to_compare_says_what_is_wanted() -> None:
    assert concluded(runs(("irq", "idle")))[0].startswith("Nothing to compare: want two pacings, or two loads")


def test_runs_that_measured_no_lateness_give_no_verdict() -> None:
    compared = pairs(grouped(made := runs(("timer", "idle"), ("irq", "idle"))))
    assert verdicts(compared, [], ratios(compared[0]), made)[0] == (
        "No verdict on period lateness: no run has measured any."
    )


def test_caveats_stand_at_the_end() -> None:
    assert concluded([measured(told(world="sim"))])[-1].startswith("Mind: time was simulated")
