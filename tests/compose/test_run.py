"""Which runs a scenario makes, where they go, and what is said when they cannot."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace

import msgspec
import pytest

import compose.run as running
from backend.config import ConfigError
from backend.latency.comparison.folders import RunSet
from backend.latency.facts import Facts, read_facts
from compose.facts import Block
from compose.run import find_scenario, find_world, make_folder, plan_blocks, run_file, say_unlimited
from compose.scenario import SCENARIOS, GuestSpec, Scenario, StreamSpec
from compose.worlds.api import OnProgress, RunError
from compose.worlds.processes import ProcessesWorld
from compose.worlds.sim import SimWorld
from tests.backend.latency.synthetic import FACTS
from tests.compose.test_scenario import GOOD


def scenario(**fields: object) -> Scenario:
    guests = [GuestSpec(1, [StreamSpec("speaker", plays="melody.flac")])]
    return Scenario("test", {"speaker": {"kind": "clocked"}}, guests, **fields)  # type: ignore[arg-type]


def test_worlds_are_found_by_name() -> None:
    assert isinstance(find_world("sim"), SimWorld)
    assert isinstance(find_world("processes"), ProcessesWorld)
    with pytest.raises(ConfigError, match="--world: 'mars' is none of: processes, docker, sim"):
        find_world("mars")


def test_a_scenario_is_a_file_or_one_of_our_own_by_its_name(tmp_path: Path) -> None:
    assert find_scenario(Path("demo")) == SCENARIOS / "demo.toml"
    assert find_scenario(tmp_path / "mine.toml") == tmp_path / "mine.toml"
    (tmp_path / "odd").write_text("")
    assert find_scenario(tmp_path / "odd") == tmp_path / "odd"
    with pytest.raises(ConfigError, match=r"domo: no such file, nor one of .* \(applications, .*, pacing\)"):
        find_scenario(Path("domo"))


def test_a_single_run_has_the_folder_for_itself(tmp_path: Path) -> None:
    (block,) = plan_blocks(scenario(), tmp_path, tmp_path / "out", 5)
    assert (block.out, block.pacing, block.seed, block.beside) == (tmp_path / "out", "irq", 5, tmp_path)


def test_several_are_numbered_in_the_order_they_are_run(tmp_path: Path) -> None:
    blocks = list(plan_blocks(scenario(pacing=["irq", "timer"], repeats=6), tmp_path, tmp_path, 1))
    assert {block.load for block in blocks} == {"idle"}
    assert [block.out.name for block in blocks] == [f"{n + 1:02}-{block.pacing}" for n, block in enumerate(blocks)]
    assert Counter(block.pacing for block in blocks) == {"irq": 6, "timer": 6}
    assert [block.seed for block in blocks] == list(range(1, 13)), "a seed of its own for each"


def test_a_load_has_its_name_in_the_folders(tmp_path: Path) -> None:
    blocks = list(plan_blocks(scenario(load=["idle", "busy"], repeats=2), tmp_path, tmp_path, 1))
    for number, block in enumerate(blocks):
        assert block.out.name == f"{number + 1:02}-irq" + ("-busy" if block.load == "busy" else "")
    assert Counter(block.load for block in blocks) == {"idle": 2, "busy": 2}


def test_every_round_has_each_pacing_under_each_load_once(tmp_path: Path) -> None:
    wanted = scenario(pacing=["irq", "timer", "adaptive"], load=["idle", "busy"], repeats=20)
    blocks = list(plan_blocks(wanted, tmp_path, tmp_path, 3))
    conditions = [(block.pacing, block.load) for block in blocks]
    rounds = [conditions[first : first + 6] for first in range(0, 120, 6)]
    assert all(len(set(one)) == 6 for one in rounds)
    assert len({tuple(one) for one in rounds}) > 15, "in another order each time"
    assert len({one[0] for one in rounds}) == 6, "nobody is always first"
    assert [block.out.name.partition("-")[0] for block in blocks[:2]] == ["001", "002"], "sorted by name is by time"


def test_the_order_is_the_seeds_and_mixes_pacings(tmp_path: Path) -> None:
    wanted = scenario(pacing=["irq", "timer"], repeats=8)
    orders = [[block.pacing for block in plan_blocks(wanted, tmp_path, tmp_path, seed)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != ["irq", "timer"] * 8


def test_a_folder_is_made_with_its_parents_and_may_be_there(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"--out: .*file"):
        make_folder(tmp_path / "file" / "below")


class FakeWorld:
    """Takes note of the blocks it is asked to run, and fails; or says the same of each, if it is given something."""

    breaks = False

    def __init__(self, facts: Facts | None = None) -> None:
        self.blocks: list[Block] = []
        self._facts = facts

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        self.blocks.append(block)
        on_progress(0.5)
        if self._facts is None:
            raise RunError("no luck")
        return self._facts


class FakeComparison(ModuleType):
    """`backend.latency.comparison.build`, which takes note of the folder it is given."""

    def __init__(self) -> None:
        super().__init__("backend.latency.comparison.build")
        self.folders: list[Path] = []

    def compare_sets(self, sets: Sequence[RunSet], out: Path, on_progress: object) -> SimpleNamespace:
        assert [run.parent for runs in sets for run in runs.folders] == [out] * sum(len(runs.folders) for runs in sets)
        self.folders.append(out)
        return SimpleNamespace(verdicts=["Interrupts are 1.9 ms earlier."])


def test_a_run_that_fails_ends_all_and_every_folder_was_made_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = FakeWorld()
    monkeypatch.setattr(running, "find_world", lambda name: world)
    (tmp_path / "scenario.toml").write_text("repeats = 2\n" + GOOD)
    with pytest.raises(RunError, match="no luck"):
        run_file(tmp_path / "scenario.toml", "fake", tmp_path / "out", 9)
    assert [block.seed for block in world.blocks] == [9]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_without_a_seed_it_is_the_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = FakeWorld()
    monkeypatch.setattr(running, "find_world", lambda name: world)
    (tmp_path / "scenario.toml").write_text("seed = 77\n" + GOOD)
    with pytest.raises(RunError):
        run_file(tmp_path / "scenario.toml", "fake", tmp_path / "out", None)
    assert [block.seed for block in world.blocks] == [77]


def test_what_is_wrong_with_the_scenario_is_said_before_any_folder_is_made(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(GOOD + "\nvolume = 3\n")
    with pytest.raises(ConfigError, match="volume"):
        run_file(tmp_path / "scenario.toml", "sim", tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("world", ["sim", "docker"])
def test_worlds_without_local_applications_say_so(tmp_path: Path, world: str) -> None:
    client = '[[clients]]\nname = "tone"\ndevice = "speaker"\nplays = "melody.flac"\n'
    (tmp_path / "scenario.toml").write_text(GOOD + client)
    with pytest.raises(ConfigError, match=r"scenario\.toml: clients: only .* --world processes"):
        run_file(tmp_path / "scenario.toml", world, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


@pytest.fixture
def comparison(monkeypatch: pytest.MonkeyPatch) -> FakeComparison:
    fake = FakeComparison()
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    return fake


def test_every_run_keeps_its_facts_and_all_together_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comparison: FakeComparison, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "find_world", lambda name: FakeWorld(FACTS))
    (tmp_path / "scenario.toml").write_text("repeats = 2\n" + GOOD)
    run_file(tmp_path / "scenario.toml", "fake", tmp_path / "out", None)
    for name in ("01-irq", "02-irq"):
        assert read_facts(tmp_path / "out" / name / "facts.json") == FACTS
        assert (tmp_path / "out" / name / "result.json").exists()
    assert comparison.folders == [tmp_path / "out"]
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines()[:2]] == ["01-irq", "02-irq"]
    assert all("gaps heard after the warm-up, " in line for line in said.splitlines()[:2])
    assert all(line.endswith("underruns counted by guests") for line in said.splitlines()[:2])
    assert "Interrupts are 1.9 ms earlier." in said
    assert said.count("report.html") == 1, "there is one place to begin"


def test_a_single_run_is_compared_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, comparison: FakeComparison, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "find_world", lambda name: FakeWorld(FACTS))
    (tmp_path / "scenario.toml").write_text(GOOD)
    run_file(tmp_path / "scenario.toml", "fake", tmp_path / "out", None)
    assert comparison.folders == []
    assert read_facts(tmp_path / "out" / "facts.json") == FACTS
    assert "Playback delay" in capsys.readouterr().out


def test_limits_that_a_world_does_not_hold_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    limited = msgspec.structs.replace(scenario().guests[0], cpu_limit=0.5)
    say_unlimited(msgspec.structs.replace(scenario(), guests=[limited]), ProcessesWorld(), "processes")
    assert capsys.readouterr().err.count("\n") == 1
    say_unlimited(scenario(), ProcessesWorld(), "processes")
    assert capsys.readouterr().err == ""
