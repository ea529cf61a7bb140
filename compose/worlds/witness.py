"""What the files and reports of a run say of the invariants, in any world: see `invariants` for the rules.

In simulated time every gap has a reason that is known, and more of them than are accounted for break a rule.  In real
time any machine may be late, so there gaps prove nothing; but what is heard is heard in order, and once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from compose.facts import Block
from compose.guest import GuestReport
from compose.plan import TRACES, generation
from compose.scenario import GuestSpec
from compose.worlds.invariants import NUMBERS, check_numbers, check_positions, heard_numbers

ANY = 1 << 62


@dataclass(frozen=True, slots=True)
class Broken:
    """What was done to a run."""

    restarts: Mapping[int, int]
    """Of guests, by domid."""
    backends: int
    """How many there were, one after another."""
    gaps: Mapping[tuple[int, int], int] | None = None
    """How many gaps are accounted for, by domid and stream; None where gaps prove nothing."""


def problems_of(block: Block, reports: Iterable[GuestReport], broken: Broken) -> Iterator[str | None]:
    """Each rule that could be looked at: what is wrong, or None."""
    for report in reports:
        for told in report.streams:
            if told.unanswered:
                yield f"guest {report.domid}, stream {told.stream}: {told.unanswered} requests were never answered"
    for guest in block.scenario.guests:
        for path in _traces(block, guest, broken):
            yield check_positions(path.read_bytes())
        for number, stream in enumerate(guest.streams):
            if stream.plays == NUMBERS and _is_alone(block, guest, number):
                yield _numbers_problem(block, guest, number, broken)


def _numbers_problem(block: Block, guest: GuestSpec, number: int, broken: Broken) -> str | None:
    stream = guest.streams[number]
    gaps, frames = ANY, ANY
    if broken.gaps is not None:
        gaps, frames = broken.gaps[guest.id, number], stream.buffer_frames
    numbers = heard_numbers(_files(block, stream.device, broken.backends))
    return check_numbers(numbers, broken.restarts.get(guest.id, 0), gaps, frames)


def _traces(block: Block, guest: GuestSpec, broken: Broken) -> list[Path]:
    """One for each of its lives; in simulated time one for all of them."""
    first = block.out / TRACES / f"guest-{guest.id}.vtrace"
    paths = [generation(first, number) for number in range(1 + broken.restarts.get(guest.id, 0))]
    return [path for path in paths if path.exists()]


def _is_alone(block: Block, guest: GuestSpec, number: int) -> bool:
    """Whether nobody else plays on the device of this stream."""
    device = guest.streams[number].device
    return sum(stream.device == device for other in block.scenario.guests for stream in other.streams) == 1


def _files(block: Block, device: str, backends: int) -> list[Path]:
    name = block.scenario.devices[device].get("play_to")
    return [generation(block.out / str(name), number) for number in range(backends)] if name else []
