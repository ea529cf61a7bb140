"""Pacings in real time, on a card that is a process of its own: the contract, and two seconds mixed ahead."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile

from backend.devices.registry import open_device
from backend.latency.result import read_result
from backend.pacing.checks import RULES, check_pacing
from backend.pacing.choose import Pacing, pacing_named
from compose.run import run_file
from hosts.loop import RealLoop
from ringproto.card import Direction

FAR_AHEAD = """
name = "two seconds ahead"
duration_s = 6
pacing = ["adaptive"]
[devices.speaker]
kind = "clocked"
buffer_frames = 96000
drift_ppm = 200
play_to = "mix.wav"
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "sound.wav"
period_frames = 48000
buffer_frames = 96000
"""


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    made = RealLoop()
    yield made
    made.close()


@pytest.mark.parametrize("name", get_args(Pacing))
def test_contract(name: Pacing, loop: RealLoop) -> None:
    def stall(ns: int) -> None:
        until_ns = loop.now_ns() + ns
        while loop.now_ns() < until_ns:
            pass

    card = {"buffer_frames": 96_000, "lost_interrupts_ppm": 50_000}
    make_pacing = pacing_named(name, Direction.PLAYBACK)
    check_pacing(make_pacing, lambda: open_device("clocked", card, Direction.PLAYBACK, loop), loop, stall, RULES)


def test_a_sound_of_two_seconds_ahead_is_heard_bit_for_bit(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).integers(-9000, 9000, (6 * 48000, 2), dtype=np.int16)
    soundfile.write(tmp_path / "sound.wav", sound, 48000, subtype="PCM_16")
    (tmp_path / "far.toml").write_text(FAR_AHEAD)
    run_file(tmp_path / "far.toml", "processes", tmp_path / "out", None)
    (card,) = read_result(tmp_path / "out" / "result.json").devices
    assert card.pacing == "adaptive"
    assert card.underruns == 0
    assert card.looks <= 13, "one a second, and a few for the end"
    heard, _ = soundfile.read(tmp_path / "out" / "mix.wav", dtype="int16")
    assert np.array_equal(heard[: len(sound)], sound)
