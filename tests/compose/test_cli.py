"""What the command says of bad input: one line that names the file and the field, exit status 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compose.test_scenario import GOOD


def vsnd(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "compose.cli", *arguments],
        capture_output=True, text=True, timeout=60, cwd=cwd, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def refusal(*arguments: str, cwd: Path) -> str:
    said = vsnd(*arguments, cwd=cwd)
    assert said.returncode == 2, said
    assert said.stdout == ""
    assert len(said.stderr.strip().splitlines()) == 1, said.stderr
    return said.stderr


def scenario(tmp_path: Path, text: str) -> str:
    (tmp_path / "scenario.toml").write_text(text)
    return "scenario.toml"


def test_help_names_the_commands(tmp_path: Path) -> None:
    said = vsnd("--help", cwd=tmp_path)
    assert said.returncode == 0
    for command in ("demo", "run", "host", "backend", "play", "record"):
        assert command in said.stdout


def test_a_missing_scenario_is_named(tmp_path: Path) -> None:
    assert "nowhere.toml: No such file" in refusal("run", "nowhere.toml", cwd=tmp_path)


def test_an_unknown_key_is_named_with_its_file(tmp_path: Path) -> None:
    message = refusal("run", scenario(tmp_path, GOOD + "\nvolume = 3\n"), cwd=tmp_path)
    assert "scenario.toml" in message
    assert "volume" in message


def test_an_unknown_world_is_refused_with_those_there_are(tmp_path: Path) -> None:
    message = refusal("run", scenario(tmp_path, GOOD), "--world", "mars", cwd=tmp_path)
    assert "--world" in message
    assert "processes, docker, sim" in message


def test_an_unknown_device_option_is_named_before_anything_runs(tmp_path: Path) -> None:
    text = GOOD.replace('kind = "clocked"', 'kind = "clocked"\nrate = 48000')
    message = refusal("run", scenario(tmp_path, text), cwd=tmp_path)
    assert "devices.speaker" in message
    assert "rate" in message


def test_an_unknown_kind_of_device_is_refused_with_those_there_are(tmp_path: Path) -> None:
    message = refusal("run", scenario(tmp_path, GOOD.replace('"clocked"', '"gramophone"')), cwd=tmp_path)
    assert "devices.speaker" in message
    assert "clocked" in message


def test_a_machine_where_no_folder_can_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refusal("host", "--dir", "file/machine", cwd=tmp_path)
    assert "--dir: file/machine: Not a directory" in message


def test_an_output_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    assert "out" in refusal("run", scenario(tmp_path, GOOD), "--out", "out/below", cwd=tmp_path)


def test_playing_where_no_machine_runs_says_so(tmp_path: Path) -> None:
    (tmp_path / "sound.wav").write_bytes(b"")
    assert "sound.wav" in refusal("play", "sound.wav", "--domain", "1", "--dir", "nowhere", cwd=tmp_path)
    assert "no machine" in refusal("play", "-", "--domain", "1", "--dir", "nowhere", cwd=tmp_path)


@pytest.mark.parametrize("sample_format", ["s17_le", "mpeg"])
def test_an_impossible_format_is_named(tmp_path: Path, sample_format: str) -> None:
    assert sample_format in refusal("play", "-", "--domain", "1", "--format", sample_format, cwd=tmp_path)


@pytest.mark.parametrize("volume_db", ["loud", "21", "0,0,0"])
def test_an_impossible_volume_is_named_before_anything_is_made(tmp_path: Path, volume_db: str) -> None:
    options = ("--domain", "1", "--dir", "nowhere", "--volume-db", volume_db)
    assert "--volume-db" in refusal("play", "-", *options, cwd=tmp_path)
    assert "--volume-db" in refusal("record", "x.wav", "--seconds", "1", *options, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_bad_backend_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "backend.toml").write_text("[devices.speaker]\n[streams]\n")
    assert "devices.speaker.kind" in refusal("backend", "--config", "backend.toml", cwd=tmp_path)
