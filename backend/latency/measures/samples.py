"""Everything one stream's trace says about delays: each sitting is measured by itself, and the samples are joined."""

from dataclasses import dataclass, field

import msgspec

from backend.latency.facts import StreamFacts
from backend.latency.measures.capture import capture_delay
from backend.latency.measures.fill import fill
from backend.latency.measures.hops import Way, capture_way, joined_ways, news_way, playback_way
from backend.latency.measures.lateness import period_lateness
from backend.latency.measures.pairs import partner_ns
from backend.latency.measures.playback import delays_of, hand_overs
from backend.latency.measures.service import service_time
from backend.latency.measures.sittings import has_started, measured_since_ns, opened_with, sittings
from backend.latency.measures.summary import hops_of
from backend.latency.measures.timeline import CardClock, StreamTimeline, SystemTimeline
from backend.latency.records import NEVER_NS, Levels, Records, Series, joined, joined_levels, only
from backend.latency.result import Gap, Hop
from backend.latency.underruns.card import CardSide
from backend.latency.underruns.gaps import gaps_of
from ringproto.trace import Point

NO_DELAYS = joined([])


@dataclass(frozen=True, slots=True)
class StreamSamples:
    """Every delay of one stream.  A series is empty where the trace does not carry it; a count is None there."""

    playback_delay: Series
    capture_delay: Series
    period_lateness: Series
    request_round_trip: Series
    notification_delay: Series
    service_time: Series
    fill: Levels
    hops: list[Hop]
    handovers_late: int | None
    handovers_dropped: int | None
    periods_untold: int | None
    gaps: list[Gap] = field(default_factory=list[Gap])
    """In the order they were heard."""


@dataclass(frozen=True, slots=True)
class _Frames:
    """What a sitting says of the way of its frames."""

    playback_delay: Series
    capture_delay: Series
    fill: Levels
    way: Way
    late: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _News:
    """What a sitting says of the way of the news of its periods."""

    lateness: Series
    untold: int
    way: Way


def stream_samples(
    records: Records,
    facts: StreamFacts,
    clock: CardClock | None,
    warm_up_s: float = 0.0,
    card: CardSide | None = None,
) -> StreamSamples:
    """Measure one stream from all its records, in order of time; `clock` is None where the card left no boundaries.

    What began before the warm-up was over is left out, see `sittings`.  Gaps take the whole `card`.
    """
    since_ns = measured_since_ns(records, warm_up_s)
    parts = sittings(records)
    timelines = [] if clock is None else [(part, _timeline(part, facts, clock)) for part in parts if has_started(part)]
    frames = [_frames(part, timeline, facts, since_ns) for part, timeline in timelines]
    news = [_news(part, timeline, facts, since_ns) for part, timeline in timelines]
    silent = [_gaps(part, timeline, facts, card) for part, timeline in timelines if card is not None]
    played = facts.direction == "playback" and bool(frames)
    return StreamSamples(
        playback_delay=joined([part.playback_delay for part in frames]),
        capture_delay=joined([part.capture_delay for part in frames]),
        period_lateness=joined([part.lateness for part in news]),
        request_round_trip=_between(parts, Point.PUSHED, Point.COPIED, "frame").since(since_ns),
        notification_delay=_between(parts, Point.EVENT, Point.WOKE_GUEST, "value").since(since_ns),
        service_time=joined([service_time(part) for part in parts]).since(since_ns),
        fill=joined_levels([part.fill for part in frames]),
        hops=hops_of(joined_ways([part.way for part in frames])) + hops_of(joined_ways([part.way for part in news])),
        handovers_late=sum(part.late for part in frames) if played else None,
        handovers_dropped=sum(part.dropped for part in frames) if played else None,
        periods_untold=sum(part.untold for part in news) if news else None,
        gaps=[gap for gaps in silent for gap in gaps if gap.at_ns >= since_ns],
    )


def _timeline(sitting: Records, facts: StreamFacts, clock: CardClock) -> StreamTimeline:
    clock = clock.of_life(_began_ns(sitting))
    return StreamTimeline(sitting, opened_with(sitting, "frame", facts.rate_hz), clock)


def _began_ns(sitting: Records) -> int:
    return int(only(sitting, Point.STARTED)["time_ns"][0])


def _gaps(sitting: Records, timeline: StreamTimeline, facts: StreamFacts, card: CardSide) -> list[Gap]:
    """By what OPENED says."""
    rate_hz = opened_with(sitting, "frame", facts.rate_hz)
    period_frames = opened_with(sitting, "value", facts.period_frames)
    as_opened = msgspec.structs.replace(facts, rate_hz=rate_hz, period_frames=period_frames)
    return gaps_of(sitting, timeline, as_opened, card.of_life(_began_ns(sitting)))


def _frames(sitting: Records, timeline: StreamTimeline, facts: StreamFacts, since_ns: int) -> _Frames:
    if facts.direction == "capture":
        ahead = fill(sitting, timeline, facts.buffer_frames).since(since_ns)
        way = capture_way(sitting, timeline, since_ns)
        return _Frames(NO_DELAYS, capture_delay(sitting, timeline).since(since_ns), ahead, way, 0, 0)
    made = hand_overs(sitting, timeline)
    delays, late, dropped = delays_of(made, since_ns)
    ahead = fill(sitting, timeline).since(since_ns)
    return _Frames(delays, NO_DELAYS, ahead, playback_way(sitting, made, since_ns), late, dropped)


def _news(sitting: Records, timeline: StreamTimeline, facts: StreamFacts, since_ns: int) -> _News:
    """By the clock that the guest goes by."""
    expected = SystemTimeline(timeline) if facts.clock == "system" else timeline
    rate_hz = opened_with(sitting, "frame", facts.rate_hz)
    period_frames = opened_with(sitting, "value", facts.period_frames)
    lateness, untold = period_lateness(sitting, expected, rate_hz, period_frames, since_ns)
    return _News(lateness, untold, news_way(sitting, expected, since_ns))


def _between(parts: list[Records], start: Point, end: Point, field: str) -> Series:
    """The time from one point to another, where both are there."""
    found: list[Series] = []
    for sitting in parts:
        starts = only(sitting, start)
        ends_ns = partner_ns(starts, only(sitting, end), field)
        both = ends_ns < NEVER_NS
        at_ns = starts["time_ns"][both]
        found.append(Series(at_ns, ends_ns[both] - at_ns))
    return joined(found)
