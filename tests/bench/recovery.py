"""Recovery: every part of a run is broken in turn, again and again, while two guests play; medians of what it costs.

One run for each kind of fault, with ROUNDS of it.  For each: how long the sound of whom it happened to was away, and
how long after the mending that guest heard again (`recovery_ms`); the same of the other guest, where it happened to
one; and how many gaps the other had by anybody's fault but its own or its card's.  All in ms.

What a sound server swallows is not in any trace, so there the backend's log is asked how long it was without one.
"""

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from backend.latency.build import build
from backend.latency.result import Fault, FaultCost
from compose.facts import Block
from compose.faults import OF_A_GUEST, Kind
from compose.scenario import read_scenario
from compose.worlds.processes import ProcessesWorld

ROUNDS = 10
EVERY_S = 3.0
FOR_S = 0.5
VICTIM, OTHER = 1, 2

SCENARIO = """
name = "recovery"
duration_s = {seconds}
{server}
[devices.one]
{device}
[devices.two]
{device}
[[guests]]
id = 1
[[guests.streams]]
device = "one"
plays = "melody.flac"
buffer_frames = 9600
[[guests]]
id = 2
[[guests.streams]]
device = "two"
plays = "announcement.flac"
buffer_frames = 9600
"""
KINDS: tuple[Kind, ...] = ("pause", "throttle", "restart", "detach", "backend", "hostile", "sound_server")
LOG_LINE = re.compile(r"^(\S+ \S+?),(\d+) vsnd one: (no sound server|the sound server is back)")


def scenario_of(what: Kind) -> str:
    """The scenario in which only this goes wrong."""
    served = what == "sound_server"
    device = 'kind = "pulse"\ndevice = "speaker"' if served else 'kind = "clocked"'
    text = SCENARIO.format(
        seconds=EVERY_S * (ROUNDS + 1), server="[sound_server]" if served else "", device=device
    )  # fmt: skip
    whose = f"guest = {VICTIM}\n" if what in OF_A_GUEST else ""
    share = "share = 0.1\n" if what == "throttle" else ""
    return text + "".join(
        f'[[faults]]\nwhat = "{what}"\nat_s = {EVERY_S * (number + 0.5)}\nfor_s = {FOR_S}\n{whose}{share}'
        for number in range(ROUNDS)
    )


def run(what: Kind, folder: Path) -> list[Fault]:
    """Run it; what was broken, and what it cost."""
    folder.mkdir()
    path = folder / "scenario.toml"
    path.write_text(scenario_of(what))
    scenario = read_scenario(path)
    block = Block(scenario, folder, "irq", scenario.seed, folder / "out", datetime.now(UTC))
    facts = ProcessesWorld().run(block, lambda passed_s: None)
    return build(folder / "out", facts).faults


def figures(what: Kind, faults: Sequence[Fault]) -> dict[str, float | int | None]:
    """Of one kind."""
    mine = [cost for fault in faults for cost in fault.costs if cost.domid == VICTIM]
    others = [cost for fault in faults for cost in fault.costs if cost.domid == OTHER]
    found: dict[str, float | int | None] = {"n": len(faults)} | _of(mine, "")
    if what in OF_A_GUEST or what == "hostile":
        found |= _of(others, "other_")
        found["other_gaps_by_others"] = sum(
            blame.gaps for cost in others for cause, blame in cost.blame.items() if cause in ("backend", "notification")
        )
    return found


def _of(costs: Sequence[FaultCost], whose: str) -> dict[str, float | int | None]:
    recovered = [cost.recovery_ns for cost in costs if cost.recovery_ns is not None]
    late = [cost.lateness_max_ns for cost in costs if cost.lateness_max_ns is not None]
    return {
        f"{whose}recovered": len(recovered),
        f"{whose}recovery_ms": _median_ms(recovered),
        f"{whose}recovery_worst_ms": _ms(max(recovered, default=None)),
        f"{whose}outage_ms": _median_ms([cost.outage_ns for cost in costs]),
        f"{whose}lateness_max_ms": _median_ms(late),
    }


def without_server_ms(log: Path) -> list[float]:
    """For how long the first device was without a server, each time, by the backend's log."""
    said = [match for line in log.read_text().splitlines() if (match := LOG_LINE.match(line))]
    times_ms = [datetime.fromisoformat(match[1]).timestamp() * 1000 + int(match[2]) for match in said]
    lost = [number for number, match in enumerate(said) if match[3] == "no sound server"]
    return [times_ms[number + 1] - times_ms[number] for number in lost if number + 1 < len(said)]


def _median_ms(values: Sequence[int]) -> float | None:
    return _ms(median(values)) if values else None


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1e6, 1)


def measure(kinds: Sequence[Kind]) -> dict[str, object]:
    """recovery_KIND for each."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as name:
        for what in kinds:
            if what == "sound_server" and shutil.which("pulseaudio") is None:
                continue
            folder = Path(name) / what
            told = figures(what, run(what, folder))
            if what == "sound_server":
                away = without_server_ms(folder / "out" / "logs" / "backend.log")
                told |= {"times_without_server": len(away), "without_server_ms": round(median(away), 1)}
            found[f"recovery_{what}"] = told
    return found


if __name__ == "__main__":
    chosen = [what for what in KINDS if what in sys.argv[1:]] or KINDS
    print(json.dumps(measure(chosen), indent=2))
