"""A machine of real processes for local applications: a backend on a card of four channels, and who plays on it.

Each player has a channel for itself, on which every sample tells its place.  Periods are 100 ms, and rings three of
them: what is tested is not how quick this machine is.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.processes.localapp import CHANNELS, NUMBERS
from tests.processes.test_by_hand import running, vsnd

PERIOD = 4800
RATE_HZ = 48000
LIMIT_S = 30.0

CONFIG = """
[devices.speaker]
kind = "clocked"
channels = 4
period_frames = 4800
buffer_frames = 24000
play_to = "{folder}/mix.wav"
[streams]
play = "speaker"
[local]
socket = "{folder}/local"
devices = ["speaker"]
absent_ms = 500
absent_blocks = 4
"""
Samples = NDArray[np.int16]


class Lab:
    """A machine, its backend, and who plays on it."""

    def __init__(self, folder: Path, parts: ExitStack) -> None:
        self.folder = folder
        self._parts = parts
        folder.mkdir()
        (folder / "backend.toml").write_text(CONFIG.format(folder=folder))
        self._machine = ("--dir", str(folder / "machine"))
        parts.enter_context(running("host", *self._machine, "--guests", "1"))
        self.backend = self._backend()
        parts.callback(ended, self.backend)

    def _backend(self) -> "subprocess.Popen[str]":
        command = vsnd("backend", "--config", str(self.folder / "backend.toml"), *self._machine)
        with (self.folder / "backend.log").open("wb") as log:
            backend = subprocess.Popen(
                [*command, "--out", str(self.folder / "out")], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert backend.stdout is not None
        assert backend.stdout.readline(), self.log
        return backend

    @property
    def log(self) -> str:
        """What the backend has said."""
        return (self.folder / "backend.log").read_text()

    def app(self, channel: int) -> "App":
        """An application that plays on that channel."""
        (app,) = self.apps([f"app {channel}"], channel)
        return app

    def apps(self, names: Sequence[str], channel: int) -> list["App"]:
        """Applications that play on the same channel."""
        apps = [self._parts.enter_context(App(self.folder / "local", name, channel)) for name in names]
        for app in apps:
            app.wait_ready()
        return apps

    def guest(self, channel: int, seconds: float) -> "subprocess.Popen[bytes]":
        """A guest that plays on that channel, for so long."""
        frames = int(seconds * RATE_HZ)
        sound = np.zeros((frames, CHANNELS), np.int16)
        sound[:, channel] = 1 + np.arange(frames) % NUMBERS
        sizes = ("--channels", str(CHANNELS), "--period-frames", str(PERIOD), "--buffer-frames", str(4 * PERIOD))
        (self.folder / "guest.raw").write_bytes(sound.tobytes())
        with (self.folder / "guest.raw").open("rb") as raw:
            play = subprocess.Popen(
                vsnd("play", "-", "--domain", "1", *self._machine, *sizes), stdin=raw, stdout=subprocess.DEVNULL
            )
        self._parts.callback(ended, play)
        return play

    def heard(self) -> Samples:
        """End the backend; what the card played."""
        self.backend.send_signal(signal.SIGINT)
        assert self.backend.wait(LIMIT_S) == 0, self.log
        assert "Traceback" not in self.log, self.log
        samples, _ = soundfile.read(self.folder / "mix.wav", dtype="int16", always_2d=True)
        return np.asarray(samples, np.int16)


def ended(process: "subprocess.Popen[Any]") -> None:
    """See to it that it has."""
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class App:
    """An application's process."""

    def __init__(self, socket: Path, name: str, channel: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.localapp", str(socket), name, str(channel)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_ready(self) -> None:
        """Until it is heard."""
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def tell(self, word: str) -> dict[str, Any]:
        """Have it do something; what came of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._line())
        return answer

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """As by kill -9."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.communicate(timeout=LIMIT_S)  # it ends with its input
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until it has happened."""
    until_s = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < until_s, "never happened"
        time.sleep(0.05)


def played(app: App, seconds: float) -> int:
    """Wait until an application has been heard for so long; how many of its blocks were missed."""
    wait_for(lambda: app.tell("count")["frames"] >= seconds * RATE_HZ)
    missed: int = app.tell("count")["missed_blocks"]
    return missed


def places(heard: Samples, channel: int) -> NDArray[np.int64]:
    """By how much each sample on that channel is away from the place it tells; silence is left out."""
    frames = np.flatnonzero(heard[:, channel])
    away: NDArray[np.int64] = (frames - (heard[frames, channel].astype(np.int64) - 1)) % NUMBERS
    return away


def is_whole(heard: Samples, channel: int) -> bool:
    """Whether every sample between the first and the last is in its place."""
    frames = np.flatnonzero(heard[:, channel])
    return len(set(places(heard, channel))) == 1 and len(frames) == frames[-1] - frames[0] + 1
