"""The moments one looks for, each under a name that a viewer's search finds: `worst ...` and `gap ...`."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import fields

from backend.latency.perfetto.events import Args
from backend.latency.result import Gap, Result, Stream, Summary

NS_PER_MS = 1_000_000
MOMENTS_MAX = 5_000
SUFFIX = "_ns"


@dataclass(frozen=True, slots=True)
class Moment:
    """One of a stream."""

    domid: int
    stream: int
    at_ns: int
    name: str
    args: Args


def moments(result: Result) -> list[Moment]:
    """The most important first: the worst of everything measured, then the gaps, the longest first; so many at most."""
    streams = [(guest.domid, guest.name, stream) for guest in result.guests for stream in guest.streams]
    worst = [moment for domid, name, stream in streams for moment in _worst(domid, name, stream)]
    gaps = [moment for domid, name, stream in streams for moment in _gaps(domid, name, stream)]
    gaps.sort(key=lambda gap: gap[0], reverse=True)
    return (worst + [moment for _, moment in gaps])[:MOMENTS_MAX]


def _worst(domid: int, guest: str, stream: Stream) -> Iterator[Moment]:
    """Of each delay that is summarised, the longest."""
    for field in fields(stream):
        summary = getattr(stream, field.name)
        if isinstance(summary, Summary) and summary.max_at_ns is not None:
            measure = field.name.removesuffix(SUFFIX).replace("_", " ")
            name = f"worst {measure}: {guest} {stream.recording}"
            args: Args = {"ms": summary.max / NS_PER_MS, "at_ns": summary.max_at_ns}
            yield Moment(domid, stream.stream, summary.max_at_ns, name, args)


def _gaps(domid: int, guest: str, stream: Stream) -> Iterator[tuple[int, Moment]]:
    """(length, moment) of each gap; they are numbered as in the result."""
    for number, gap in enumerate(stream.gaps, start=1):
        name = f"gap {number}: {guest} {stream.recording}"
        yield gap.length_ns, Moment(domid, stream.stream, gap.at_ns, name, _gap_args(gap))


def _gap_args(gap: Gap) -> Args:
    return {"ms": gap.length_ns / NS_PER_MS, "frames": gap.frames, "cause": gap.cause, "at_ns": gap.at_ns}
