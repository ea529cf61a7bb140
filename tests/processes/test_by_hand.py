"""The parts of a machine started by hand, one process each, as the README says."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

RATE_HZ = 48000
CONFIG = """
[devices.speaker]
kind = "clocked"
play_to = "{folder}/mix.wav"
record_from = "{folder}/source.wav"
[streams]
play = "speaker"
record = "speaker"
"""


def vsnd(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "compose.cli", *arguments]


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The command, once it has said its line; ended by Ctrl-C, which it must take well."""
    process = subprocess.Popen(vsnd(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), process.communicate()[1]
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode in (0, 130), errors
    assert "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("by-hand")
    noise = np.random.default_rng(1).integers(-8000, 8000, (3 * RATE_HZ, 2), dtype=np.int16)
    soundfile.write(folder / "source.wav", noise, RATE_HZ, "PCM_16")
    (folder / "backend.toml").write_text(CONFIG.format(folder=folder))
    machine = str(folder / "machine")
    with ExitStack() as parts:
        parts.enter_context(running("host", "--dir", machine, "--guests", "2"))
        backend = ("--config", str(folder / "backend.toml"), "--dir", machine, "--out", str(folder / "out"))
        parts.enter_context(running("backend", *backend))
        yield folder
    assert not list((folder / "machine").glob("*")), "sockets are left"
    assert (folder / "out" / "backend.json").exists()


def play_and_record(folder: Path, sound: bytes) -> NDArray[np.int16]:
    """A guest plays from a pipe while another records; what was recorded."""
    take = folder / "take.wav"
    options = ("--dir", str(folder / "machine"))
    recorder = subprocess.Popen(
        vsnd("record", str(take), "--domain", "2", "--seconds", "1.5", *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    played = subprocess.run(
        vsnd("play", "-", "--domain", "1", *options), input=sound, capture_output=True, timeout=60, check=False
    )
    said, errors = recorder.communicate(timeout=60)
    assert played.returncode == 0, played.stderr
    assert b"underruns" in played.stdout
    assert recorder.returncode == 0, errors
    assert "overruns" in said
    taken, rate_hz = soundfile.read(take, always_2d=True)
    assert (rate_hz, taken.shape) == (RATE_HZ, (72000, 2))
    recorded: NDArray[np.int16] = np.rint(taken * 32768).astype(np.int16)
    return recorded


def test_a_pipe_is_played_and_a_file_recorded_at_once(folder: Path) -> None:
    sound, _ = soundfile.read(folder / "source.wav", dtype="int16", always_2d=True)
    for _ in range(3):  # a machine that stands still for as long as a buffer loses some of a take
        recorded = play_and_record(folder, sound.tobytes())
        starts = np.flatnonzero((sound == recorded[0]).all(axis=1))
        if any(np.array_equal(np.roll(sound, -start, axis=0)[:72000], recorded) for start in starts):
            return
    pytest.fail("no take is what the card recorded, bit for bit")


def test_a_file_is_played_at_its_own_rate(folder: Path) -> None:
    soundfile.write(folder / "short.wav", np.zeros((2205, 1)), 22050)
    arguments = vsnd("play", str(folder / "short.wav"), "--domain", "1", "--dir", str(folder / "machine"))
    played = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert played.returncode == 0, played.stderr


def test_a_domain_that_is_here_already_is_refused_in_one_line(folder: Path) -> None:
    play = vsnd("play", "-", "--domain", "1", "--dir", str(folder / "machine"))
    with subprocess.Popen(play, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdin is not None
        first.stdin.write(bytes(4 * RATE_HZ))  # more than a pipe holds: once it is taken, the first is in
        first.stdin.flush()
        second = subprocess.run(play, input=b"", capture_output=True, timeout=60, check=False)
        assert second.returncode == 2
        assert b"connected already" in second.stderr
        assert len(second.stderr.strip().splitlines()) == 1
        first.stdin.close()
        assert first.wait(timeout=60) == 0


def test_a_second_machine_in_the_same_folder_is_refused(folder: Path) -> None:
    arguments = vsnd("host", "--dir", str(folder / "machine"), "--guests", "1")
    second = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert "--dir" in second.stderr
    assert "another machine" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_a_stream_may_have_other_periods_and_buffers(folder: Path) -> None:
    arguments = vsnd("play", "-", "--domain", "1", "--dir", str(folder / "machine"), "--period-frames", "240")
    played = subprocess.run(
        [*arguments, "--buffer-frames", "4800"], input=bytes(48000), capture_output=True, timeout=60, check=False
    )
    assert played.returncode == 0, played.stderr
    refused = subprocess.run([*arguments, "--buffer-frames", "479"], capture_output=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert b"--buffer-frames: 479; want at least two periods of 240" in refused.stderr
