"""Scenarios, and what is said of bad ones."""

from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.scenario import SCENARIOS, read_scenario

GOOD = """
name = "good"
[devices.speaker]
kind = "clocked"
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
"""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_scenario(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_the_shipped_scenarios_are_good() -> None:
    paths = sorted(SCENARIOS.glob("*.toml"))
    assert [path.stem for path in paths] == [
        "applications", "broken", "demo", "explore", "hostile", "irq-vs-timer", "lab", "many-guests", "noisy-neighbour",
        "pacing",
    ]  # fmt: skip
    for path in paths:
        assert read_scenario(path).guests


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(GOOD)
    scenario = read_scenario(path)
    assert (scenario.pacing, scenario.repeats, scenario.seed, scenario.duration_s) == (["irq"], 1, 1, 10.0)
    assert scenario.guests[0].title == "guest 1"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("id = 1", "id = 0"), "guests[0].id"),
        (("id = 1", 'id = "one"'), "guests[0].id"),
        (("id = 1", "id = 1\nidd = 2"), "idd"),
        (('device = "speaker"', 'device = "radio"'), "guests[0].streams[0].device"),
        (("melody.flac", "nothing.flac"), "guests[0].streams[0].plays"),
        (('plays = "melody.flac"', ""), "guests[0].streams[0].plays"),
        (('plays = "melody.flac"', 'records = "../out.wav"'), "guests[0].streams[0].records"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nformat = "s17_le"'), "guests[0].streams[0].format"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nformat = "mpeg"'), "guests[0].streams[0].format"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nchannels = 9'), "channels"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nbuffer_frames = 900'), "guests[0].streams[0].buffer_frames"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nvolume_db = 20.5'), "guests[0].streams[0].volume_db"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nvolume_db = nan'), "guests[0].streams[0].volume_db"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nvolume_db = "loud"'), "guests[0].streams[0].volume_db"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nvolume_db = []'), "guests[0].streams[0].volume_db"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nvolume_db = [0, 21]'), "guests[0].streams[0].volume_db"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nvolume_db = [0, 0, 0]'), "guests[0].streams[0].volume_db"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nclock = "wall"'), "guests[0].streams[0].clock"),
        (('name = "good"', 'name = "good"\npacing = ["naive"]'), "pacing"),
        (('name = "good"', 'name = "good"\nduration_s = 0'), "duration_s"),
        (('name = "good"', 'name = "good"\nfaults = [1]'), "faults"),
        (('name = "good"', 'name = "good"\nload = []'), "load"),
        (('name = "good"', 'name = "good"\nload = ["idle", "bussy"]'), "load: 'bussy' is none of: busy, flood, idle"),
        (('name = "good"', 'name = "good"\nload = ["../up"]'), "load"),
        (('name = "good"', 'name = "good"\nwarm_up_s = 10'), "warm_up_s"),
        (('name = "good"', 'name = "good"\nwarm_up_s = -1'), "warm_up_s"),
        (('name = "good"', 'name = "good"\nmargin_us = -1'), "margin_us"),
        (("[devices.speaker]", '[loads.own]\nkind = "cpu"\ncpu = 2\n[devices.speaker]'), "loads.own.cpu"),
        (('name = "good"', ""), "name"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, change: tuple[str, str], field: str) -> None:
    assert field in refusal(tmp_path, GOOD.replace(*change))


@pytest.mark.parametrize(
    ("said", "settling_s"),
    [
        ("", 0.0),
        ("warm_up_s = 2", 2.0),
        ("repeats = 2", 2.5),
        ('load = ["idle", "busy"]', 2.5),
        ('pacing = ["irq", "timer"]\nduration_s = 60', 3.0),
        ("repeats = 2\nwarm_up_s = 0", 0.0),
    ],
)
def test_the_beginning_counts_in_a_single_run_and_not_in_an_experiment(
    tmp_path: Path, said: str, settling_s: float
) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(f"{said}\n{GOOD}")
    assert read_scenario(path).settling_s == settling_s


@pytest.mark.parametrize(("said", "volume_db"), [("-6", -6), ("[-6, -3.5]", [-6, -3.5]), ("-inf", float("-inf"))])
def test_a_volume_is_one_number_or_one_for_each_channel(
    tmp_path: Path, said: str, volume_db: float | list[float]
) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(GOOD + f"volume_db = {said}\n")
    assert read_scenario(path).guests[0].streams[0].volume_db == volume_db


def test_two_guests_cannot_be_one(tmp_path: Path) -> None:
    assert "guests[1].id" in refusal(tmp_path, GOOD + GOOD.partition("kind")[2].partition("\n")[2])
