"""`vsnd` as a user starts it, on the engine of these tests; and what is left on that engine."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

from compose.lab.labels import RUN
from tests.docker.engine import ROOT, Engine

LIMIT_S = 110.0

# Buffers of a quarter of a second and more: what is tested is not how quick this machine is.
DEVICES = """
[devices.speaker]
kind = "clocked"
play_to = "mix.wav"
buffer_frames = 9600
[devices.microphone]
kind = "clocked"
record_from = "melody.flac"
buffer_frames = 24000
"""
MUSIC = """
[[guests]]
id = 1
name = "music"
{more}
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
rate_hz = 44100
period_frames = 441
buffer_frames = 22050
"""
TELEPHONE = """
[[guests]]
id = 2
name = "telephone"
[[guests.streams]]
device = "microphone"
records = "take.wav"
buffer_frames = 24000
"""


def scenario(seconds: float, more: str = "", top: str = "") -> str:
    """Music and a telephone that records; `more` is said of music."""
    return f'name = "two"\nduration_s = {seconds}\n{top}{DEVICES}{MUSIC.format(more=more)}{TELEPHONE}'


def start(engine: Engine, *arguments: str) -> "subprocess.Popen[str]":
    """Start a command, which hears nothing."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DOCKER_HOST": engine.environment["DOCKER_HOST"]}
    return subprocess.Popen(
        [sys.executable, "-m", "compose.cli", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip


def run(
    engine: Engine, *arguments: str, said: str = "", limit_s: float = LIMIT_S
) -> "subprocess.CompletedProcess[str]":
    """Run one to its end."""
    with start(engine, *arguments) as process:
        try:
            said_back, errors = process.communicate(said, timeout=LIMIT_S)
        finally:
            process.kill()
    return subprocess.CompletedProcess(arguments, process.returncode, said_back, errors)


def left(engine: Engine) -> list[str]:
    """Containers and volumes of any run."""
    label = f"label={RUN}"
    listings = (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q"))
    return [line for listing in listings for line in engine.docker(*listing, "--filter", label).split()]


def wait_for(happened: Callable[[], bool], limit_s: float = 60.0) -> None:
    """Look now and then until it has."""
    deadline_s = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < deadline_s, "never happened"
        time.sleep(0.1)
