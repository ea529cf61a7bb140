"""A minute of sound, octet for octet the same at the other end of everything: three ways at once.

* a guest plays, PulseAudio's null sink presents it, and its monitor is recorded;
* a guest plays through alsa-lib's `file` plugin, which writes down what passes through;
* a guest plays to another sink, and another guest records that sink's monitor.

The sound is noise, of which no two frames are alike, so that a lost, doubled or changed frame is found.  All buffers
are long: this is about octets, on machines that stand still for a tenth of a second now and then.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.backend.devices.pulse.servers import Server

pytest.importorskip("alsaaudio", reason="no pyalsaaudio: pip install 'vsnd[alsa]'", exc_type=ImportError)

Frames = NDArray[np.int16]

RATE_HZ = 48000
SECONDS = 60
SYSTEM = Path("/usr/share/alsa/alsa.conf")

SCENARIO = """
name = "bit for bit"
duration_s = {seconds}
[devices.speaker]
kind = "pulse"
server = "{url}"
device = "speaker"
period_frames = 4800
buffer_frames = 19200
[devices.kept]
kind = "alsa"
pcm = "kept"
period_frames = 4800
buffer_frames = 19200
[devices.hall]
kind = "pulse"
server = "{url}"
device = "other"
period_frames = 4800
buffer_frames = 19200
[devices.microphone]
kind = "pulse"
server = "{url}"
device = "other.monitor"
period_frames = 2400
buffer_frames = 48000
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "sound.wav"
period_frames = 2400
buffer_frames = 48000
[[guests]]
id = 2
[[guests.streams]]
device = "kept"
plays = "sound.wav"
period_frames = 2400
buffer_frames = 48000
[[guests]]
id = 3
[[guests.streams]]
device = "microphone"
records = "take.wav"
period_frames = 2400
buffer_frames = 48000
[[guests]]
id = 4
[[guests.streams]]
device = "hall"
plays = "sound.wav"
period_frames = 2400
buffer_frames = 48000
"""
ASOUND = """
pcm.kept {{ type file slave.pcm behind file "{folder}/kept.raw" format raw }}
pcm.behind {{ type pulse server "{url}" device third handle_underrun 1 }}
"""


@contextmanager
def client(server: Server, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A client of the server, ended in the end."""
    process = subprocess.Popen([*command], env={**os.environ, "PULSE_SERVER": server.url})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def sound() -> Frames:
    return np.random.default_rng(4).integers(-8000, 8000, (SECONDS * RATE_HZ, 2), dtype=np.int16)


@pytest.fixture(scope="module")
def folder(server: Server, sound: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything lies once all three ways were gone."""
    folder = tmp_path_factory.mktemp("exact")
    server.pactl("load-module", "module-null-sink", "sink_name=third", "rate=48000", "norewinds=1")
    soundfile.write(folder / "sound.wav", sound, RATE_HZ, "PCM_16")
    (folder / "exact.toml").write_text(SCENARIO.format(url=server.url, seconds=SECONDS))
    (folder / "asound.conf").write_text(ASOUND.format(url=server.url, folder=folder))
    environment = {**os.environ, "ALSA_CONFIG_PATH": f"{SYSTEM}:{folder}/asound.conf"}
    raw = ("--raw", "--format=s16le", "--rate=48000", "--channels=2", "--latency-msec=500")
    heard = folder / "heard.raw"
    with client(server, "parec", *raw, "--device=speaker.monitor", str(heard)):
        command = ["run", str(folder / "exact.toml"), "--world", "processes", "--out", str(folder / "out")]
        run = subprocess.run(
            [sys.executable, "-m", "compose.cli", *command],
            env=environment, capture_output=True, text=True, check=False, timeout=SECONDS + 60,
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return folder


def longest_common(heard: Frames, sent: Frames) -> int:
    """How many frames of `sent` are in `heard`, one after the other, from where `heard` first has any of it."""
    words, heard_words = (np.ascontiguousarray(part).view(np.int32)[:, 0] for part in (sent, heard))
    loud = np.flatnonzero(heard_words)
    assert len(loud), "nothing was heard"
    first = int(loud[0])
    (starts,) = np.nonzero(words[: len(words) - 4] == heard_words[first])
    best = 0
    for start in starts:
        count = min(len(words) - int(start), len(heard_words) - first)
        same = words[start : start + count] == heard_words[first : first + count]
        best = max(best, count if same.all() else int(np.argmin(same)))
    return best


def test_what_a_guest_plays_is_in_the_monitor_of_the_null_sink(folder: Path, sound: Frames) -> None:
    heard = np.fromfile(folder / "heard.raw", np.int16)
    assert longest_common(heard[: len(heard) // 2 * 2].reshape(-1, 2), sound) == len(sound)


def test_what_a_guest_plays_is_in_the_file_of_the_file_plugin(folder: Path, sound: Frames) -> None:
    kept = np.fromfile(folder / "kept.raw", np.int16)
    assert longest_common(kept[: len(kept) // 2 * 2].reshape(-1, 2), sound) == len(sound)


def test_what_is_played_to_a_source_is_in_a_guests_recording(folder: Path, sound: Frames) -> None:
    samples, _ = soundfile.read(folder / "out" / "take.wav", always_2d=True)
    take = np.rint(samples * 32768).astype(np.int16)
    common = longest_common(take, sound)
    assert common > (SECONDS - 10) * RATE_HZ, "the guest began to record before, or a little later"
