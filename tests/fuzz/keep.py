"""`python -m tests.fuzz.keep TARGET FOLDER`: make the corpus of a target anew, from it and from what was found.

The smallest inputs come first, and one is kept if it takes a step in our code, from line to line, that none before it
took.  That is coarser than what the fuzzer goes by, which also counts; so a few dozen remain of many hundreds.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tests.fuzz.targets import CORPUS, TARGETS

if TYPE_CHECKING:
    from _typeshed import TraceFunction

KEPT_MAX = 40
PACKAGES = ("/ringproto/", "/hosts/", "/backend/", "/frontend/")

Step = tuple[str, int, int]


class Steps:
    """What code is run through: `taken`, as (file, line, next line)."""

    def __init__(self) -> None:
        self.taken: set[Step] = set()

    def enter(self, frame: FrameType, event: str, arg: object) -> "TraceFunction | None":
        """A function is called."""
        file = frame.f_code.co_filename
        if not any(package in file for package in PACKAGES):
            return None
        last = 0

        def step(frame: FrameType, event: str, arg: object) -> "TraceFunction":
            nonlocal last
            self.taken.add((file, last, frame.f_lineno))
            last = frame.f_lineno
            return step

        return step


def steps_of(target: str, data: bytes) -> set[Step]:
    """What steps the target takes for that input."""
    steps = Steps()
    sys.settrace(steps.enter)
    try:
        TARGETS[target](data)
    finally:
        sys.settrace(None)
    return steps.taken


def main() -> None:
    """Choose, and write."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.keep")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    corpus = CORPUS / asked.target
    corpus.mkdir(parents=True, exist_ok=True)
    paths = [*corpus.iterdir(), *asked.folder.iterdir()]
    candidates = sorted(
        {path.read_bytes() for path in paths if not path.name.startswith(("crash", "timeout"))}, key=len
    )
    seen: set[Step] = set()
    kept: list[bytes] = []
    for data in candidates:
        steps = steps_of(asked.target, data)
        if steps - seen and len(kept) < KEPT_MAX:
            seen |= steps
            kept.append(data)
    for path in corpus.iterdir():
        path.unlink()
    for data in kept:
        (corpus / f"{hashlib.sha256(data).hexdigest()[:12]}.bin").write_bytes(data)
    print(f"{asked.target}: {len(kept)} of {len(candidates)}")


if __name__ == "__main__":
    main()
