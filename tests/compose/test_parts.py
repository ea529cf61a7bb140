import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.parts import THEIRS_OCTETS_MAX, Places, be_guest, check_folders, on_devices, read_theirs
from compose.scenario import SCENARIOS, read_scenario
from compose.worlds.api import RunError

LAB = SCENARIOS / "lab.toml"


def test_what_a_guest_left_is_read(tmp_path: Path) -> None:
    (tmp_path / "trace").mkdir()
    (tmp_path / "trace" / "x.vtrace").write_bytes(b"octets")
    assert read_theirs(tmp_path, "trace", "x.vtrace") == b"octets"


def link_to_a_file(folder: Path, secret: Path) -> None:
    (folder / "trace").mkdir()
    (folder / "trace" / "x").symlink_to(secret / "x")


def link_to_a_folder(folder: Path, secret: Path) -> None:
    (folder / "trace").symlink_to(secret)


def pipe(folder: Path, secret: Path) -> None:
    (folder / "trace").mkdir()
    os.mkfifo(folder / "trace" / "x")


def folder_for_a_file(folder: Path, secret: Path) -> None:
    (folder / "trace" / "x").mkdir(parents=True)


def too_much(folder: Path, secret: Path) -> None:
    (folder / "trace").mkdir()
    (folder / "trace" / "x").touch()
    os.truncate(folder / "trace" / "x", THEIRS_OCTETS_MAX + 1)


def nothing(folder: Path, secret: Path) -> None:
    pass


@pytest.mark.parametrize("left", [link_to_a_file, link_to_a_folder, pipe, folder_for_a_file, too_much, nothing])
def test_what_is_no_file_of_the_guests_is_refused(left: Callable[[Path, Path], None], tmp_path: Path) -> None:
    theirs, secret = tmp_path / "theirs", tmp_path / "secret"
    theirs.mkdir()
    secret.mkdir()
    (secret / "x").write_text("Dom0's")
    left(theirs, secret)
    with pytest.raises(RunError, match="trace/x"):
        read_theirs(theirs, "trace", "x")


@pytest.mark.parametrize("name", ["pulse", "alsa"])
def test_the_lab_plays_on_other_devices_of_the_same_name(name: str) -> None:
    scenario = on_devices(read_scenario(LAB), LAB.parents[1] / "docker" / f"{name}.toml")
    assert scenario.devices["speaker"]["kind"] == name


@pytest.mark.parametrize(
    ("toml", "named"),
    [('[devices.horn]\nkind = "clocked"', "devices.horn"), ('[devices.speaker]\nkind = "x"', "devices.speaker")],
)
def test_devices_that_the_scenario_cannot_use_are_refused(toml: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "devices.toml").write_text(toml)
    with pytest.raises(ConfigError, match=named):
        on_devices(read_scenario(LAB), tmp_path / "devices.toml")


def test_a_guest_that_the_scenario_has_not_is_refused(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path, tmp_path, tmp_path / "ready")
    with pytest.raises(ConfigError, match="none has the id 9"):
        be_guest(LAB, read_scenario(LAB), 9, places)


def test_a_guest_that_nobody_is_here_to_be_is_refused(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path / "guests", tmp_path, tmp_path / "ready")
    for domid in (1, 2):
        (tmp_path / "guests" / str(domid)).mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"lab.toml: guests\[2\].id: 3 has no .*guests/3: want only those of 1, 2$"):
        check_folders(LAB, read_scenario(LAB), places)
