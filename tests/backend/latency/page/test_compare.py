"""backend.latency.page.compare: the page of a comparison, whatever names it is given."""

from pathlib import Path

import pytest

from backend.latency.comparison.build import compare_folder
from backend.latency.comparison.result import Comparison, read_json
from backend.latency.page.compare import verdict
from tests.backend.latency.comparison.experiments import told, write_run
from tests.backend.latency.page.test_write import Page
from tests.backend.latency.synthetic import MS


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of each pacing; the timer is 5 ms later."""
    folder = tmp_path_factory.mktemp("experiment")
    for number in range(6):
        timer = number % 2 == 0
        facts = told(pacing="timer" if timer else "irq", seed=number)
        write_run(folder / f"{number + 1:02}", facts, [(6 if timer else 1) * MS + k % 7 * 1000 for k in range(1100)])
    compare_folder(folder)
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> Page:
    return Page((out / "report.html").read_text())


@pytest.fixture(scope="module")
def comparison(out: Path) -> Comparison:
    return read_json(out / "comparison.json")


def test_the_verdicts_come_first(page: Page, comparison: Comparison) -> None:
    assert comparison.verdicts[0].startswith("Interrupt pacing is 5")
    assert page.text.index(comparison.verdicts[0]) < page.text.index("Conditions")


def test_each_run_is_linked_by_a_relative_path_and_nothing_else_is(page: Page) -> None:
    links = [link for link in page.links if not link.startswith("#")]
    assert sorted(links) == [f"{number:02}/report.html" for number in range(1, 7)]


def test_conditions_intervals_and_method_are_on_it(page: Page) -> None:
    for words in ("timer", "irq", "95 % CI", "The margin", "Underruns", "moving-block bootstrap"):
        assert words in page.text


def test_no_interval_is_broken_at_the_end_of_a_line(out: Path) -> None:
    html = (out / "report.html").read_text()
    assert "95\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE}CI" in html
    assert "% CI" not in html


def test_a_verdict_is_known_by_what_it_says(comparison: Comparison) -> None:
    assert verdict(comparison.verdicts[0], comparison).kind == "better"
    assert verdict("Nobody asked.", comparison).kind == "none"
