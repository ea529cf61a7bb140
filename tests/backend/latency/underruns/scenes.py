"""A simulated run in which something goes wrong on purpose: what the result blames, and what was heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from backend.latency.build import build
from backend.latency.facts import Facts
from backend.latency.measures.timeline import CardClock
from backend.latency.records import load
from backend.latency.result import Result, Stream
from compose.facts import Block
from compose.guest import Player
from compose.run import make_folder, plan_blocks
from compose.scenario import read_scenario
from compose.worlds.api import OnProgress
from compose.worlds.sim import SimWorld
from compose.worlds.simrun import SimRun
from hosts.sim.loop import SimLoop

MS = 1_000_000
RATE_HZ = 48_000
LEVEL = 1000
SCENARIO = """
name = "gaps"
duration_s = {seconds}
pacing = ["{pacing}"]
[devices.speaker]
kind = "clocked"
play_to = "mix.wav"
drift_ppm = 40
{card}
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "tone.wav"
{stream}
{more}
"""
RECORDING = """
name = "lost"
duration_s = {seconds}
pacing = ["{pacing}"]
[devices.mic]
kind = "clocked"
record_from = "numbers.flac"
drift_ppm = 40
[[guests]]
id = 1
[[guests.streams]]
device = "mic"
records = "heard.wav"
{stream}
{more}
"""
PAUSE = """
[[faults]]
at_s = {at_s}
what = "pause"
guest = 1
for_s = {for_s}
"""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing of Dom0 runs."""

    at_ns: int
    for_ns: int


class StallingWorld(SimWorld):
    """A machine whose Dom0 stands still now and then."""

    def __init__(self, stalls: Sequence[Stall]) -> None:
        self._stalls = stalls

    def _play(self, run: SimRun, block: Block, on_progress: OnProgress) -> None:
        loop = run.machine.hosts[0].loop
        for stall in self._stalls:
            until_ns = stall.at_ns + stall.for_ns
            SimLoop(run.machine.timeline).timer(partial(_pause, loop, until_ns)).arm(stall.at_ns)
        super()._play(run, block, on_progress)


def _pause(loop: SimLoop, until_ns: int, now_ns: int) -> None:
    loop.pause(until_ns)


class SlowPlayer(Player):
    """An application that takes its time over each period."""

    takes_ns = 6 * MS

    def _feed(self, now_ns: int) -> None:
        if now_ns == 0:  # to begin with
            super()._feed(now_ns)
        else:
            loop = self._pcm.loop
            loop.timer(super()._feed).arm(loop.now_ns() + self.takes_ns)


@dataclass(frozen=True, slots=True)
class Scene:
    """What came of it."""

    result: Result
    out: Path
    facts: Facts

    @property
    def stream(self) -> Stream:
        """The guest's first."""
        return self.result.guests[0].streams[0]

    def heard(self) -> list[tuple[int, int]]:
        """(first frame of the card's, frames) of each silence between the sound's beginning and its end."""
        samples = soundfile.read(self.out / "mix.wav", dtype="int16")[0][:, 0]
        sound: NDArray[np.intp] = np.flatnonzero(samples)
        holes = np.flatnonzero(np.diff(sound) > 1)
        return [(int(sound[at]) + 1, int(sound[at + 1] - sound[at]) - 1) for at in holes]

    def lost(self) -> list[tuple[int, int]]:
        """(first frame of the card's, frames) of each hole in what was recorded of numbered frames."""
        samples = np.rint(soundfile.read(self.out / "heard.wav", always_2d=True)[0] * 32768).astype(np.int64)
        numbers = (samples[:, 0] & 0xFFFF) | (samples[:, 1] & 0xFFFF) << 16
        numbers = numbers[numbers > 0]  # what stands for frames that the card lost is silence
        return [
            (int(numbers[at]), int(numbers[at + 1] - numbers[at]) - 1) for at in np.flatnonzero(np.diff(numbers) > 1)
        ]

    def told(self) -> list[tuple[int, int]]:
        """The same, as the gaps say."""
        trace = load(sorted(self.out.glob("trace/*.vtrace")))
        clock = CardClock(trace.boundaries(self.facts.devices[0].number), RATE_HZ)
        instants_ns = clock.instants_ns(np.arange((self.facts.run.duration_s + 2) * RATE_HZ))
        half_ns = 500_000_000 // RATE_HZ
        return [(int(np.searchsorted(instants_ns, gap.at_ns - half_ns)), gap.frames) for gap in self.stream.gaps]


def play(
    folder: Path, *, pacing: str = "irq", seconds: float = 3, card: str = "", stream: str = "", more: str = "",
    stalls: Sequence[Stall] = (),
) -> Scene:  # fmt: skip
    """Play a tone, and what more the scenario says."""
    tone = np.full((RATE_HZ, 2), LEVEL, np.int16)
    soundfile.write(folder / "tone.wav", tone, RATE_HZ)
    text = SCENARIO.format(pacing=pacing, seconds=seconds, card=card, stream=stream, more=more)
    return _run(folder, text, stalls)


def record(
    folder: Path, *, pacing: str = "irq", stream: str = "", more: str = "", stalls: Sequence[Stall] = ()
) -> Scene:
    """Record numbered frames, and what more the scenario says."""
    return _run(folder, RECORDING.format(pacing=pacing, seconds=3, stream=stream, more=more), stalls)


def _run(folder: Path, scenario: str, stalls: Sequence[Stall]) -> Scene:
    (folder / "gaps.toml").write_text(scenario)
    (block,) = plan_blocks(read_scenario(folder / "gaps.toml"), folder, folder / "out", 1)
    make_folder(block.out)
    facts = StallingWorld(stalls).run(block, lambda passed_s: None)
    return Scene(build(block.out, facts), block.out, facts)
