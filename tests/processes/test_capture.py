"""Several guests record from one card, each in its own way, and one of them plays meanwhile: real processes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from compose.scenario import RECORDINGS
from tests.processes.correlation import lag_of, mono

SCENARIO = """
name = "recorders"
duration_s = 4
[devices.microphone]
kind = "clocked"
record_from = "navigation.flac"
play_to = "mix.wav"
buffer_frames = 24000
"""

GUEST = """
[[guests]]
id = {id}
[[guests.streams]]
device = "microphone"
records = "take-{id}.wav"
format = "{format}"
rate_hz = {rate}
channels = {channels}
period_frames = {period}
buffer_frames = {buffer}
"""

PLAYS = """
[[guests.streams]]
device = "microphone"
plays = "melody.flac"
buffer_frames = 24000
"""

WAYS = {1: ("s16_le", 48000, 2), 2: ("float_le", 44100, 2), 3: ("u8", 16000, 1), 4: ("s24_le", 48000, 2)}
"""By guest; the last one plays as well."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("capture")
    guests = [
        GUEST.format(id=domid, format=name, rate=rate, channels=channels, period=rate // 100, buffer=rate // 2)
        for domid, (name, rate, channels) in WAYS.items()
    ]
    scenario = folder / "scenario.toml"
    scenario.write_text("".join([SCENARIO, *guests, PLAYS]))
    command = [sys.executable, "-m", "compose.cli", "run", str(scenario), "--out", str(folder / "out")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return folder / "out"


@pytest.mark.parametrize("domid", WAYS)
def test_each_take_is_what_the_card_heard_in_the_guests_own_way(finished: Path, domid: int) -> None:
    _, rate_hz, channels = WAYS[domid]
    take, take_hz = soundfile.read(finished / f"take-{domid}.wav", always_2d=True)
    assert (take_hz, take.shape) == (rate_hz, (4 * rate_hz, channels))
    source = mono(RECORDINGS / "navigation.flac")
    heard = mono(finished / f"take-{domid}.wav")
    early, late = source[48000:96000], source[120_000:168_000]
    (first, clear_first), (second, clear_second) = lag_of(early, heard), lag_of(late, heard)
    assert min(clear_first, clear_second) > 1.5, "not to be heard"
    assert abs(second - first - 72_000) <= 2, "it drifts"


def test_in_the_cards_own_format_a_take_is_the_cards_sound_bit_for_bit(finished: Path) -> None:
    take, _ = soundfile.read(finished / "take-1.wav", dtype="float32", always_2d=True)
    card, _ = soundfile.read(finished / "microphone-input.wav", dtype="float32", always_2d=True)
    sixteen = np.round(card * 32768).astype(np.int16)
    frames = np.round(take * 32768).astype(np.int16)
    around = np.concatenate([sixteen, sixteen])
    (starts,) = np.nonzero((around[: len(sixteen)] == frames[1000]).all(axis=1))
    matches = [at for at in starts if np.array_equal(around[at : at + 48000], frames[1000:49000])]
    assert len(matches) == 1


def test_who_plays_meanwhile_is_heard(finished: Path) -> None:
    sound, mix = mono(RECORDINGS / "melody.flac"), mono(finished / "mix.wav")
    _, clear = lag_of(sound[:96000], mix)
    assert clear > 1.5
