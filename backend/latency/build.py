"""From the folder of a finished run to its two files: `result.json` for programs, `report.html` for people."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from backend.latency.facts import Device, Facts, GuestFacts, StreamFacts
from backend.latency.measures.samples import StreamSamples, stream_samples
from backend.latency.measures.summary import summary_of
from backend.latency.measures.timeline import CardClock
from backend.latency.page.write import write_report
from backend.latency.records import Trace, load
from backend.latency.result import SCHEMA_VERSION, Guest, Result, Stream, TraceFacts, write_result

#: Samples by (domid, stream).
Samples = dict[tuple[int, int], StreamSamples]

TRACES = "trace/*.vtrace"
RESULT = "result.json"
REPORT = "report.html"


def build(run_folder: Path, facts: Facts) -> Result:
    """Write `result.json` and `report.html` into the run's folder, from its trace files.  Raises OSError."""
    result, samples = measure(sorted(run_folder.glob(TRACES)), facts)
    write_result(result, run_folder / RESULT)
    write_report(result, samples, run_folder / REPORT)
    return result


def summarise(trace_paths: Sequence[Path], facts: Facts) -> Result:
    """The result of a run, from its trace files.  Raises OSError for a file that cannot be read."""
    return measure(trace_paths, facts)[0]


def measure(trace_paths: Sequence[Path], facts: Facts) -> tuple[Result, Samples]:
    """The result of a run and the samples behind it.  Raises OSError for a file that cannot be read."""
    trace = load(trace_paths)
    clocks = _clocks(trace, facts.devices)
    samples = {
        (guest.domid, stream.stream): stream_samples(
            trace.of(guest.domid, stream.stream), stream, clocks.get(stream.device)
        )
        for guest in facts.guests
        for stream in guest.streams
    }
    result = Result(
        schema_version=SCHEMA_VERSION,
        run=facts.run,
        machine=facts.machine,
        devices=facts.devices,
        guests=[_guest(guest, samples) for guest in facts.guests],
        backend=facts.backend,
        trace=TraceFacts(records=trace.count, dropped_records=trace.dropped, damaged_files=list(trace.damaged)),
    )
    return result, samples


def _clocks(trace: Trace, devices: Sequence[Device]) -> dict[str, CardClock]:
    """The clocks of the devices that left their boundaries in the trace, each under a number of its own."""
    numbers = Counter(device.number for device in devices)
    clocks: dict[str, CardClock] = {}
    for device in devices:
        boundaries = trace.boundaries(device.number)
        if len(boundaries) and numbers[device.number] == 1:  # two cards under one number are no clock at all
            clocks[device.name] = CardClock(boundaries, device.rate_hz)
    return clocks


def _guest(facts: GuestFacts, samples: Samples) -> Guest:
    streams = [_stream(stream, samples[facts.domid, stream.stream]) for stream in facts.streams]
    return Guest(domid=facts.domid, name=facts.name, streams=streams, realtime=facts.realtime)


def _stream(facts: StreamFacts, samples: StreamSamples) -> Stream:
    return Stream(
        **msgspec.structs.asdict(facts),
        playback_delay_ns=summary_of(samples.playback_delay.delay_ns),
        capture_delay_ns=None,
        period_lateness_ns=summary_of(samples.period_lateness.delay_ns),
        request_round_trip_ns=summary_of(samples.request_round_trip.delay_ns),
        notification_delay_ns=summary_of(samples.notification_delay.delay_ns),
        handovers_late=samples.handovers_late,
        handovers_dropped=samples.handovers_dropped,
        periods_untold=samples.periods_untold,
    )
