from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.faults import EDGE_S, LONGEST_S, draw_faults
from compose.run import run_file
from compose.scenario import read_scenario

GOOD = """
name = "two"
duration_s = 2
[devices.card]
kind = "clocked"
[[guests]]
id = 1
[[guests.streams]]
device = "card"
plays = "melody.flac"
"""


def scenario(folder: Path, faults: str) -> Path:
    path = folder / "faulty.toml"
    path.write_text(GOOD + faults)
    return path


def test_what_a_seed_draws_is_the_same_again_and_another_seed_draws_otherwise() -> None:
    assert draw_faults(20, [1, 2], 10.0, 7) == draw_faults(20, [1, 2], 10.0, 7) != draw_faults(20, [1, 2], 10.0, 8)


@pytest.mark.parametrize("seed", range(20))
def test_no_two_faults_concern_the_same_guest_at_once(seed: int) -> None:
    free_at_s = {1: 0.0, 2: 0.0, 3: 0.0}
    for fault in draw_faults(40, [1, 2, 3], 20.0, seed):
        assert EDGE_S <= fault.at_s < 20.0
        assert 0 < fault.for_s <= LONGEST_S
        for guest in [fault.guest] if fault.guest is not None else list(free_at_s):
            assert free_at_s[guest] <= fault.at_s
            free_at_s[guest] = fault.at_s + fault.for_s


def test_named_and_drawn_faults_come_in_order(tmp_path: Path) -> None:
    text = '[[faults]]\nat_s = 1\nwhat = "pause"\nguest = 1\nfor_s = 0.5'
    checked = read_scenario(scenario(tmp_path, text))
    assert [(fault.at_s, fault.what, fault.guest) for fault in checked.all_faults(1)] == [(1.0, "pause", 1)]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('at_s = 1\nwhat = "explode"\nguest = 1', "faults.*what|what"),
        ('at_s = 1\nwhat = "pause"\nguest = 9', "faults.0..guest: 9 is none of: 1"),
        ('at_s = 1\nwhat = "pause"', "faults.0..guest"),
        ('at_s = 1\nwhat = "backend"\nguest = 1', "faults.0..guest: the backend is nobody"),
        ('at_s = 2\nwhat = "backend"', "faults.0..at_s: 2 is not before the end"),
        ('at_s = 1\nwhat = "backend"\nfor_s = 0', "for_s"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_naming_its_field(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        read_scenario(scenario(tmp_path, f"[[faults]]\n{text}"))


def test_a_world_that_breaks_nothing_says_so_before_it_starts(tmp_path: Path) -> None:
    path = scenario(tmp_path, '[[faults]]\nat_s = 1\nwhat = "backend"')
    with pytest.raises(ConfigError, match="faults: the world processes breaks nothing"):
        run_file(path, "processes", tmp_path / "out", None)
    assert not (tmp_path / "out").exists()
