"""backend.latency.comparison.folders: what is a run, what is missing from one, and which sets there are."""

from pathlib import Path

import pytest

from backend.config import ConfigError
from backend.latency.comparison.folders import facts_of, run_sets, runs_in
from tests.backend.latency.comparison.experiments import told, write_run


def whole(folder: Path) -> Path:
    write_run(folder, told(), [1000])
    return folder


def test_a_run_is_itself_and_a_folder_has_those_directly_below_it(tmp_path: Path) -> None:
    runs = (whole(tmp_path / "01-irq"), whole(tmp_path / "02-timer"))
    whole(tmp_path / "old" / "03-irq")
    (tmp_path / "notes.txt").write_text("")
    assert runs_in(tmp_path) == runs
    assert runs_in(runs[0]) == (runs[0],)


@pytest.mark.parametrize(("made", "missing"), [("nowhere", "no such folder"), ("empty", "no run in it")])
def test_a_folder_without_runs_is_named(tmp_path: Path, made: str, missing: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=f"{made}: {missing}"):
        runs_in(tmp_path / made)


@pytest.mark.parametrize("lost", ["facts.json", "trace/*.vtrace"])
def test_half_a_run_is_refused_by_what_it_lacks(tmp_path: Path, lost: str) -> None:
    for path in whole(tmp_path / "01-irq").glob(lost):
        path.unlink()
    (run,) = runs_in(tmp_path)
    with pytest.raises(ConfigError) as refused:
        facts_of(run)
    assert str(refused.value).startswith(f"{tmp_path / '01-irq'}: no {lost}: ")


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ('"duration_s": 10.0', '"duration_s": "long"', "run.duration_s: expected `float`, got `str`"),
        ('"duration_s": 10.0', '"duration_s": 0.0', "run.duration_s: nothing is left"),
        ('"warm_up_s": 0.0', '"warm_up_s": 10.0', "run.duration_s: nothing is left"),
        ("{", "not", "not JSON"),
    ],
)
def test_wrong_facts_are_refused_by_file_and_field(tmp_path: Path, before: str, after: str, wrong: str) -> None:
    facts = whole(tmp_path) / "facts.json"
    assert before in facts.read_text()
    facts.write_text(facts.read_text().replace(before, after, 1))
    with pytest.raises(ConfigError) as refused:
        facts_of(tmp_path)
    assert str(refused.value).startswith(f"{facts}: {wrong}")


def test_one_folder_is_a_set_without_a_name(tmp_path: Path) -> None:
    whole(tmp_path / "01-irq")
    (only,) = run_sets([tmp_path])
    assert only.name == ""


def test_sets_are_called_by_as_much_of_their_paths_as_tells_them_apart(tmp_path: Path) -> None:
    for folder in ("a/out", "b/out", "c"):
        whole(tmp_path / folder / "01-irq")
    apart = [tmp_path / "a" / "out", tmp_path / "c"]
    assert [each.name for each in run_sets(apart)] == ["out", "c"]
    alike = [tmp_path / "a" / "out", tmp_path / "b" / "out"]
    assert [each.name for each in run_sets(alike)] == ["a/out", "b/out"]


def test_a_set_is_not_compared_with_itself(tmp_path: Path) -> None:
    whole(tmp_path / "01-irq")
    with pytest.raises(ConfigError, match="named twice"):
        run_sets([tmp_path, tmp_path / "01-irq" / ".."])
