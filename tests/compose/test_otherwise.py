import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.otherwise import pulse_socket, settle, why_missing
from compose.scenario import SCENARIOS, Scenario, read_scenario


@pytest.fixture
def server() -> Iterator[Path]:
    """A socket on which somebody listens; its path is short, as such a path must be."""
    with tempfile.TemporaryDirectory(prefix="v") as folder, socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder) / "native"
        listener.bind(str(path))
        listener.listen()
        yield path


def on_pulse(server: str) -> Scenario:
    scenario = read_scenario(SCENARIOS / "lab.toml")
    scenario.devices["speaker"]["server"] = server
    return scenario


def test_a_server_that_answers_is_used(server: Path) -> None:
    settled, said = settle(on_pulse(f"unix:{server}"))
    assert settled.devices["speaker"]["kind"] == "pulse"
    assert "otherwise" not in settled.devices["speaker"]
    assert said == []


def test_without_one_the_other_device_is_used_and_that_is_said(tmp_path: Path) -> None:
    settled, said = settle(on_pulse(f"unix:{tmp_path}/native"))
    assert settled.devices["speaker"]["kind"] == "clocked"
    assert said == [f"devices.speaker: no sound server answers at {tmp_path}/native; using kind = 'clocked' instead"]


def test_in_simulated_time_there_is_no_server(server: Path) -> None:
    settled, _ = settle(on_pulse(f"unix:{server}"), simulated=True)
    assert settled.devices["speaker"]["kind"] == "clocked"


def test_a_device_without_another_is_left_as_it_is() -> None:
    device = {"kind": "pulse", "server": "unix:/nonexistent"}
    scenario = Scenario(name="one", devices={"speaker": device}, guests=[])
    assert settle(scenario) == (scenario, [])


def test_nobody_can_say_of_a_server_elsewhere() -> None:
    assert why_missing({"kind": "pulse", "server": "tcp:elsewhere"}) == ""


@pytest.mark.parametrize(
    ("server", "environment", "path"),
    [
        ("unix:/a/native", {}, "/a/native"),
        ("/a/native", {}, "/a/native"),
        ("{0815}unix:/a/native tcp:b", {}, "/a/native"),
        ("tcp:elsewhere", {}, None),
        ("", {"PULSE_SERVER": "unix:/b/native"}, "/b/native"),
        ("", {"PULSE_RUNTIME_PATH": "/c"}, "/c/native"),
        ("", {"XDG_RUNTIME_DIR": "/run/user/7"}, "/run/user/7/pulse/native"),
        ("", {}, "/run/pulse/native"),
    ],
)
def test_the_socket_is_where_libpulse_looks(
    server: str, environment: dict[str, str], path: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert pulse_socket(server) == (Path(path) if path else None)


def test_the_other_device_is_checked_beforehand(tmp_path: Path) -> None:
    text = (SCENARIOS / "lab.toml").read_text().replace("drift_ppm = 40", "drift = 40")
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"devices\.speaker\.otherwise: .*drift"):
        read_scenario(tmp_path / "wrong.toml")
