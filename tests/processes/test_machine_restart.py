"""The machine itself is killed and started again, as a user would; everybody waits for it and goes on."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from hosts.process import die_with_parent

CONFIG = """
[devices.speaker]
kind = "clocked"
play_to = "{mix}"
[streams]
play = "speaker"
record = "speaker"
"""


def wait_for(happened: Callable[[], bool], limit_s: float = 30.0) -> None:
    deadline = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < deadline, "never happened"
        time.sleep(0.02)


class Vsnd:
    """The `vsnd` commands of one machine."""

    def __init__(self, folder: Path, parts: ExitStack) -> None:
        self.folder = folder
        self._parts = parts

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "compose.cli", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # tests have no threads
        )  # fmt: skip
        self._parts.callback(self.end, process)
        return process

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        process.communicate(timeout=20)

    def start_host(self) -> "subprocess.Popen[bytes]":
        host = self.start("host", "--dir", str(self.folder / "m"), "--guests", "1")
        assert host.stdout is not None
        assert b"The machine is in" in host.stdout.readline()
        return host


@pytest.fixture
def vsnd() -> Iterator[Vsnd]:
    with tempfile.TemporaryDirectory(prefix="v") as folder, ExitStack() as parts:
        yield Vsnd(Path(folder), parts)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """As power cuts do: at once, and nobody tidies up."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for member in family:
        os.kill(member.pid, signal.SIGKILL)
    psutil.wait_procs(family, 10)


def test_a_player_and_the_backend_survive_the_machine(vsnd: Vsnd) -> None:
    mix = vsnd.folder / "mix.wav"
    config = vsnd.folder / "backend.toml"
    config.write_text(CONFIG.format(mix=mix))
    machine = ("--dir", str(vsnd.folder / "m"))
    host = vsnd.start_host()
    backend = vsnd.start("backend", "--config", str(config), *machine, "--out", str(vsnd.folder / "out"))
    assert backend.stdout is not None
    assert b"Serving" in backend.stdout.readline()
    player = vsnd.start("play", "-", "--domain", "1", *machine)
    assert player.stdin is not None
    player.stdin.write(b"\1\2\3\4" * 48000)
    player.stdin.flush()
    wait_for(lambda: mix.exists() and mix.stat().st_size > 60_000)
    kill_all(host)
    vsnd.start_host()
    player.stdin.write(b"\5\6\7\4" * 48000)
    _, said = player.communicate(timeout=30)
    assert player.returncode == 0, said
    assert b"The machine is gone; waiting for another." in said
    second = vsnd.folder / "mix.1.wav"
    assert b"\5\6\7\4" in second.read_bytes(), "the backend serves the new machine"
    backend.terminate()
    _, said = backend.communicate(timeout=20)
    assert backend.returncode == 0, said
    assert said.count(b"is gone; waiting") == 1
    assert said.count(b"there is a machine") == 1
    assert b"Traceback" not in said
