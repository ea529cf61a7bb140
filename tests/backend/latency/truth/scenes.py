"""Two guests that play markers, one of them resampled: what both worlds are to be proved by."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from backend.latency.build import TRACES
from backend.latency.facts import Facts
from backend.latency.records import load
from backend.latency.result import Truth
from backend.latency.truth.agreement import agreement
from backend.latency.truth.marker import Float64s
from compose.run import find_world, plan_blocks
from compose.scenario import read_scenario

SCENE = """
name = "truth"
duration_s = 3
[devices.speaker]
kind = "clocked"
rate_hz = {card_hz}
drift_ppm = 40
period_frames = {period}
buffer_frames = {buffer}
play_to = "mix.wav"
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "markers"
buffer_frames = 24000
[[guests]]
id = 2
[[guests.streams]]
device = "speaker"
plays = "markers"
format = "s24_le"
rate_hz = 44100
period_frames = 441
buffer_frames = 22050
"""


def play(
    out: Path, world: str, more: str = "", *, card_hz: int = 48_000, period: int = 240, buffer: int = 1920
) -> Facts:
    """Run the scene, and what more there is to it, into the folder.  Period and buffer are the card's."""
    out.mkdir(exist_ok=True)
    (out / "scenario.toml").write_text(SCENE.format(card_hz=card_hz, period=period, buffer=buffer) + more)
    (block,) = plan_blocks(read_scenario(out / "scenario.toml"), out, out, 1)
    return find_world(world).run(block, lambda passed_s: None)


def heard(out: Path, facts: Facts) -> Truth:
    """The run by its sound."""
    truth = agreement(out, facts, load(sorted(out.glob(TRACES))))
    assert truth is not None
    return truth


def change_sound(out: Path, change: Callable[[Float64s], Float64s]) -> None:
    """Have the card have played something else."""
    samples, rate_hz = soundfile.read(out / "mix.wav", always_2d=True)
    soundfile.write(out / "mix.wav", change(np.asarray(samples, np.float64)), rate_hz, "PCM_16")
