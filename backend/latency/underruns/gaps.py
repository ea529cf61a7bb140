"""The gaps of one stream, each with its cause, and the blame table.

A gap of several pieces is blamed on whoever made most of its frames silent, the first of those who made equally many.
What a guest that met an underrun takes to start again belongs to the piece before it.

A guest catches up within a buffer after a gap.  Until then it may have had no room when it was told that there was,
since its last frames were not answered yet, and handed over as soon as it was woken next.  It is not to blame for that:
such a gap has the cause of the one before.

All is measured on the card's clock: of a card that left none, nothing is known.
"""

from collections import Counter
from collections.abc import Iterable

from backend.latency.facts import StreamFacts
from backend.latency.measures.timeline import NS_PER_S, StreamTimeline, SystemTimeline
from backend.latency.records import Records
from backend.latency.result import Blame, Cause, Gap
from backend.latency.underruns.card import CardSide
from backend.latency.underruns.chain import Buffering, chain_of
from backend.latency.underruns.judge import cause_of
from backend.latency.underruns.pieces import Piece
from backend.latency.underruns.silences import Silence, silences_of
from backend.latency.underruns.stretch import Stretch, stretches_of
from ringproto.trace import Point


def gaps_of(sitting: Records, timeline: StreamTimeline, facts: StreamFacts, card: CardSide) -> list[Gap]:
    """All gaps between two OPENs, in the order they were heard.

    `facts` are as this OPEN had them; `timeline` is the sound's, by the card.
    """
    told = SystemTimeline(timeline) if facts.clock == "system" else timeline
    plays = facts.direction == "playback"
    court = _Court(card, facts)
    found = silences_of(stretches_of(sitting, timeline, told), card.starved, plays=plays)
    return _joined(court.gap(silence) for silence in found)


def _joined(gaps: Iterable[Gap]) -> list[Gap]:
    """A stream that starts again with silence was silent in one go."""
    joined: list[Gap] = []
    for gap in gaps:
        before = joined[-1] if joined else None
        if before is None or before.at_ns + before.length_ns < gap.at_ns:
            joined.append(gap)
            continue
        joined[-1] = Gap(
            at_ns=before.at_ns,
            length_ns=before.length_ns + gap.length_ns,
            frames=before.frames + gap.frames,
            cause=before.cause if before.frames >= gap.frames else gap.cause,
        )
    return joined


def blame_of(gaps: Iterable[Gap]) -> dict[Cause, Blame]:
    """What each cause did; those that did nothing are left out."""
    blame: dict[Cause, Blame] = {}
    for gap in gaps:
        before = blame.get(gap.cause, Blame(gaps=0, frames=0, length_ns=0))
        blame[gap.cause] = Blame(
            gaps=before.gaps + 1, frames=before.frames + gap.frames, length_ns=before.length_ns + gap.length_ns
        )
    return blame


class _Court:
    """Judges the silences of one stream."""

    def __init__(self, card: CardSide, facts: StreamFacts) -> None:
        self._card = card
        self._period_ns = facts.period_frames * NS_PER_S // facts.rate_hz
        self._buffer_ns = facts.buffer_frames * NS_PER_S // facts.rate_hz
        patience_ns = max(self._period_ns, card.period_ns) * 3 // 2
        plays = facts.direction == "playback"
        self._sizes = Buffering(plays, facts.period_frames, facts.buffer_frames, patience_ns)
        self._rate_ratio = facts.rate_hz / card.device.rate_hz
        self._before: Gap | None = None

    def gap(self, silence: Silence) -> Gap:
        frames = silence.frames(self._rate_ratio)
        by_cause: Counter[Cause] = Counter()
        causes: list[Cause] = [self._cause(silence.stretch, piece) for piece in silence.pieces]
        for cause, piece in zip(causes, silence.pieces, strict=True):
            by_cause[cause] += piece.frames
        by_cause[causes[-1]] += frames - by_cause.total()
        worst, _ = by_cause.most_common(1)[0]  # of equals the first
        at_ns, length_ns = silence.at_ns, max(silence.length_ns, 0)
        self._before = Gap(at_ns=at_ns, length_ns=length_ns, frames=max(frames, 0), cause=worst)
        return self._before

    def _cause(self, stretch: Stretch, piece: Piece) -> Cause:
        if piece.point is Point.STARVED:
            return self._card.itself
        if piece.point is Point.DRY:
            has_jumped = self._card.has_jumped(stretch.device_frame(piece.first), piece.at_ns)
            return self._card.itself if has_jumped else "backend"
        chain = chain_of(stretch, self._card, self._sizes, piece)
        cause = cause_of(chain, self._period_ns, self._card.itself)
        if cause == "guest" and chain.was_prompt and self._is_catching_up(stretch, piece):
            assert self._before is not None
            return self._before.cause
        return cause

    def _is_catching_up(self, stretch: Stretch, piece: Piece) -> bool:
        before = self._before
        if before is None:
            return False
        return stretch.instant_ns(piece.first) - (before.at_ns + before.length_ns) < self._buffer_ns
