"""How fast simulated time passes: one stream with 10 ms periods, frontend and backend and card in one process."""

import json
import tempfile
import time
from pathlib import Path

from compose.worlds.sim import SimWorld
from tests.bench.scenarios import alike, music

SECONDS = 600.0


def measure() -> dict[str, float]:
    """sim_virtual_s_per_s."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        began_s = time.perf_counter()
        facts = SimWorld().run(alike(1, SECONDS, Path(folder), music()), lambda passed_s: None)
        took_s = time.perf_counter() - began_s
    assert facts.guests[0].streams[0].underruns == 0
    return {"sim_virtual_s_per_s": SECONDS / took_s}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
