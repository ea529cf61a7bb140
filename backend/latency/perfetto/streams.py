"""The tracks of one stream: its moments and slices under its guest, what was done for it under the backend.

Arrows: `sound` from a request, past its serving, to the card's period in which its first frame is heard; `news` from
the card's period in which one of the guest's ended, past its event, to the telling of it.  Where one telling is of
several periods, the arrow comes from the first of them, which waited longest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import PurePath

import numpy as np

from backend.latency.measures.samples import StreamSamples
from backend.latency.perfetto.arrows import Ends, arrows
from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.figures import fill_level, first_told, instants, lateness, moment_instants
from backend.latency.perfetto.moments import Moment
from backend.latency.perfetto.pairing import followed, sampled
from backend.latency.perfetto.sources import APART_NS, ArrowPoints, Slices, Source
from backend.latency.perfetto.spans import EVENT, HAND_OVER, REQUEST, Shown, StreamRecords
from backend.latency.perfetto.tracks import Tracks
from backend.latency.records import Records
from backend.latency.result import Stream
from ringproto.trace import Point

INSIDE_NS = 2
"""An arrow touches a card's period so far inside: instants are rounded, and at a boundary two periods touch."""
MOMENTS = (Point.OPENED, Point.STARTED, Point.STOPPED, Point.UNDERRUN)


@dataclass(frozen=True, slots=True)
class Stage:
    """What all streams of a run are shown with."""

    excerpt: Excerpt
    tracks: Tracks
    backend_pid: int
    cards: dict[str, Slices]
    arrow_ids: "count[int]"


@dataclass(frozen=True, slots=True)
class Cast:
    """One stream to be shown: whose it is, and what is known of it."""

    guest: str
    guest_pid: int
    facts: Stream
    records: Records
    samples: StreamSamples
    moments: Sequence[Moment]

    @property
    def title(self) -> str:
        """What it is called; no two streams of a guest are called the same."""
        return f"{PurePath(self.facts.recording).stem} #{self.facts.stream}"


def stream_sources(stage: Stage, cast: Cast) -> Iterator[Source]:
    """All events of one stream."""
    excerpt, pid, title = stage.excerpt, cast.guest_pid, cast.title
    records = StreamRecords(cast.records)
    tid = stage.tracks.thread(pid, f"{title}: moments")
    yield instants(cast.records[np.isin(cast.records["point"], MOMENTS)], excerpt, pid, tid)
    yield moment_instants(cast.moments, pid, tid)
    yield from fill_level(cast.facts, records, cast.samples, excerpt, pid, title)
    yield from lateness(cast.samples, excerpt, pid, title)
    yield from _slices(stage, cast, records)
    mixed = records.of(Point.RENDERED)
    if len(mixed):
        tid = stage.tracks.thread(stage.backend_pid, f"{cast.guest}, {title}: mixed")
        yield instants(mixed, excerpt, stage.backend_pid, tid)


def _slices(stage: Stage, cast: Cast, records: StreamRecords) -> Iterator[Source]:
    """The slices, and the arrows between them."""
    excerpt, tracks, pid, title = stage.excerpt, stage.tracks, cast.guest_pid, cast.title
    hand_overs = records.spans(Point.QUEUED, Point.PUSHED, "frame", HAND_OVER, "value").shown(excerpt)
    requests = records.spans(Point.PUSHED, Point.COPIED, "frame", REQUEST, "frame").shown(excerpt)
    events = records.spans(Point.EVENT, Point.WOKE_GUEST, "value", EVENT, "value").shown(excerpt)
    told = records.told().shown(excerpt)
    serving, owner = records.served()
    served = serving.shown(excerpt)
    hand_overs.slices.put_on(tracks, pid, f"{title}: hand-over")  # takes no arrows
    for shown, name in ((requests, "request"), (events, "event"), (told, "told")):
        shown.slices.put_on(tracks, pid, f"{title}: {name}", APART_NS)
    served.slices.put_on(tracks, stage.backend_pid, f"{cast.guest}, {title}: served", APART_NS)
    yield from (shown.slices for shown in (hand_overs, requests, events, told, served))
    card = stage.cards.get(cast.facts.device)
    if card is not None:
        yield from _sound(stage, cast, records, requests, Shown(served.slices, followed(owner, served.place)), card)
        yield from _news(stage, cast, records, events, told, card)


def _sound(
    stage: Stage, cast: Cast, records: StreamRecords, requests: Shown, served: Shown, card: Slices
) -> Iterator[ArrowPoints]:
    """Arrows of the hand-overs that were heard in time.  `served` is by the number of the COPIED."""
    delay = cast.samples.playback_delay
    queued = sampled(delay.at_ns, records.of(Point.QUEUED)["time_ns"])
    push = followed(queued, records.partners(Point.QUEUED, Point.PUSHED, "frame"))
    copied = followed(push, records.partners(Point.PUSHED, Point.COPIED, "frame"))
    heard_ns = delay.at_ns + delay.delay_ns + INSIDE_NS
    begin, by = requests.ends(push), served.ends(copied)
    # The backend may have been awake when the request came; where there is none, any time will do.
    by = Ends(by.slices, by.index, np.maximum(by.times_ns, begin.times_ns))
    yield from arrows("sound", begin, by, Ends(card, card.around(heard_ns), heard_ns), stage.arrow_ids)


def _news(
    stage: Stage, cast: Cast, records: StreamRecords, events: Shown, told: Shown, card: Slices
) -> Iterator[ArrowPoints]:
    """Arrows of the tellings."""
    told_ns, first = first_told(cast.samples)
    number = np.searchsorted(records.of(Point.TOLD)["time_ns"], told_ns)
    event = followed(number, records.partners(Point.TOLD, Point.EVENT, "value"))
    ended_ns = cast.samples.period_lateness.at_ns[first] - INSIDE_NS
    begin = Ends(card, card.around(ended_ns), ended_ns)
    yield from arrows("news", begin, events.ends(event), told.ends(number), stage.arrow_ids)
