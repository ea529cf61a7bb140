"""Silences: pieces put together to what a listener hears as one, with its length by the card.

* A guest that has handed over its last frame, and not met an underrun, has come to its end: what is silent then is
  nobody's.
* One that met an underrun stops, and starts anew.  It is silent until then; but one that takes longer than `AGAIN_NS`
  from STOP to START has made a pause.
* Between CLOSE and OPEN there is no stream, and so no silence of it: a backend that died, or a guest, costs its guests
  more than a gap, and is counted elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.latency.records import Records
from backend.latency.underruns.pieces import Piece, given_up, pieces_of, sound_end
from backend.latency.underruns.stretch import Stretch

AGAIN_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Silence:
    """One, of at least one piece."""

    stretch: Stretch
    pieces: list[Piece]
    until: Stretch | None = None
    """It lasts until that one begins, else to the end of its last piece."""

    @property
    def at_ns(self) -> int:
        """When it is heard."""
        return self.stretch.instant_ns(self.pieces[0].first)

    @property
    def length_ns(self) -> int:
        """How long, by the card's clock."""
        if self.until is not None:
            return self.until.instant_ns(self.until.g0) - self.at_ns
        return self.stretch.instant_ns(self.pieces[-1].end) - self.at_ns

    def frames(self, rate_ratio: float) -> int:
        """How many of the guest's, by the card's count; `rate_ratio` is the guest's rate over the card's."""
        if self.until is None:
            return self.pieces[-1].end - self.pieces[0].first
        begin = self.stretch.device_frame(self.pieces[0].first)
        return round((self.until.d0 - begin) * rate_ratio)


def silences_of(stretches: Sequence[Stretch], starved: Records, *, plays: bool) -> list[Silence]:
    """All of a sitting, in order."""
    found: list[Silence] = []
    end = 0
    for stretch, after in zip(stretches, [*stretches[1:], None], strict=True):
        pieces = pieces_of(stretch, starved if plays else starved[:0])
        lost = given_up(stretch)
        end = sound_end(stretch, end)
        goes_on = lost is not None and after is not None and after.started_ns - stretch.stopped_ns < AGAIN_NS
        if lost is not None:
            pieces = _with(pieces, lost) if plays else [*_until(pieces, lost.first), lost]
        if not goes_on and (plays or lost is not None):
            pieces = _until(pieces, end if lost is None else lost.end)
        silences = [Silence(stretch, group) for group in _groups(pieces)]
        if goes_on:
            silences[-1] = replace(silences[-1], until=after)
        found += silences
    return found


def _until(pieces: list[Piece], end: int) -> list[Piece]:
    """As far as they are before that frame."""
    return [replace(piece, end=min(piece.end, end)) for piece in pieces if piece.first < end]


def _with(pieces: list[Piece], lost: Piece) -> list[Piece]:
    """What a player gave up comes last, unless it was found silent before."""
    kept = [piece for piece in pieces if piece.first <= lost.end]
    return kept if kept and kept[-1].end >= lost.first else [*kept, lost]


def _groups(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Those that touch."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and groups[-1][-1].end >= piece.first:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups
