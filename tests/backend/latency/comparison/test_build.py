"""backend.latency.comparison.build: a planted effect is found, and where there is none, none is."""

from pathlib import Path

import numpy as np
import pytest

from backend.latency.comparison.build import compare, compare_folder, compare_sets, conclude
from backend.latency.comparison.conditions import grouped
from backend.latency.comparison.delays import ByKey, Delays, boiled_down
from backend.latency.comparison.folders import run_sets
from backend.latency.comparison.result import Comparison, Difference, Metric, read_json
from backend.latency.comparison.shelf import METRICS
from tests.backend.latency.comparison.experiments import measured, repeated, told, write_run
from tests.backend.latency.statistics.drawn import delays_ns, series

MS = 1_000_000
PLANTED_NS = 5 * MS
PERIODS = 1100
RUNS = 5
REPETITIONS = 100


def write_experiment(out: Path, runs: int = 3, later_ns: int = PLANTED_NS) -> None:
    """Runs of either pacing in turn, with alike noise; under `timer` each period is told so much later."""
    rows = delays_ns(np.random.default_rng(1), 2 * runs, seconds=PERIODS // 50)
    for number, late_ns in enumerate(rows):
        pacing = ("timer", "irq")[number % 2]
        facts = told(pacing=pacing, looks=1000 if pacing == "timer" else 5000, duration_s=PERIODS / 100, seed=number)
        write_run(out / f"{number + 1:02}-{pacing}", facts, late_ns + later_ns * (pacing == "timer"))


def at_p99(comparison: Comparison) -> Difference:
    """Of period lateness, all guests together: what the first verdict says."""
    (found,) = [
        each
        for each in comparison.differences
        if (each.metric, each.quantile, each.domid) == ("period_lateness", "p99", None)
    ]
    return found


def holds(found: Difference, truth_ns: int) -> bool:
    return found.low_ns is not None and found.high_ns is not None and found.low_ns <= truth_ns <= found.high_ns


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Comparison]:
    out = tmp_path_factory.mktemp("experiment")
    write_experiment(out)
    return out, compare_folder(out)


def test_five_milliseconds_in_traces_are_found(experiment: tuple[Path, Comparison]) -> None:
    _, comparison = experiment
    asked = [each for each in comparison.differences if (each.metric, each.quantile) == ("period_lateness", "p99")]
    assert [(each.guest, each.said) for each in asked] == [("all guests", "better"), ("media", "better")]
    assert all(holds(each, -PLANTED_NS) for each in asked)
    assert comparison.verdicts[0].startswith("Interrupt pacing is ")
    assert comparison.verdicts[0].endswith("earlier at p99 of period lateness; it wakes the backend 5 times as often.")


def test_arms_differ_by_what_is_said_to_have_changed(experiment: tuple[Path, Comparison]) -> None:
    _, comparison = experiment
    arms = {(arm.condition, arm.metric, arm.domid): arm for arm in comparison.arms}
    timer, irq = (arms[name, "period_lateness", None] for name in ("timer", "irq"))
    assert timer.n == irq.n == 3 * PERIODS
    found = at_p99(comparison)
    assert timer.p99_ns is not None
    assert irq.p99_ns is not None
    assert found.change_ns is not None
    assert abs(irq.p99_ns - timer.p99_ns - found.change_ns) <= 1


def test_the_folder_then_holds_both_files_and_nothing_else_new(experiment: tuple[Path, Comparison]) -> None:
    out, comparison = experiment
    assert read_json(out / "comparison.json") == comparison
    assert "earlier at p99" in (out / "report.html").read_text()
    assert sorted(path.name for path in out.iterdir() if not path.is_dir()) == ["comparison.json", "report.html"]
    assert not list(out.glob(".*"))


def test_the_same_runs_give_the_same_words_and_numbers(experiment: tuple[Path, Comparison]) -> None:
    out, comparison = experiment
    assert compare_folder(out) == comparison


def test_conditions_name_their_runs_as_seen_from_the_comparison(experiment: tuple[Path, Comparison]) -> None:
    _, comparison = experiment
    assert [(each.name, each.runs) for each in comparison.conditions] == [
        ("timer", ["01-timer", "03-timer", "05-timer"]),
        ("irq", ["02-irq", "04-irq", "06-irq"]),
    ]
    assert comparison.margin_ns == 500_000
    assert len(comparison.machines) == 1


def test_sets_are_compared_by_the_same_statistics(tmp_path: Path, experiment: tuple[Path, Comparison]) -> None:
    write_experiment(tmp_path / "new", later_ns=0)
    (tmp_path / "out").mkdir()
    comparison = compare_sets(run_sets([experiment[0], tmp_path / "new"]), tmp_path / "out")
    timer, irq, *_ = comparison.verdicts
    assert timer.startswith("Set new's timer pacing is ")
    assert "earlier at p99 of period lateness" in timer
    assert irq.startswith("No difference beyond 500 \u00b5s at p50 of period lateness: set new's interrupt pacing is ")
    assert "; but no verdict at p99 of period lateness: set new's interrupt pacing is anything from " in irq
    assert comparison.conditions[2].runs[0] == "../new/01-timer"


def test_samples_for_plots_are_all_runs_of_a_condition(tmp_path: Path, experiment: tuple[Path, Comparison]) -> None:
    parts: list[float] = []
    _, samples = compare(run_sets([experiment[0]]), tmp_path, tmp_path, lambda what, part: parts.append(part))
    assert list(samples) == [("timer", 3, 0), ("irq", 3, 0)]
    assert len(samples["irq", 3, 0].period_lateness.delay_ns) == 3 * PERIODS
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_one_run_is_no_comparison_and_says_so(tmp_path: Path) -> None:
    write_run(tmp_path / "01-irq", told(), [1000] * 20)
    comparison = compare_folder(tmp_path)
    assert comparison.verdicts[0].startswith("Nothing to compare")
    assert len(comparison.conditions) == 1


def concluded(timer: Delays, irq: Delays) -> Comparison:
    """What this lateness, of one guest, comes to."""
    runs = [*repeated(told(pacing="timer"), RUNS), *(measured(told(), RUNS + n) for n in range(RUNS))]
    groups = grouped(runs)
    delays: dict[tuple[Metric, str], ByKey] = {(metric, group.name): {} for metric in METRICS for group in groups}
    delays["period_lateness", "timer"] = {None: timer}
    delays["period_lateness", "irq"] = {None: irq}
    return conclude(runs, groups, delays, Path())


def test_no_effect_gives_no_verdict_and_five_milliseconds_do() -> None:
    rows = delays_ns(np.random.default_rng(1), REPETITIONS * 2 * RUNS, seconds=21, runs_differ=0.3)
    generator = np.random.default_rng(2)
    silent = found = held = 0
    for timer, irq in rows.reshape(REPETITIONS, 2, RUNS, -1):
        early, late, other = (
            boiled_down(name, [series(row) for row in rows], generator)
            for name, rows in (("timer", timer), ("timer", timer + PLANTED_NS), ("interrupt", irq))
        )
        nothing, planted = concluded(early, other), concluded(late, other)
        silent += nothing.verdicts[0].startswith(("No verdict at p99", "No difference beyond"))
        found += at_p99(planted).said == "better" and " earlier at p99" in planted.verdicts[0]
        held += holds(at_p99(planted), -PLANTED_NS)
    assert silent >= 94
    assert held >= 94
    assert found == REPETITIONS
