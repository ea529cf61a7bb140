"""From the folder of a finished run to its files: `result.json` for programs, `report.html` for people, `trace.json`
for trace viewers, `latency.hlog` for HdrHistogram's tools.
"""

from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from backend.latency.facts import Device, Facts, GuestFacts, StreamFacts
from backend.latency.measures.faults import fault_of
from backend.latency.measures.lives import clock_of
from backend.latency.measures.samples import StreamSamples, stream_samples
from backend.latency.measures.summary import fill_of, summary_of
from backend.latency.measures.timeline import CardClock
from backend.latency.page.write import write_report
from backend.latency.perfetto.write import write_trace
from backend.latency.records import CARD_DOMID, Trace, load
from backend.latency.result import SCHEMA_VERSION, Guest, Result, Stream, TraceFacts, write_result
from backend.latency.truth.agreement import agreement
from backend.latency.underruns.card import CardSide, card_side
from backend.latency.underruns.gaps import blame_of

#: Samples by (domid, stream).
Samples = dict[tuple[int, int], StreamSamples]

TRACES = "trace/*.vtrace"
RESULT = "result.json"
REPORT = "report.html"
HISTOGRAMS = "latency.hlog"
TRACE_EVENTS = "trace.json"
GAPS_MAX = 1000
"""Listed one by one."""


def build(run_folder: Path, facts: Facts) -> Result:
    """Write the run's files into its folder, from its trace files: `latency.hlog` only where that can be.

    Raises OSError.
    """
    trace = load(sorted(run_folder.glob(TRACES)))
    result, samples = measured(trace, facts)
    result = msgspec.structs.replace(result, truth=agreement(run_folder, facts, trace))
    write_result(result, run_folder / RESULT)
    if find_spec("hdrh"):
        from backend.latency.hlog import write_hlog  # noqa: PLC0415  # an extra: not every machine has a wheel of it

        write_hlog(result.run, samples, run_folder / HISTOGRAMS)
    write_report(result, samples, trace, run_folder / REPORT)
    write_trace(trace, result, samples, run_folder / TRACE_EVENTS)
    return result


def summarise(trace_paths: Sequence[Path], facts: Facts) -> Result:
    """The result of a run, from its trace files.  Raises OSError for a file that cannot be read."""
    return measure(trace_paths, facts)[0]


def measure(trace_paths: Sequence[Path], facts: Facts) -> tuple[Result, Samples]:
    """The result of a run and the samples behind it.  Raises OSError for a file that cannot be read."""
    return measured(load(trace_paths), facts)


def measured(trace: Trace, facts: Facts) -> tuple[Result, Samples]:
    """The result of a run, and the samples behind it, but for its sound."""
    clocks = _clocks(trace, facts.devices)
    streams = {(guest.domid, stream.stream): stream for guest in facts.guests for stream in guest.streams}
    cards = _cards(trace, facts.devices, clocks)
    samples = {
        key: stream_samples(records, streams[key], clocks.get(device), facts.run.warm_up_s, cards.get(device))
        for key, records in trace.each(streams)
        for device in (streams[key].device,)
    }
    guests = [_guest(guest, samples) for guest in facts.guests]
    result = Result(
        schema_version=SCHEMA_VERSION,
        run=facts.run,
        machine=facts.machine,
        devices=facts.devices,
        guests=guests,
        backend=facts.backend,
        faults=[fault_of(fault, guests, samples) for fault in sorted(facts.faults, key=lambda fault: fault.at_ns)],
        trace=TraceFacts(records=trace.count, dropped_records=trace.dropped, damaged_files=list(trace.damaged)),
    )
    return result, samples


def _clocks(trace: Trace, devices: Sequence[Device]) -> dict[str, CardClock]:
    """The clocks of the devices that left their boundaries in the trace, each under a number of its own."""
    numbers = Counter(device.number for device in devices)
    clocks: dict[str, CardClock] = {}
    for device in devices:
        lives = trace.lives(device.number)
        if lives and numbers[device.number] == 1:  # two cards under one number are no clock at all
            clocks[device.name] = clock_of(lives, device.rate_hz)
    return clocks


def _cards(trace: Trace, devices: Sequence[Device], clocks: dict[str, CardClock]) -> dict[str, CardSide]:
    """The devices that have a clock, with all that they left in the trace."""
    return {
        device.name: card_side(device, trace.of(CARD_DOMID, device.number), clocks[device.name])
        for device in devices
        if device.name in clocks
    }


def _guest(facts: GuestFacts, samples: Samples) -> Guest:
    streams = [_stream(stream, samples[facts.domid, stream.stream]) for stream in facts.streams]
    return Guest(
        domid=facts.domid,
        name=facts.name,
        streams=streams,
        realtime=facts.realtime,
        usage=facts.usage,
        container=facts.container,
        kind=facts.kind,
        client=facts.client,
    )


def _stream(facts: StreamFacts, samples: StreamSamples) -> Stream:
    return Stream(
        **msgspec.structs.asdict(facts),
        playback_delay_ns=summary_of(samples.playback_delay),
        capture_delay_ns=summary_of(samples.capture_delay),
        period_lateness_ns=summary_of(samples.period_lateness),
        request_round_trip_ns=summary_of(samples.request_round_trip),
        notification_delay_ns=summary_of(samples.notification_delay),
        service_time_ns=summary_of(samples.service_time),
        hops=samples.hops,
        fill=fill_of(samples.fill),
        handovers_late=samples.handovers_late,
        handovers_dropped=samples.handovers_dropped,
        periods_untold=samples.periods_untold,
        gaps=samples.gaps[:GAPS_MAX],
        blame=blame_of(samples.gaps),
    )
