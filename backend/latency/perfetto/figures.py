"""What a stream's guest shows beside its slices: the figures that go on, and the moments."""

from collections.abc import Iterator, Sequence

import numpy as np

from backend.latency.measures.samples import StreamSamples
from backend.latency.perfetto.events import Args
from backend.latency.perfetto.excerpt import Excerpt
from backend.latency.perfetto.moments import NS_PER_MS, Moment
from backend.latency.perfetto.sources import Counts, Instants
from backend.latency.perfetto.spans import StreamRecords
from backend.latency.records import Int64s, Records
from backend.latency.result import Stream
from ringproto.trace import Point

NS_PER_S = 1_000_000_000

#: What an instant of each point is called, and what its frame and value are.
INSTANTS = {
    Point.OPENED: ("opened", "rate_hz", "period_frames"),
    Point.STARTED: ("started", "frame", "device_frame"),
    Point.STOPPED: ("stopped", "frame", ""),
    Point.UNDERRUN: ("underrun", "frame", ""),
    Point.RENDERED: ("mixed", "frame", "device_frame"),
}


def fill_level(
    facts: Stream, records: StreamRecords, samples: StreamSamples, excerpt: Excerpt, pid: int, title: str
) -> Iterator[Counts]:
    """How many frames the guest was ahead of the card where that is least: just before each hand-over.

    That is its playback delay, in frames.  Where the guest met an underrun, there were none left.
    """
    if facts.direction == "playback":
        delay = samples.playback_delay
        underrun_ns = records.of(Point.UNDERRUN)["time_ns"]
        times_ns = np.concatenate([delay.at_ns, underrun_ns])
        ahead = np.concatenate([np.rint(delay.delay_ns * (facts.rate_hz / NS_PER_S)), np.zeros(len(underrun_ns))])
        kept = excerpt.shows(times_ns)
        yield Counts(times_ns[kept], ahead[kept].astype(np.int64), f"{title}: fill", "frames", pid)


def lateness(samples: StreamSamples, excerpt: Excerpt, pid: int, title: str) -> Iterator[Counts]:
    """How late each telling was, for the longest waited for of the periods that it told of."""
    told_ns, first = first_told(samples)
    kept = excerpt.shows(told_ns)
    late_ms = samples.period_lateness.delay_ns[first] / NS_PER_MS
    yield Counts(told_ns[kept], late_ms[kept], f"{title}: lateness", "ms", pid)


def first_told(samples: StreamSamples) -> tuple[Int64s, Int64s]:
    """(when something was told, in order; the number of the first sample that was told then)."""
    late = samples.period_lateness
    return np.unique(late.at_ns + late.delay_ns, return_index=True)


def instants(records: Records, excerpt: Excerpt, pid: int, tid: int) -> Instants:
    """The records that have no length, of one thread."""
    kept = records[excerpt.shows(records["time_ns"])]
    names: list[str] = []
    args: list[Args] = []
    for point, frame, value in zip(kept["point"].tolist(), kept["frame"].tolist(), kept["value"].tolist(), strict=True):
        name, of_frame, of_value = INSTANTS[Point(point)]
        names.append(name)
        args.append({of_frame: frame, of_value: value} if of_value else {of_frame: frame})
    return Instants(kept["time_ns"], names, args, pid, tid)


def moment_instants(moments: Sequence[Moment], pid: int, tid: int) -> Instants:
    """The moments that one looks for."""
    times_ns = np.array([moment.at_ns for moment in moments], dtype=np.int64)
    return Instants(times_ns, [moment.name for moment in moments], [moment.args for moment in moments], pid, tid)
