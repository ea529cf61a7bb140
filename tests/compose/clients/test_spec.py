"""What may stand in `[[clients]]`, and what is said of what may not."""

from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.clients.spec import CLIENTS_MAX, ClientSpec, check_clients, refuse_clients
from compose.scenario import read_scenario
from tests.compose.test_scenario import GOOD, refusal

CLIENT = """
[[clients]]
name = "tone"
device = "speaker"
plays = "melody.flac"
"""


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text(GOOD + CLIENT)
    (client,) = read_scenario(tmp_path / "scenario.toml").clients
    assert client == ClientSpec("tone", "speaker", "melody.flac", None, "callback", 2, 3, "rings")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (('name = "tone"', 'name = ""'), "clients[0].name"),
        (('name = "tone"', 'name = "guest 1"'), "clients[0].name: 'guest 1'; want"),
        (('name = "tone"', 'name = "to\\u0007ne"'), "clients[0].name"),
        (('device = "speaker"', 'device = "radio"'), "clients[0].device: 'radio' is none of the scenario's: speaker"),
        (('plays = "melody.flac"', ""), "clients[0].plays: want `plays`, `records`, or both"),
        (('plays = "melody.flac"', 'plays = "nothing.flac"'), "clients[0].plays: no file 'nothing.flac'"),
        (('plays = "melody.flac"', 'plays = "markers"'), "clients[0].plays: 'markers' are for guests"),
        (('plays = "melody.flac"', 'records = "../x.wav"'), "clients[0].records: '../x.wav': want a plain"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nstyle = "polling"'), "clients[0].style"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nring_periods = 0'), "clients[0].ring_periods"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\ncontrol = "pigeon"'), "clients[0].control"),
        (('plays = "melody.flac"', 'plays = "melody.flac"\nrate_hz = 8000'), "rate_hz"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_field(tmp_path: Path, change: tuple[str, str], field: str) -> None:
    assert field in refusal(tmp_path, GOOD + CLIENT.replace(*change))


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "clients[1].name: 'tone'" in refusal(tmp_path, GOOD + CLIENT + CLIENT)


def test_there_may_be_so_many() -> None:
    many = [ClientSpec(f"client {number}", "speaker", records="x.wav") for number in range(CLIENTS_MAX + 1)]
    check_clients(many[1:], ["speaker"], [], Path)
    with pytest.raises(ConfigError, match="clients: 65; want 64 at most"):
        check_clients(many, ["speaker"], [], Path)


def test_who_has_no_place_for_them_says_so() -> None:
    refuse_clients([], "x.toml")
    with pytest.raises(ConfigError, match=r"x\.toml: clients: only `vsnd run --world processes` has them"):
        refuse_clients([ClientSpec("tone", "speaker", plays="melody.flac")], "x.toml")
