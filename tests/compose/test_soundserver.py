from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.scenario import read_scenario
from compose.soundserver import SoundServer, check_program, socket_in, startup, with_server

SCENARIO = """
name = "one"
duration_s = 2
{server}
[devices.card]
kind = "pulse"
[[guests]]
id = 1
[[guests.streams]]
device = "card"
plays = "melody.flac"
"""


def read(folder: Path, server: str) -> SoundServer | None:
    path = folder / "s.toml"
    path.write_text(SCENARIO.format(server=server))
    return read_scenario(path).sound_server


def test_a_scenario_has_one_of_its_own_only_if_it_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, "") is None
    assert read(tmp_path, "[sound_server]") == SoundServer()
    assert read(tmp_path, '[sound_server]\nsinks = ["a", "b"]') == SoundServer(sinks=["a", "b"])


@pytest.mark.parametrize(
    ("server", "field"),
    [('kind = "esd"', "sound_server.kind"), ("sinks = []", "sound_server.sinks"), ('sinks = ["a b"]', "sinks")],
)
def test_one_that_makes_no_sense_is_refused_naming_its_field(tmp_path: Path, server: str, field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        read(tmp_path, f"[sound_server]\n{server}")


def test_devices_use_it_if_they_could_and_name_no_other(tmp_path: Path) -> None:
    devices = {"a": {"kind": "pulse"}, "b": {"kind": "pulse", "server": "tcp:there"}, "c": {"kind": "clocked"}}
    placed = with_server(devices, tmp_path)
    assert placed["a"] == {"kind": "pulse", "server": f"unix:{socket_in(tmp_path)}"}
    assert (placed["b"], placed["c"]) == (devices["b"], devices["c"])


def test_it_listens_when_all_its_sinks_are_there(tmp_path: Path) -> None:
    lines = startup(SoundServer(sinks=["x", "y"]), tmp_path).splitlines()
    assert [line.split()[2] for line in lines[:2]] == ["sink_name=x", "sink_name=y"]
    assert lines[2] == "set-default-sink x"
    assert str(socket_in(tmp_path)) in lines[-1]


def test_a_machine_without_the_program_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match=r"sound_server: no pulseaudio.*apt install"):
        check_program()
