"""Hostile guests: cases tried and survived, and how late the well-behaved neighbours' periods are meanwhile.

Lateness under attack stands beside that of the same run while the attacker kept quiet.
"""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.hostile.arena import Arena
from tests.hostile.classes import CLASSES
from tests.hostile.evidence import Evidence, gather, lateness_of


def fight(letter: str, out: Path) -> Evidence:
    """The evidence of the fight over one class of attacks."""
    with Arena(out) as arena:
        arena.fight(CLASSES[letter])
        arena.settle()
    return gather(arena)


def measure() -> dict[str, object]:
    """hostile_cases, hostile_survived, the neighbours' p99 in quiet and under attack, and the same for each class."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        fights = {letter: fight(letter, Path(folder) / letter) for letter in CLASSES}
    late = lateness_of([f.quiet for f in fights.values()], [f.attacked for f in fights.values()])
    return {
        "hostile_cases": sum(len(f.records) for f in fights.values()),
        "hostile_survived": sum(f.survived for f in fights.values()),
        "hostile_neighbours_wrong": sorted({name for f in fights.values() for name in f.faults}),
        **{f"hostile_{name}": value for name, value in asdict(late).items()},
        "hostile_ratio": round(late.ratio, 3),
        "hostile_by_class": {letter: f.figures() for letter, f in fights.items()},
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
