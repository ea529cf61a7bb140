"""Pieces of silence: what the trace says was not a guest's sound, in the guest's own frames.

Four things say so.

* MISSED: the backend mixed silence for want of frames (or had no room for what was recorded).
* DRY: the card ran dry (or over) before the backend looked.
* STARVED: a card that says so had to play what was not there.  Mostly that is what DRY says too.  Where it is not, the
  backend was in time by the position that the card showed, and the card had fetched already; or it, or the sound server
  in its place, stood still.
* UNDERRUN: the guest gave up.  What follows is no sound of its, until it starts again.

Each frame is counted once, for the first of these that has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from backend.latency.records import Records
from backend.latency.underruns.stretch import Stretch
from ringproto.trace import Point

SilentPoint = Literal[Point.MISSED, Point.DRY, Point.STARVED, Point.UNDERRUN]

ROUNDING_FRAMES = 1
"""The card's frames and a guest's of another rate meet no better."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Silence of one kind, in one go."""

    first: int
    """The guest's first silent frame."""
    end: int
    """The first that is not."""
    point: SilentPoint
    at_ns: int
    """When it was found out, which is before it is heard, or after."""
    index: int = 0
    """Of the record that says so, among the stretch's, where there is one."""

    @property
    def frames(self) -> int:
        """How many of the guest's."""
        return self.end - self.first


def pieces_of(stretch: Stretch, starved: Records) -> list[Piece]:
    """The silent pieces of a stretch in order, none overlapping; those that touch are of different kinds."""
    found = [*_traced(stretch, Point.DRY), *_traced(stretch, Point.MISSED), *_starved(stretch, starved)]
    found.sort(key=lambda piece: piece.first)  # a stable sort: of two that begin at once the first kind counts
    return _merged(found)


def _traced(stretch: Stretch, point: Literal[Point.MISSED, Point.DRY]) -> list[Piece]:
    found = stretch.found(point)
    records = found.records
    columns = (records["frame"] - records["value"], records["frame"], records["time_ns"], found.indices)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Piece(first, end, point, at_ns, index) for first, end, at_ns, index in rows]


def _starved(stretch: Stretch, starved: Records) -> list[Piece]:
    """What the card had to do without, as far as it was ours."""
    if not len(starved):
        return []
    began_ns = stretch.instant_ns(stretch.g0)
    until_ns = min(stretch.stopped_ns, stretch.last_ns)
    ours = starved[(starved["time_ns"] >= began_ns) & (starved["time_ns"] < until_ns)]
    ends, times_ns = stretch.guest_frames(ours["frame"]), ours["time_ns"].tolist()
    firsts = stretch.guest_frames(ours["frame"] - ours["value"])
    rows = zip(firsts, ends, times_ns, strict=True)
    return [Piece(first, end, Point.STARVED, at_ns) for first, end, at_ns in rows]


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        first = piece.first if last is None else max(piece.first, last.end)
        if piece.end - first <= (ROUNDING_FRAMES if piece.point is Point.STARVED else 0):
            continue
        if last is not None and last.point is piece.point and first - last.end <= ROUNDING_FRAMES:
            merged[-1] = replace(last, end=piece.end)
        else:
            merged.append(replace(piece, first=first))
    return merged


def given_up(stretch: Stretch) -> Piece | None:
    """What the guest gave up, up to its STOP; None when it did not."""
    underruns = stretch.only(Point.UNDERRUN)
    if not len(underruns):
        return None
    frame, at_ns = int(underruns["frame"][0]), int(underruns["time_ns"][0])
    positions = stretch.only(Point.STOPPED)["frame"]
    return Piece(frame, max(frame, int(positions[0]) if len(positions) else frame), Point.UNDERRUN, at_ns)


def sound_end(stretch: Stretch, otherwise: int) -> int:
    """The frame after the last that the guest handed over; `otherwise`, if nothing more was since the last STOP."""
    copied = stretch.only(Point.COPIED)["frame"]
    return int(copied[-1]) if len(copied) else otherwise
