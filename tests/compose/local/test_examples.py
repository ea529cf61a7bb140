"""The example applications, block by block."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from compose.local.loop import loop_through
from compose.local.meter import BAR_LETTERS, Meter, bar
from compose.local.player import Player
from compose.local.tone import Tone
from frontend.local import FloatArray
from tests.compose.local.stub import Stub

FRAMES = 480
NO_INPUT = np.zeros((FRAMES, 0), np.float32)


def block(channels: int = 2) -> FloatArray:
    return np.zeros((FRAMES, channels), np.float32)


def test_a_tone_goes_on_from_block_to_block_and_is_in_phase_after_a_gap() -> None:
    stub = Stub()
    tone = Tone(stub.client, 440.0, 0.5)
    for stub.frame in (0, 480, 480 * 1000):
        output = block()
        tone.process(NO_INPUT, output, FRAMES)
        wanted = 0.5 * np.sin(2 * np.pi * 440 / 48000 * (stub.frame + np.arange(FRAMES)))
        assert np.abs(output - wanted[:, np.newaxis]).max() < 1e-6


def test_a_player_plays_what_belongs_there_and_then_nothing(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, (700, 2)).astype(np.float32)
    soundfile.write(tmp_path / "sound.wav", sound, 48000, "FLOAT")
    stub = Stub()
    player = Player(stub.client, tmp_path / "sound.wav")
    for stub.frame, there in ((480, 220), (0, 480), (960, 0)):
        output = block()
        player.process(NO_INPUT, output, FRAMES)
        assert np.array_equal(output[:there], sound[stub.frame : stub.frame + there])
        assert not output[there:].any()
    assert player.seconds == pytest.approx(700 / 48000)
    for stub.played_frames, over in ((699, False), (700, True)):
        assert player.is_over is over


def test_a_meter_shows_the_peaks_since_it_was_looked_at() -> None:
    meter = Meter(2)
    quiet = block()
    quiet[7] = (0.5, -1.0)
    meter.process(quiet, NO_INPUT, FRAMES)
    meter.process(block(), NO_INPUT, FRAMES)
    assert meter.line() == f"{bar(0.5)}   {bar(1.0)}"
    assert meter.line() == f"{bar(0)}   {bar(0)}"


@pytest.mark.parametrize(
    ("peak", "letters", "level"), [(1.0, BAR_LETTERS, "0.0 dB"), (0.001, 0, "-60.0 dB"), (0.0, 0, "-60.0 dB")]
)
def test_a_bar_is_as_long_as_it_is_loud(peak: float, letters: int, level: str) -> None:
    assert bar(peak).count("#") == letters
    assert bar(peak).endswith(level)


def test_loop_through_hands_every_frame_on() -> None:
    heard, output = np.random.default_rng(1).random((FRAMES, 2), np.float32), block()
    loop_through(heard, output, FRAMES)
    assert np.array_equal(heard, output)
