"""One seed of the explorer's scenario, without its report."""

import logging
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from backend.pacing.choose import Pacing
from compose.facts import Block
from compose.scenario import SCENARIOS, read_scenario
from compose.worlds.sim import SimWorld

SCENARIO = SCENARIOS / "explore.toml"
PACINGS: tuple[Pacing, ...] = ("irq", "timer", "adaptive")
"""One after the other, seed by seed."""


class _Errors(logging.Handler):
    """Keeps what the backend calls its own errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def explore(seed: int) -> str | None:
    """Run the seed; what broke in it, or None."""
    errors, log = _Errors(), logging.getLogger("vsnd")
    log.addHandler(errors)
    try:
        with tempfile.TemporaryDirectory(prefix="vsnd-explore-") as folder:
            pacing = PACINGS[seed % len(PACINGS)]
            block = Block(read_scenario(SCENARIO), SCENARIOS, pacing, seed, Path(folder), datetime.now(UTC))
            SimWorld().run(block, lambda passed_s: None)
    except Exception as broken:  # whatever it is, it belongs to this seed, and the next one is tried as well
        last = traceback.extract_tb(broken.__traceback__)[-1]
        return f"seed {seed}: {type(broken).__name__}: {broken} ({last.filename}:{last.lineno})"
    finally:
        log.removeHandler(errors)
    return f"seed {seed}: {errors.said[0]}" if errors.said else None
