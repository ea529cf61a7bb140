"""What must hold in every run, whatever went wrong in it.

1. Numbered frames (`numbers.flac`, alone on a card of its own format) are heard in order, none twice.  A guest that was
   restarted begins anew.  Frames may be missing, up to a buffer of them, where a fault cost the guest its stream, and
   where the backend counted some as late.
2. The positions that a guest is told only rise while a stream is open.
3. When a stream is closed every request has been answered.
4. In the end nobody holds, grants, offers or watches anything.

In real time, too, as far as it can be: `witness` says how far.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from compose.worlds.api import RunError
from hosts.sim.machine import SimMachine
from ringproto.trace import Point, read_trace

NUMBERS = "numbers.flac"
Numbers = npt.NDArray[np.int64]


class InvariantError(RunError):
    """A rule was broken.  The seed repeats it."""


def require(holds: bool, seed: int, what: str) -> None:
    """Raise InvariantError unless it holds."""
    if not holds:
        raise InvariantError(f"seed {seed}: {what}")


def heard_numbers(files: Iterable[Path]) -> Numbers:
    """The numbers that were heard, in order; silence is left out."""
    parts = [soundfile.read(path, dtype="int16", always_2d=True)[0].astype(np.int64) for path in files if path.exists()]
    frames = np.concatenate(parts) if parts else np.zeros((0, 2), np.int64)
    numbers = (frames[:, 0] & 0xFFFF) | (frames[:, 1] & 0xFFFF) << 16
    return np.asarray(numbers[numbers != 0])


def check_numbers(numbers: Numbers, restarts: int, gaps_most: int, gap_frames_most: int) -> str | None:
    """What is wrong with them; None when nothing is."""
    steps = np.diff(numbers)
    back = np.flatnonzero(steps <= 0)
    for at in back:
        if numbers[at + 1] != 1 or restarts == 0:
            return f"frame {numbers[at + 1]} is heard after frame {numbers[at]}"
    if len(back) > restarts:
        return f"the sound begins {len(back) + 1} times, with {restarts} restarts of its guest"
    gaps = np.flatnonzero(steps > 1)
    for at in gaps:
        if steps[at] - 1 > gap_frames_most:
            return f"{steps[at] - 1} frames are missing after frame {numbers[at]}: more than a buffer"
    if len(gaps) > gaps_most:
        return (
            f"frames are missing at {len(gaps)} places, {gaps_most} are accounted for; after {numbers[gaps].tolist()}"
        )
    return None


def check_positions(trace: bytes) -> str | None:
    """What is wrong with the positions that a guest was told; None when nothing is."""
    newest: dict[int, int] = {}
    for record in read_trace(trace):
        if record.point == Point.OPENED:
            newest[record.stream] = 0
        elif record.point == Point.WOKE_GUEST:
            before = newest.get(record.stream, 0)
            if record.value < before:
                return f"stream {record.stream} is told position {record.value} after {before}"
            newest[record.stream] = record.value
    return None


def check_leftovers(machine: SimMachine) -> str | None:
    """What somebody still has though all have left; None when nothing is."""
    for domid, host in sorted(machine.hosts.items()):
        for what, count in host.leftovers().items():
            if count:
                return f"domain {domid} is left with {count} {what}"
    return None


def check_run(seed: int, problems: Iterable[str | None]) -> None:
    """Raise InvariantError with the first problem."""
    for problem in problems:
        require(problem is None, seed, problem or "")
