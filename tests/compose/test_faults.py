from pathlib import Path

import pytest
from msgspec.structs import replace

from backend.config import ConfigError
from backend.latency.facts import Facts
from compose.facts import Block
from compose.faults import EDGE_S, LONGEST_S, Kind, draw_faults
from compose.run import check_breaks, run_file
from compose.scenario import read_scenario
from compose.worlds.api import OnProgress

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
        ('at_s = 1\nwhat = "hostile"\nguest = 1', "faults.0..guest: it is a guest of its own"),
        ('at_s = 1\nwhat = "throttle"', "faults.0..guest"),
        ('at_s = 1\nwhat = "throttle"\nguest = 1\nshare = 1', "share"),
        ('at_s = 1\nwhat = "pause"\nguest = 1\nshare = 0.5', "faults.0..share: only what is throttled"),
        ('at_s = 1\nwhat = "sound_server"', "faults.0..what: there is no .sound_server."),
        (
            'at_s = 1\nwhat = "pause"\nguest = 1\n[[faults]]\nat_s = 1.1\nwhat = "detach"\nguest = 1',
            "faults.1..at_s: 1.1 is before faults.0. is over at 1.2 s",
        ),
        ('at_s = 1\nwhat = "hostile"\n[[faults]]\n' * 16 + 'at_s = 1\nwhat = "hostile"', "more than 16 hostile"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_naming_its_field(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong):
        read_scenario(scenario(tmp_path, f"[[faults]]\n{text}"))


@pytest.mark.parametrize(
    ("world", "what", "wrong"),
    [
        ("sim", "sound_server", "there is no .sound_server."),
        ("sim", "hostile", "faults.0..what: 'hostile': this world"),
    ],
)
def test_what_cannot_be_broken_is_said_before_anything_is_started(
    tmp_path: Path, world: str, what: str, wrong: str
) -> None:
    path = scenario(tmp_path, f'[[faults]]\nat_s = 1\nwhat = "{what}"')
    with pytest.raises(ConfigError, match=wrong):
        run_file(path, world, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


class Unbreakable:
    breaks: frozenset[Kind] = frozenset()
    limits = False

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        raise AssertionError


@pytest.mark.parametrize("text", ['[[faults]]\nat_s = 1\nwhat = "backend"', ""])
def test_a_world_that_breaks_nothing_says_so(tmp_path: Path, text: str) -> None:
    checked = read_scenario(scenario(tmp_path, text))
    if not text:
        checked = replace(checked, random_faults=1)
    with pytest.raises(ConfigError, match=r"this world (breaks only: nothing|does not break all)"):
        check_breaks(checked, Unbreakable(), "here")


def test_guests_may_be_broken_one_after_another_and_at_once_with_the_backend(tmp_path: Path) -> None:
    faults = [(1.0, "pause", 1), (1.2, "detach", 1), (1.1, "backend", None), (1.1, "hostile", None)]
    text = "".join(
        f'[[faults]]\nat_s = {at_s}\nwhat = "{what}"\n' + (f"guest = {guest}\n" if guest else "")
        for at_s, what, guest in faults
    )
    assert len(read_scenario(scenario(tmp_path, text)).faults) == 4
