import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from backend.config import ConfigError
from compose.lab.labels import RUN
from compose.lab.sound import COOKIE, sound_options
from compose.lab.specs import dom0_container


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("PULSE_SERVER", "PULSE_COOKIE", "PULSE_RUNTIME_PATH"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="v") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/native")
        yield Path(folder) / "native"


def dom0(**devices: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    return sound_options(dom0_container({RUN: "r1"}, [1], []), devices)


def test_virtual_cards_need_nothing() -> None:
    assert dom0(speaker={"kind": "clocked"}) == (dom0_container({RUN: "r1"}, [1], []), {})


def test_the_servers_socket_is_passed_in_once(server: Path) -> None:
    device = {"kind": "pulse", "server": f"unix:{server}"}
    options, files = dom0(speaker=device, other=device)
    assert [m["Source"] for m in options["mounts"] if m["Type"] == "bind"] == [str(server)]
    assert options["environment"] == {"PULSE_SERVER": "unix:/run/pulse/native"}
    assert files == {}


def test_there_is_one_server(server: Path) -> None:
    other = server.with_name("other")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(other))
        with pytest.raises(ConfigError, match=rf"devices\.other\.server: .* has {server} already"):
            dom0(
                speaker={"kind": "pulse", "server": f"unix:{server}"},
                other={"kind": "pulse", "server": f"unix:{other}"},
            )


def test_the_cookie_goes_as_a_file_of_its_own(server: Path, tmp_path: Path) -> None:
    (tmp_path / "cookie").write_bytes(b"secret")
    options, files = dom0(speaker={"kind": "pulse", "server": f"unix:{server}", "cookie": str(tmp_path / "cookie")})
    assert files == {COOKIE: b"secret"}
    assert options["environment"]["PULSE_COOKIE"] == f"/out/{COOKIE}"


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"devices\.speaker: no PulseAudio .* {tmp_path}/pulse/native"):
        dom0(speaker={"kind": "pulse"})


def test_a_machine_without_cards_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose.lab.sound.CARDS", tmp_path / "snd")
    with pytest.raises(ConfigError, match=r"devices\.speaker: this machine has no sound card"):
        dom0(speaker={"kind": "alsa"})


def test_cards_are_passed_in_with_their_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose.lab.sound.CARDS", tmp_path)
    options, _ = dom0(speaker={"kind": "alsa"})
    assert options["devices"] == [f"{tmp_path}:{tmp_path}:rw"]


def test_of_the_scenarios_own_server_dom0_has_the_folder(tmp_path: Path) -> None:
    devices = {"speaker": {"kind": "pulse", "device": "speaker"}, "card": {"kind": "clocked"}}
    options, files = sound_options(dom0_container({RUN: "r1"}, [1], []), devices, tmp_path)
    (mount,) = [mount for mount in options["mounts"] if mount["Type"] == "bind"]
    assert (mount["Source"], mount["ReadOnly"]) == (str(tmp_path), True)
    assert options["environment"] == {"PULSE_SERVER": f"unix:{mount['Target']}/pulse.socket"}
    assert files == {}


def test_a_scenario_with_its_own_server_has_no_other(tmp_path: Path) -> None:
    devices = {"speaker": {"kind": "pulse", "server": "unix:/a"}}
    with pytest.raises(ConfigError, match=r"^devices\.speaker\.server: .* has the scenario's own; leave it out$"):
        sound_options(dom0_container({RUN: "r1"}, [1], []), devices, tmp_path)
