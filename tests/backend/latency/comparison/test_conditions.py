"""backend.latency.comparison.conditions: which runs belong together, and what is compared with what."""

from pathlib import Path

import pytest

from backend.latency.comparison.conditions import condition, grouped, pairs
from backend.latency.comparison.measured import Measured
from tests.backend.latency.comparison.experiments import measured, told


def runs(*made: tuple[str, str, str]) -> list[Measured]:
    """One run for each (set, pacing, load)."""
    return [measured(told(pacing=pacing, load=load), number, of) for number, (of, pacing, load) in enumerate(made)]


def compared(*made: tuple[str, str, str]) -> list[tuple[str, str]]:
    return [(pair.first.name, pair.second.name) for pair in pairs(grouped(runs(*made)))]


def test_runs_of_one_pacing_load_and_set_are_a_group() -> None:
    groups = grouped(runs(("", "irq", "idle"), ("", "timer", "idle"), ("", "irq", "idle"), ("", "irq", "busy")))
    assert [(group.name, [run.number for run in group.runs]) for group in groups] == [
        ("timer", [1]),
        ("irq", [0, 2]),
        ("irq, busy", [3]),
    ]


def test_each_pacing_is_measured_by_timer_idle_first_then_under_load() -> None:
    made = [("", pacing, load) for load in ("busy", "idle") for pacing in ("irq", "zigzag", "adaptive", "timer")]
    assert compared(*made) == [
        ("timer", "irq"),
        ("timer, busy", "irq, busy"),
        ("timer", "adaptive"),
        ("timer, busy", "adaptive, busy"),
        ("timer", "zigzag"),
        ("timer, busy", "zigzag, busy"),
    ]


def test_without_timer_interrupts_are_what_others_are_measured_by() -> None:
    assert compared(("", "adaptive", "idle"), ("", "irq", "idle")) == [("irq", "adaptive")]


def test_sets_are_compared_under_what_they_have_in_common_before_all_else() -> None:
    made = [("old", "irq", "idle"), ("old", "timer", "idle"), ("new", "irq", "idle"), ("new", "irq", "busy")]
    assert compared(*made) == [("old: irq", "new: irq"), ("old: timer", "old: irq"), ("new: irq", "new: irq, busy")]


def test_every_set_is_compared_with_the_first() -> None:
    assert compared(("a", "irq", "idle"), ("b", "irq", "idle"), ("c", "irq", "idle")) == [
        ("a: irq", "b: irq"),
        ("a: irq", "c: irq"),
    ]


def test_runs_that_are_all_alike_are_compared_with_nothing() -> None:
    assert compared(("", "irq", "idle"), ("", "irq", "idle")) == []


def test_loads_are_compared_with_idle_where_pacing_does_not_vary() -> None:
    made = [("", "irq", load) for load in ("flood", "idle", "busy")]
    assert compared(*made) == [("irq", "irq, busy"), ("irq", "irq, flood")]
    assert compared(("", "irq", "flood"), ("", "irq", "busy")) == [("irq, busy", "irq, flood")]


def test_where_pacing_varies_loads_are_not_the_question() -> None:
    made = [("", "timer", "idle"), ("", "timer", "busy"), ("", "irq", "idle")]
    assert compared(*made) == [("timer", "irq")]


def test_each_set_asks_what_it_can() -> None:
    made = [("a", "irq", "idle"), ("a", "irq", "busy"), ("b", "timer", "idle"), ("b", "irq", "idle")]
    assert compared(*made) == [("a: irq", "b: irq"), ("a: irq", "a: irq, busy"), ("b: timer", "b: irq")]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ([("", "timer", "idle"), ("", "irq", "idle")], ("timer pacing", "interrupt pacing", "")),
        ([("", "timer", "busy"), ("", "irq", "busy")], ("timer pacing", "interrupt pacing", "under load (busy), ")),
        ([("a", "irq", "idle"), ("b", "irq", "idle")], ("set a's interrupt pacing", "set b's interrupt pacing", "")),
        ([("a", "timer", "idle"), ("a", "irq", "idle")], ("timer pacing", "interrupt pacing", "in set a, ")),
        ([("", "irq", "idle"), ("", "irq", "busy")], ("the idle machine", "the machine under load (busy)", "")),
        (
            [("", "irq", "busy"), ("", "irq", "flood")],
            ("the machine under load (busy)", "the machine under load (flood)", ""),
        ),
    ],
)
def test_a_pair_says_once_what_both_have_in_common(
    made: list[tuple[str, str, str]], said: tuple[str, str, str]
) -> None:
    (pair,) = pairs(grouped(runs(*made)))
    names = pair.names("p99")
    assert (names.first, names.second, pair.when) == said
    assert names.at == "p99"


def test_a_condition_has_the_figures_of_its_runs() -> None:
    made = [measured(told(looks=looks, cpu_s=0.5), number, gaps=2) for number, looks in enumerate((1000, 3000))]
    (group,) = grouped(made)
    found = condition(group, Path("runs/all"))
    assert found.runs == ["../00-irq", "../01-irq"]
    assert (found.seconds, found.looks_per_s, found.cpu_ms_per_s) == (20.0, 200.0, 50.0)
    assert (found.underruns, found.underruns_per_s) == (4, 0.2)
    # Garwood's interval of 4 events: 1.09 to 10.24.
    assert found.underruns_low_per_s == pytest.approx(1.0899 / 20, rel=1e-4)
    assert found.underruns_high_per_s == pytest.approx(10.2416 / 20, rel=1e-4)


def test_simulated_runs_have_no_cpu_figure() -> None:
    (group,) = grouped([measured(told(world="sim"))])
    assert condition(group, Path()).cpu_ms_per_s is None
