"""`trace.json`: all tracks of a run, written in order of time, an event at a time.

From above: what was left out, if anything; each card; the backend; each guest.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from backend.latency.files import replacing
from backend.latency.measures.samples import StreamSamples
from backend.latency.perfetto.cards import cards
from backend.latency.perfetto.events import Args
from backend.latency.perfetto.excerpt import EVENTS_MAX, Excerpt
from backend.latency.perfetto.moments import Moment, moments
from backend.latency.perfetto.sources import Kind, Slices, Source
from backend.latency.perfetto.streams import Cast, Stage, stream_sources
from backend.latency.perfetto.tracks import Tracks
from backend.latency.records import Trace, only
from backend.latency.result import Result
from ringproto.trace import Point

FLUSH_OCTETS = 1 << 16
MOMENTS_SHARE = 16
"""The moments one looks for make at most one in so many events, and as many underruns are looked around."""
LEFT_OUT = (Kind("left out", "ns"),)

#: By (domid, stream).
Samples = Mapping[tuple[int, int], StreamSamples]


def write_trace(trace: Trace, result: Result, samples: Samples, path: Path, events_max: int = EVENTS_MAX) -> None:
    """Write the run as a Trace Event file, of so many events at most (names not counted).  Raises OSError."""
    looked_for = moments(result)[: events_max // MOMENTS_SHARE]
    around_ns = [moment.at_ns for moment in looked_for] + _underruns_ns(trace)[: events_max // MOMENTS_SHARE]
    # A stretch left out may follow each stretch shown: the beginning, what is around each moment, and the rest.
    excerpt = Excerpt(trace, around_ns, events_max - len(looked_for) - len(around_ns) - 3)
    tracks = Tracks()
    sources = [*_left_out(excerpt, tracks), *_sources(trace, result, samples, looked_for, excerpt, tracks)]
    origin_ns = min((int(source.times_ns.min()) for source in sources if len(source.times_ns)), default=0)
    _write(path, _metadata(result, excerpt, origin_ns), tracks, sources, origin_ns)


def _underruns_ns(trace: Trace) -> list[int]:
    """When guests met underruns, the first ones first."""
    parts = [only(chunk, Point.UNDERRUN)["time_ns"] for chunk in trace.chunks()]
    return sorted(time_ns for part in parts for time_ns in part.tolist())


def _left_out(excerpt: Excerpt, tracks: Tracks) -> Iterator[Source]:
    """Says where nothing is to be seen because nothing is shown."""
    if not excerpt.is_whole:
        edges = np.array(list(excerpt.left_out_ns()), dtype=np.int64)
        slices = Slices(edges[:, 0], edges[:, 1], LEFT_OUT, np.zeros_like(edges[:, 0]), edges[:, 1] - edges[:, 0])
        slices.put_on(tracks, tracks.process("this file"), "left out of it")
        yield slices


def _sources(
    trace: Trace, result: Result, samples: Samples, looked_for: Sequence[Moment], excerpt: Excerpt, tracks: Tracks
) -> Iterator[Source]:
    """The events of cards, backend and guests."""
    periods = cards(trace, result.devices, excerpt, tracks)
    yield from periods.values()
    stage = Stage(excerpt, tracks, tracks.process("backend"), periods, count(1))
    for guest in result.guests:
        who = guest.title if guest.client else f"guest {guest.name}"
        pid = tracks.process(f"{who} (domain {guest.domid})")
        for stream in guest.streams:
            key = guest.domid, stream.stream
            its = [moment for moment in looked_for if (moment.domid, moment.stream) == key]
            cast = Cast(guest.name, pid, stream, trace.of(*key), samples[key], its)
            yield from stream_sources(stage, cast)


def _metadata(result: Result, excerpt: Excerpt, origin_ns: int) -> Args:
    """What a reader of the file must know; flat, as Perfetto wants it."""
    run = result.run
    length_ns = excerpt.last_ns - excerpt.first_ns
    left_out_ns = sum(end_ns - begin_ns for begin_ns, end_ns in excerpt.left_out_ns())
    return {
        "written_by": f"vsnd {run.vsnd_version}",
        "scenario": run.scenario,
        "world": run.world,
        "seed": run.seed,
        "started_at": run.started_at,
        "origin_ns": origin_ns,
        "shown": "the whole run" if excerpt.is_whole else "its beginning, and what surrounds its worst moments",
        "run_ns": length_ns,
        "left_out_ns": left_out_ns,
        "records_lost": result.trace.dropped_records,
    }


def _write(path: Path, metadata: Args, tracks: Tracks, sources: Sequence[Source], origin_ns: int) -> None:
    """Names first, then the events by time, those of one time in the order of their sources."""
    times_ns = np.concatenate([np.zeros(0, dtype=np.int64), *(source.times_ns for source in sources)])
    lengths = [len(source.times_ns) for source in sources]
    of_source = np.repeat(np.arange(len(sources)), lengths)
    index = np.concatenate([np.zeros(0, dtype=np.int64), *(np.arange(length) for length in lengths)])
    order = np.argsort(times_ns, kind="stable")
    encoder = msgspec.json.Encoder()
    text = bytearray(b'{"displayTimeUnit":"ms","metadata":' + encoder.encode(metadata) + b',"traceEvents":[\n')
    with replacing(path) as file:
        between = b""
        for name in tracks.metadata():
            text += between
            encoder.encode_into(name, text, -1)
            between = b",\n"
        for number, place in zip(of_source[order].tolist(), index[order].tolist(), strict=True):
            text += between
            encoder.encode_into(sources[number].event(place, origin_ns), text, -1)
            between = b",\n"
            if len(text) > FLUSH_OCTETS:
                file.write(text)
                text.clear()
        file.write(text + b"\n]}\n")
