"""`vsnd run` and `vsnd demo` as a user starts them: real processes, real time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from backend.latency.result import read_result
from compose.scenario import RECORDINGS
from tests.processes.correlation import lag_of, mono

# Buffers of half a second: what is tested is not how quick this machine is.
SCENARIO = """
name = "two guests"
duration_s = {seconds}
[devices.speaker]
kind = "clocked"
period_frames = 240
play_to = "mix.wav"
[devices.microphone]
kind = "clocked"
record_from = "melody.flac"
buffer_frames = 24000
[[guests]]
id = 1
name = "music"
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
rate_hz = 44100
period_frames = 441
buffer_frames = 22050
[[guests]]
id = 2
name = "telephone"
[[guests.streams]]
device = "speaker"
plays = "announcement.flac"
format = "float_le"
rate_hz = 16000
channels = 1
period_frames = 160
buffer_frames = 8000
[[guests.streams]]
device = "microphone"
records = "take.wav"
buffer_frames = 24000
"""


@pytest.fixture(scope="module")
def machines() -> Iterator[Path]:
    """Where the runs of these tests put their machines; nothing may be left there."""
    with tempfile.TemporaryDirectory(prefix="v") as folder:  # short: a socket's path has 107 characters at most
        yield Path(folder)
        assert not list(Path(folder).iterdir()), "a machine's folder is left"


def start(machines: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "compose.cli", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(machines)},
    )  # fmt: skip


def wait_for(happened: Callable[[], bool], limit_s: float = 30.0) -> None:
    deadline = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < deadline, "never happened"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, machines: Path) -> Path:
    folder = tmp_path_factory.mktemp("run")
    scenario = folder / "scenario.toml"
    scenario.write_text(SCENARIO.format(seconds=5))
    run = start(machines, "run", str(scenario), "--out", str(folder / "out"))
    said, errors = run.communicate(timeout=60)
    assert run.returncode == 0, errors
    assert "report.html" in said
    assert not list(machines.iterdir()), "the machine's folder is left"
    return folder / "out"


def test_every_stream_is_in_the_result_with_its_delays(finished: Path) -> None:
    result = read_result(finished / "result.json")
    assert [guest.name for guest in result.guests] == ["music", "telephone"]
    for guest in result.guests:
        for stream in guest.streams:
            assert stream.underruns >= 0
            assert stream.frames_played >= 5 * stream.rate_hz
            assert stream.period_lateness_ns is not None
            if stream.direction == "playback":
                assert stream.playback_delay_ns is not None
                buffer_ns = stream.buffer_frames * 1e9 / stream.rate_hz
                assert 0 < stream.playback_delay_ns.min < buffer_ns
    assert result.trace.dropped_records == 0
    assert json.loads((finished / "result.json").read_text())["schema_version"] == 1


@pytest.mark.parametrize("recording", ["melody.flac", "announcement.flac"])
def test_the_mix_contains_each_recording_at_a_constant_lag(finished: Path, recording: str) -> None:
    sound, mix = mono(RECORDINGS / recording), mono(finished / "mix.wav")
    half = min(len(sound), len(mix)) // 2
    (first, clear_first), (second, clear_second) = lag_of(sound[:half], mix), lag_of(sound[half : 2 * half], mix)
    assert min(clear_first, clear_second) > 1.5, "not to be heard"
    assert abs(second - first - half) <= 2, "it drifts"


def test_nothing_is_clipped(finished: Path) -> None:
    samples, _ = soundfile.read(finished / "mix.wav")
    assert 0.1 < np.abs(samples).max() < 0.99


def test_the_take_is_what_the_card_recorded(finished: Path) -> None:
    take, _ = soundfile.read(finished / "take.wav", always_2d=True)
    assert len(take) == 5 * 48000
    lag, clear = lag_of(mono(RECORDINGS / "melody.flac")[48000:96000], take.mean(axis=1))
    assert clear > 1.5
    assert lag < len(take)


def test_ctrl_c_leaves_whole_files_and_nothing_running(tmp_path: Path, machines: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO.format(seconds=60))
    run = start(machines, "run", str(scenario), "--out", str(tmp_path / "out"))
    mix = tmp_path / "out" / "mix.wav"
    wait_for(lambda: mix.exists() and mix.stat().st_size > 100_000)
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) >= 5, "machine, backend, two cards, two guests"
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert errors == "", "whoever pressed it knows"
    assert not [child for child in children if child.is_running()]
    assert not list(machines.iterdir())
    assert soundfile.info(mix).frames > 20_000
    assert soundfile.info(tmp_path / "out" / "take.wav").frames > 0


def test_nothing_outlives_a_killed_run(tmp_path: Path, machines: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO.format(seconds=60))
    run = start(machines, "run", str(scenario), "--out", str(tmp_path / "out"))
    mix = tmp_path / "out" / "mix.wav"
    wait_for(lambda: mix.exists() and mix.stat().st_size > 100_000)
    children = psutil.Process(run.pid).children(recursive=True)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    wait_for(lambda: not [child for child in children if child.is_running()])
    assert soundfile.info(mix).frames > 20_000
    for left in machines.iterdir():  # nobody was there to remove it
        shutil.rmtree(left)


def test_a_guest_that_fails_is_named_with_its_log(tmp_path: Path, machines: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    # 20 ms are what is mixed ahead of a card with 10 ms periods: too little for a guest, and the backend refuses it
    text = SCENARIO.format(seconds=5).replace("period_frames = 240", "period_frames = 480")
    scenario.write_text(text.replace("buffer_frames = 22050", "buffer_frames = 882"))
    run = start(machines, "run", str(scenario), "--out", str(tmp_path / "out"))
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert errors.startswith("vsnd: guest-1 ")
    assert "guest-1.log" in errors
    assert len(errors.strip().splitlines()) == 1
