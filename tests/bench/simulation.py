"""How fast simulated time passes, with 10 ms periods: one stream for long, and a thousand guests for ten seconds."""

import json
import tempfile
import time
from pathlib import Path

from compose.worlds.sim import SimWorld
from tests.bench.scenarios import alike, music

SECONDS = 600.0


def measure() -> dict[str, float]:
    """sim_virtual_s_per_s, sim_thousand_guests_s."""
    return {
        "sim_virtual_s_per_s": SECONDS / _seconds_for(1, SECONDS),
        "sim_thousand_guests_s": _seconds_for(1000, 10.0),
    }


def _seconds_for(guests: int, duration_s: float) -> float:
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        began_s = time.perf_counter()
        facts = SimWorld().run(alike(guests, duration_s, Path(folder), music()), lambda passed_s: None)
        took_s = time.perf_counter() - began_s
    assert sum(guest.streams[0].underruns for guest in facts.guests) == 0
    return took_s


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
