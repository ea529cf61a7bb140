"""What a guest's period costs the backend: 16 guest processes, 10 ms periods, real time.

The figure is the CPU time (user and system) of the backend's process from ready to end, divided by guests and periods:
request, copy, mix, answer and position event, and its part of the looks.
"""

import json
import tempfile
from pathlib import Path

from backend.report import read_report
from compose.worlds.processes import ProcessesWorld
from tests.bench.scenarios import alike, music

GUESTS = 16
SECONDS = 20.0
PERIODS_PER_SECOND = 100


def measure() -> dict[str, float]:
    """backend_us_per_guest_period, for guests at the card's rate and for guests that must be resampled."""
    return {
        "backend_us_per_guest_period": _cost(48000),
        "backend_us_per_guest_period_resampled": _cost(44100),
    }


def _cost(rate_hz: int) -> float:
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        out = Path(folder)
        facts = ProcessesWorld().run(alike(GUESTS, SECONDS, out, music(rate_hz)), lambda passed_s: None)
        underruns = sum(stream.underruns for guest in facts.guests for stream in guest.streams)
        assert underruns == 0, f"{underruns} underruns: this run measures something else"
        report = read_report(out / "backend.json")
    return report.backend.cpu_s * 1e6 / (GUESTS * SECONDS * PERIODS_PER_SECOND)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
