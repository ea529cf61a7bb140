"""The demo's own figures: underruns, and whether each guest is to be heard in the mix, at one place, unclipped."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from compose.facts import Block
from compose.scenario import RECORDINGS, SCENARIOS, read_scenario
from compose.worlds.processes import ProcessesWorld
from tests.processes.correlation import lag_of, mono


def measure() -> dict[str, float]:
    """demo_underruns (all guests), demo_late_frames, demo_peak, and of each recording the drift of its place."""
    path = SCENARIOS / "demo.toml"
    scenario = read_scenario(path)
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        out = Path(folder)
        block = Block(scenario, path.parent, "irq", scenario.seed, out, datetime.now(UTC))
        facts = ProcessesWorld().run(block, lambda passed_s: None)
        streams = [stream for guest in facts.guests for stream in guest.streams]
        samples, _ = soundfile.read(out / "mix.wav")
        figures: dict[str, float] = {
            "demo_underruns": sum(stream.underruns for stream in streams),
            "demo_late_frames": sum(stream.starved_frames for stream in streams),
            "demo_peak": float(np.abs(samples).max()),
        }
        mix = mono(out / "mix.wav")
        for stream in streams[:3]:  # the fourth guest is the probe, on a card of its own
            figures |= _place(stream.recording, mix)
    return figures


def _place(recording: str, mix: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> dict[str, float]:
    sound = mono(RECORDINGS / recording)
    half = len(sound) // 2
    once = mix[: len(sound) + 24_000]  # before it begins again
    (first, clear_first), (second, clear_second) = lag_of(sound[:half], once), lag_of(sound[half : 2 * half], once)
    name = Path(recording).stem
    return {
        f"demo_{name}_drift_frames": abs(second - first - half),
        f"demo_{name}_peak_over_rest": min(clear_first, clear_second),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
