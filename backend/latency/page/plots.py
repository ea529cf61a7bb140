"""The plots of a run: which of its delays are drawn how."""

from collections.abc import Callable, Iterator, Mapping

from backend.latency.measures.samples import StreamSamples
from backend.latency.page.curves import Curve, curve, percentiles
from backend.latency.page.histograms import by_deviation, by_size
from backend.latency.page.overtime import origin_ns, over_time
from backend.latency.page.render import View
from backend.latency.records import Series
from backend.latency.result import Guest, Result, Stream

#: By (domid, stream).
Samples = Mapping[tuple[int, int], StreamSamples]

PLOTTED: tuple[tuple[str, Callable[[StreamSamples], Series]], ...] = (
    ("Period lateness", lambda samples: samples.period_lateness),
    ("Playback delay", lambda samples: samples.playback_delay),
    ("Capture delay", lambda samples: samples.capture_delay),
    ("Request round trip", lambda samples: samples.request_round_trip),
    ("Notification delay", lambda samples: samples.notification_delay),
    ("Service time", lambda samples: samples.service_time),
)
"""The first one that was measured is seen at first."""
BUFFERED = ("Playback delay", "Capture delay")
"""Mostly the buffer: their histograms are round the median."""


def since_ns(samples: Samples) -> int:
    """When the page's seconds begin, on the trace's clock."""
    return origin_ns(list(samples.values()))


def plots(result: Result, samples: Samples) -> dict[str, list[View]]:
    """By name: `curves`, `histograms` and `times`, each with a view of everything that was measured."""
    drawn = [(label, _curves(result, samples, pick)) for label, pick in PLOTTED]
    origin = since_ns(samples)
    return {
        "curves": [view for label, curves in drawn for view in percentiles(label, curves)],
        "histograms": [
            view for label, curves in drawn for view in (by_deviation if label in BUFFERED else by_size)(label, curves)
        ],
        "times": [
            view
            for guest, stream in streams_of(result)
            for view in over_time(
                name_of(guest, stream), stream, samples[guest.domid, stream.stream], origin, result.faults
            )
        ],
    }


def streams_of(result: Result) -> Iterator[tuple[Guest, Stream]]:
    """All of them, in order."""
    return ((guest, stream) for guest in result.guests for stream in guest.streams)


def name_of(guest: Guest, stream: Stream) -> str:
    """For people."""
    return f"{guest.title}: {stream.recording}"


def _curves(result: Result, samples: Samples, pick: Callable[[StreamSamples], Series]) -> list[Curve]:
    """One per stream, in the colour of the stream."""
    return [
        curve(index, name_of(guest, stream), pick(samples[guest.domid, stream.stream]).delay_ns)
        for index, (guest, stream) in enumerate(streams_of(result))
    ]
