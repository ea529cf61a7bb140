"""A run's own sound server, really started."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.soundserver import SoundServer, socket_in
from compose.waiting import wait_for
from compose.worlds.api import RunError
from compose.worlds.server import Server


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="v") as name:  # short: a socket's path has 107 characters at most
        yield Path(name)


@pytest.fixture
def server(folder: Path, tmp_path: Path) -> Iterator[Server]:
    if shutil.which("pulseaudio") is None:
        pytest.skip("no PulseAudio: apt install pulseaudio")
    running = Server(SoundServer(), folder, tmp_path)
    yield running
    running.end()


def answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(socket_in(folder))) == 0


def test_it_listens_when_it_is_there(server: Server) -> None:
    assert answers(server.folder)


def test_it_is_killed_and_started_again(server: Server) -> None:
    server.kill()
    assert not answers(server.folder)
    server.start()
    wait_for(lambda: answers(server.folder))
    assert answers(server.folder)


def test_one_that_does_not_start_is_said_in_a_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = folder / "pulseaudio"
    program.write_text("#!/bin/sh\necho no luck >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    with pytest.raises(RunError, match=r"^the sound server did not start: no luck \(log: "):
        Server(SoundServer(), folder, tmp_path)


def test_no_program_is_said_before_anything_is_started(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="no pulseaudio on this machine"):
        Server(SoundServer(), folder, tmp_path)
    assert list(folder.iterdir()) == []
