"""`python -m tests.bench`: all figures, printed and written to bench.json.

Each measure runs in a process of its own, so that none inherits another's caches or garbage.
"""

import json
import subprocess
import sys
from pathlib import Path

MEASURES = (
    "demo", "backend_cost", "backend_hot", "memory", "notify", "simulation", "mixing", "hostile", "delay", "pacing",
    "long_trace", "tracing", "live", "recovery", "kills", "docker", "channel", "blocking", "local", "ringsize",
)  # fmt: skip
RESULT = Path("bench.json")


def main() -> None:
    """Run all, or those named as arguments."""
    figures: dict[str, object] = {}
    for name in sys.argv[1:] or MEASURES:
        print(f"{name} ...", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{name}"], stdout=subprocess.PIPE, text=True, check=True
        )
        print(done.stdout, flush=True)
        figures[name] = json.loads(done.stdout)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
