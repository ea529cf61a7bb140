"""backend.latency.comparison.delays: a group's delays in a few numbers, by run, pooled over guests within each."""

import dataclasses
from pathlib import Path

import numpy as np

from backend.latency.comparison.conditions import grouped
from backend.latency.comparison.delays import arm, boiled_down, delays_of
from backend.latency.comparison.measured import nothing_of
from backend.latency.comparison.shelf import Shelf
from backend.latency.statistics.estimate import Estimate, TooLittle
from tests.backend.latency.comparison.experiments import repeated, told
from tests.backend.latency.statistics.drawn import series

KEYS = [(1, 0), (2, 0)]


def generator() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_quantile_is_that_of_a_run_on_the_mean_over_runs() -> None:
    found = boiled_down("timer pacing", [series(np.arange(1000) + offset) for offset in (0, 100, 500)], generator())
    assert found.means_ns == {"p50": 499 + 200, "p99": 989 + 200, "p999": None}
    assert (found.n, found.max_ns) == (3000, 1499)
    at_p99 = found.estimates["p99"]
    assert isinstance(at_p99, Estimate)
    assert at_p99.value_ns == 989 + 200
    assert isinstance(found.estimates["p999"], TooLittle)


def test_two_runs_have_figures_and_no_estimate() -> None:
    found = boiled_down("timer pacing", [series(np.arange(1000))] * 2, generator())
    assert found.means_ns["p99"] == 989
    assert found.estimates["p99"] == TooLittle(
        "timer pacing has 2 runs with delays, and 3 are the least to see how runs differ"
    )


def test_a_quantile_that_one_run_does_not_carry_is_not_quoted() -> None:
    found = boiled_down("timer pacing", [series(np.arange(n)) for n in (1000, 1000, 999)], generator())
    assert found.means_ns == {"p50": 499, "p99": None, "p999": None}


def test_nothing_is_said_of_nothing() -> None:
    found = boiled_down("timer pacing", [], generator())
    assert (found.n, found.max_ns, found.means_ns["p50"]) == (0, None, None)
    assert len(found.ordered_ns) == 0


def test_streams_are_pooled_within_each_run(tmp_path: Path) -> None:
    runs = repeated(told())
    (nothing,) = nothing_of(runs).values()
    shelf = Shelf(tmp_path)
    for run in runs:
        delays = {key: series(np.full(500, 100 * key[0] + run.number)) for key in KEYS}
        shelf.put(run.number, {key: dataclasses.replace(nothing, period_lateness=each) for key, each in delays.items()})
    (group,) = grouped(runs)
    found = delays_of(group, "period_lateness", KEYS, shelf, generator())
    assert list(found) == [None, (1, 0), (2, 0)]
    assert [each.n for each in found.values()] == [3000, 1500, 1500]
    assert [each.means_ns["p50"] for each in found.values()] == [101, 101, 201]
    assert [each.means_ns["p99"] for each in found.values()] == [201, None, None]


def test_an_arm_has_them_under_its_condition(tmp_path: Path) -> None:
    (group,) = grouped(repeated(told()))
    found = arm(group, "playback_delay", (3, 16), boiled_down("irq", [series(np.arange(1000))] * 3, generator()))
    assert (found.condition, found.metric, found.domid, found.stream) == ("irq", "playback_delay", 3, 16)
    assert (found.n, found.p50_ns, found.p99_ns, found.p999_ns, found.max_ns) == (3000, 499, 989, None, 999)
