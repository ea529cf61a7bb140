"""The report of a run: one HTML file that opens anywhere, offline, and is read in a minute.

The page is a template (`run.html.j2`); this file prepares what it shows.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from backend.latency.facts import Help, RealtimeHelp, Usage
from backend.latency.files import replace_file
from backend.latency.measures.samples import StreamSamples
from backend.latency.page.plots import name_of, plots, since_ns, streams_of
from backend.latency.page.render import counted, page
from backend.latency.page.thinning import COLUMNS
from backend.latency.page.timelines import timeline
from backend.latency.page.ways import ways
from backend.latency.page.worst import id_of, worst_moments
from backend.latency.records import Trace
from backend.latency.result import Cause, Gap, Guest, Result, Stream, Summary
from backend.latency.table import NOT_SAID, milliseconds

METRICS = (
    ("playback_delay_ns", "Playback delay"),
    ("capture_delay_ns", "Capture delay"),
    ("period_lateness_ns", "Period lateness"),
    ("request_round_trip_ns", "Request round trip"),
    ("service_time_ns", "Service time"),
    ("notification_delay_ns", "Notification delay"),
)
QUANTILES = (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("p999", "p99.9"), ("p9999", "p99.99"), ("max", "max"))
RARE = "p9999"
"""A column only where somebody has it."""
CAUSES: dict[Cause, str] = {
    "guest": "the guest was late",
    "notification": "the guest was told too late",
    "backend": "the backend was late",
    "server": "the sound server was late",
    "device": "the device",
    "unknown": "unknown",
}
HELPS = {
    "priority": "real-time priority",
    "lock_memory": "memory locked",
    "cpus": "processors of its own",
    "timer_slack_ns": "timer slack",
    "silence_collector": "no garbage collection",
}
GAPS_MAX = 20
"""Listed one by one."""


def write_report(result: Result, samples: Mapping[tuple[int, int], StreamSamples], trace: Trace, path: Path) -> None:
    """Write `report.html`; `samples` by (domid, stream) are what the plots draw.  Raises OSError."""
    replace_file(path, render(result, samples, trace).encode())


def render(result: Result, samples: Mapping[tuple[int, int], StreamSamples], trace: Trace) -> str:
    """The page.  Raises OSError where the trace cannot be read."""
    streams = [stream for _, stream in streams_of(result)]
    figures = plots(result, samples)
    moments = worst_moments(result, trace, METRICS)
    return page(
        "run.html.j2",
        figures,
        **figures,
        result=result,
        clients=[guest for guest in result.guests if guest.client is not None],
        headline=headline(result),
        devices_pacing=", ".join(dict.fromkeys(device.pacing for device in result.devices)) or NOT_SAID,
        names={(guest.domid, stream.stream): name_of(guest, stream) for guest, stream in streams_of(result)},
        untraced=sum(stream.untraced_records for stream in streams),
        metrics=METRICS,
        quantiles=[each for each in QUANTILES if each[0] != RARE or _has_rare(streams)],
        not_said=NOT_SAID,
        columns=COLUMNS,
        since_ns=since_ns(samples),
        causes=CAUSES,
        blamed=_blamed(result),
        longest=longest,
        ways=ways(result),
        costs=_costs(result),
        helps=_helps(result),
        moments=[(moment, timeline(moment)) for moment in moments],
        anchors={moment.id for moment in moments},
        anchor_of=id_of,
        per_second=partial(_per_second, duration_s=result.run.duration_s),
        xruns=xruns,
    )


def headline(result: Result) -> str:
    """The run in one sentence."""
    streams = [stream for guest in result.guests for stream in guest.streams]
    gaps = sum(blame.gaps for stream in streams for blame in stream.blame.values())
    underruns = sum(stream.underruns for stream in streams)
    found = [counted(count, noun) for count, noun in ((gaps, "gap"), (underruns, "underrun")) if count]
    delays = [d.p50 for d in _present(streams, lambda s: s.playback_delay_ns) if d.p50 is not None]
    lateness = [summary.max for summary in _present(streams, lambda s: s.period_lateness_ns)]
    clients = sum(guest.client is not None for guest in result.guests)
    who = counted(len(result.guests) - clients, "guest")
    if clients:
        who += f" and {counted(clients, 'local application')}"
    how = " and ".join(found) or "no underruns"
    parts = [f"{who} with {counted(len(streams), 'stream')} ran for {result.run.duration_s:.1f} s with {how}"]
    if delays:
        parts.append(f"the median playback delay was {_range_ms(delays)}")
    if lateness:
        nobody = "nobody" if clients else "no guest"
        parts.append(f"{nobody} was told of a period more than {milliseconds(max(lateness))} ms late")
    return "; ".join(parts) + "."


def xruns(stream: Stream) -> str:
    """How many, in ALSA's words."""
    noun = "underrun" if stream.direction == "playback" else "overrun"
    return counted(stream.underruns, noun) if stream.underruns else f"no {noun}s"


def longest(gaps: list[Gap]) -> list[tuple[int, Gap]]:
    """The longest ones in order of time, with their numbers in the result, from 1."""
    numbered = sorted(enumerate(gaps, start=1), key=lambda each: -each[1].length_ns)[:GAPS_MAX]
    return sorted(numbered, key=lambda each: each[0])


def _present(streams: Iterable[Stream], pick: Callable[[Stream], Summary | None]) -> list[Summary]:
    return [summary for stream in streams if (summary := pick(stream)) is not None]


def _range_ms(values_ns: list[int]) -> str:
    """One value, or from the fastest stream's to the slowest's."""
    low, high = milliseconds(min(values_ns)), milliseconds(max(values_ns))
    return f"{low} ms" if low == high else f"{low} to {high} ms, by stream"


def _has_rare(streams: Iterable[Stream]) -> bool:
    summaries = [getattr(stream, field) for stream in streams for field, _ in METRICS]
    return any(isinstance(each, Summary) and getattr(each, RARE) is not None for each in summaries)


def _blamed(result: Result) -> list[tuple[Guest, Stream, int]]:
    """(guest, stream, how long its gaps are together), of those that had any."""
    return [
        (guest, stream, sum(blame.length_ns for blame in stream.blame.values()))
        for guest, stream in streams_of(result)
        if stream.blame
    ]


def _costs(result: Result) -> list[tuple[str, Usage | None, int | None]]:
    """(process, its usage, its silent frames); the backend has no frames of its own."""
    guests = [(guest.title, guest.usage, sum(s.starved_frames for s in guest.streams)) for guest in result.guests]
    return [("backend", result.backend.usage, None), *guests]


def _helps(result: Result) -> list[tuple[str, list[tuple[str, Help]]]]:
    """What each process asked for, and what came of it."""
    asked = [("backend", result.backend.realtime), *((guest.title, guest.realtime) for guest in result.guests)]
    listed = [(name, _asked(given)) for name, given in asked if given is not None]
    return [(name, given) for name, given in listed if given]


def _asked(given: RealtimeHelp) -> list[tuple[str, Help]]:
    every: dict[str, Help] = msgspec.structs.asdict(given)
    return [(HELPS[field], help_) for field, help_ in every.items() if help_.state != "not asked for"]


def _per_second(count: int, duration_s: float) -> str:
    return f" ({count / duration_s:.0f}/s)" if duration_s else ""
