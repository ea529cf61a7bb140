"""Where the time goes: the hops of each stream, in words, by the way that they belong to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.latency.measures.hops import NEWS
from backend.latency.page.render import colour_of
from backend.latency.result import Hop, Result

STEPS = {
    "queued_pushed": "guest: frames handed over, until their request is pushed",
    "sampled_pushed": "card and guest: frames sampled, until the request for them is pushed",
    "pushed_awake": "until the backend is awake with it",
    "awake_copied": "backend: until it has copied and answered",
    "copied_rendered": "backend: until they are mixed and given to the device",
    "rendered_presented": "device: until it presents them",
    "copied_taken": "guest: until its application has them",
    "boundary_event": "backend: from the card\N{RIGHT SINGLE QUOTATION MARK}s boundary, until the event is pushed",
    "event_awake": "until the guest is awake with it",
    "awake_told": "guest: until its application is told",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One hop."""

    label: str
    colour: str
    n: int
    p50_ns: int | None
    p99_ns: int | None
    share_per_mille: int | None


@dataclass(frozen=True, slots=True)
class StreamWay:
    """One way of one stream."""

    who: str
    what: str
    hops: list[Step]


def ways(result: Result) -> list[StreamWay]:
    """Of all streams: their frames' way, and that of the news of their periods."""
    return list(_ways(result))


def _ways(result: Result) -> Iterator[StreamWay]:
    for guest in result.guests:
        for stream in guest.streams:
            frames = [hop for hop in stream.hops if hop.name not in NEWS]
            news = [hop for hop in stream.hops if hop.name in NEWS]
            for what, hops in ((f"{stream.direction} delay", frames), ("period lateness", news)):
                if hops:
                    yield StreamWay(guest.title, f"{what} of {stream.recording}", _steps(hops))


def _steps(hops: Sequence[Hop]) -> list[Step]:
    return [
        Step(
            label=STEPS.get(hop.name, hop.name),
            colour=colour_of(number),
            n=hop.n,
            p50_ns=hop.p50_ns,
            p99_ns=hop.p99_ns,
            share_per_mille=hop.share_per_mille,
        )
        for number, hop in enumerate(hops)
    ]
