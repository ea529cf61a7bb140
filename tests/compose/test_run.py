"""Which runs a scenario makes, where they go, and what is said when they cannot."""

from collections import Counter
from pathlib import Path

import pytest

import compose.run as running
from backend.config import ConfigError
from backend.latency.facts import Facts
from compose.facts import Block
from compose.run import find_scenario, find_world, make_folder, plan_blocks, run_file
from compose.scenario import SCENARIOS, GuestSpec, Scenario, StreamSpec
from compose.worlds.api import OnProgress, RunError
from compose.worlds.processes import ProcessesWorld
from compose.worlds.sim import SimWorld
from tests.compose.test_scenario import GOOD


def scenario(**fields: object) -> Scenario:
    guests = [GuestSpec(1, [StreamSpec("speaker", plays="melody.flac")])]
    return Scenario("test", {"speaker": {"kind": "clocked"}}, guests, **fields)  # type: ignore[arg-type]


def test_worlds_are_found_by_name() -> None:
    assert isinstance(find_world("sim"), SimWorld)
    assert isinstance(find_world("processes"), ProcessesWorld)
    with pytest.raises(ConfigError, match="--world: 'mars' is none of: processes, sim"):
        find_world("mars")


def test_a_scenario_is_a_file_or_one_of_our_own_by_its_name(tmp_path: Path) -> None:
    assert find_scenario(Path("demo")) == SCENARIOS / "demo.toml"
    assert find_scenario(tmp_path / "mine.toml") == tmp_path / "mine.toml"
    (tmp_path / "odd").write_text("")
    assert find_scenario(tmp_path / "odd") == tmp_path / "odd"
    with pytest.raises(ConfigError, match=r"domo: no such file, nor one of .* \(demo, explore, pacing\)"):
        find_scenario(Path("domo"))


def test_a_single_run_has_the_folder_for_itself(tmp_path: Path) -> None:
    (block,) = plan_blocks(scenario(), tmp_path, tmp_path / "out", 5)
    assert (block.out, block.pacing, block.seed, block.beside) == (tmp_path / "out", "irq", 5, tmp_path)


def test_several_are_numbered_in_the_order_they_are_run(tmp_path: Path) -> None:
    blocks = list(plan_blocks(scenario(pacing=["irq", "timer"], repeats=6), tmp_path, tmp_path, 1))
    assert [block.out.name for block in blocks] == [f"{n + 1:02}-{block.pacing}" for n, block in enumerate(blocks)]
    assert Counter(block.pacing for block in blocks) == {"irq": 6, "timer": 6}
    assert [block.seed for block in blocks] == list(range(1, 13)), "a seed of its own for each"


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
    """Takes note of the blocks it is asked to run, and fails."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        self.blocks.append(block)
        on_progress(0.5)
        raise RunError("no luck")


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
