"""The result file: every number of a run, under stable names with units, for programs to read.

`docs/result.md` documents each field.  Rules of the schema:

1. Names never change their meaning.  Adding a field keeps `schema_version`; removing or redefining one raises it.
2. Delays are whole nanoseconds.
3. What was not measured, or cannot be said from so small a sample, is null.  It is never 0.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from backend.latency.clientfacts import ClientFacts, Kind, titled
from backend.latency.facts import (
    Backend,
    Container,
    Count,
    Device,
    FaultFacts,
    Machine,
    RealtimeHelp,
    Run,
    StreamFacts,
    Usage,
)
from backend.latency.files import replace_file

SCHEMA_VERSION: Final = 1


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of delays in ns.  A quantile the sample is too small for is None, see `measures.summary`."""

    n: Annotated[int, Meta(ge=1)]
    min: int
    p50: int | None
    p90: int | None
    p95: int | None
    p99: int | None
    p999: int | None
    max: int
    mean: int
    p9999: int | None = None
    max_at_ns: int | None = None
    """When the longest of them was suffered, on the trace's clock."""


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """How many frames the guest was ahead of the card, where that is least: just before each hand-over."""

    n: Annotated[int, Meta(ge=1)]
    min_frames: int
    p001_frames: int | None
    """One in a thousand is lower."""
    p50_frames: int | None
    max_frames: int


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One step on the way of frames, or of the news of a period: from one trace point to the next."""

    name: str
    """Both points, as in `measures.hops`."""
    n: Annotated[int, Meta(ge=1)]
    """How many went the whole way."""
    p50_ns: int | None
    p99_ns: int | None
    share_per_mille: int | None
    """Of all the time that the whole way took; None where it took none."""


Cause = Literal["guest", "notification", "backend", "server", "device", "unknown"]
"""Who was late, see `backend.latency.underruns`."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of silence where a guest's frames belonged (or of a recording that nobody took)."""

    at_ns: int
    """When it was heard, on the trace's clock."""
    length_ns: Annotated[int, Meta(ge=0)]
    frames: Count
    """Of the guest's."""
    cause: Cause


class Blame(msgspec.Struct, frozen=True, kw_only=True):
    """What one cause did."""

    gaps: Count
    frames: Count
    length_ns: Count


class Stream(StreamFacts, frozen=True, kw_only=True):
    """One stream: its facts, and what the trace says of it."""

    playback_delay_ns: Summary | None
    """From the hand-over of frames to the instant the first of them leaves the card."""
    capture_delay_ns: Summary | None
    """From the sampling of frames to their hand-over to the application."""
    period_lateness_ns: Summary | None
    """From the card's period boundary to the moment the application was told of it."""
    request_round_trip_ns: Summary | None
    """From the push of a READ or WRITE request to the copying of its frames, when it is answered."""
    notification_delay_ns: Summary | None
    """From the push of a position event to the guest's reading of it."""
    handovers_late: Count | None
    """Hand-overs of frames after the moment they should have been mixed or played; they have no playback delay."""
    handovers_dropped: Count | None
    """Hand-overs of frames that a STOP threw away; they have no playback delay."""
    periods_untold: Count | None
    """Period boundaries the card passed while the stream ran, of which the application was never told."""
    service_time_ns: Summary | None = None
    """From the backend's waking up with a request at hand to the copying of its frames."""
    hops: list[Hop] = msgspec.field(default_factory=list[Hop])
    """Where the playback or capture delay and the period lateness were spent, in the order of the way."""
    fill: Fill | None = None
    gaps: list[Gap] = msgspec.field(default_factory=list[Gap])
    """The first thousand."""
    blame: dict[Cause, Blame] = msgspec.field(default_factory=dict[Cause, Blame])
    """All gaps, by cause."""


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """One guest, or local application, and its streams."""

    domid: Count
    name: str
    streams: list[Stream]
    realtime: RealtimeHelp | None = None
    """None where nothing is said of it."""
    usage: Usage | None = None
    """None in simulated time."""
    container: Container | None = None
    """None in other worlds than docker."""
    kind: Kind = "guest"
    client: ClientFacts | None = None
    """None for a guest."""

    @property
    def title(self) -> str:
        """Its name, and what it is."""
        return titled(self.name, self.kind)


class FaultCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault cost one stream, from when it was broken until the stream had recovered.

    Where several faults overlap, each has the whole cost.
    """

    domid: Count
    stream: Count
    recovery_ns: Annotated[int, Meta(ge=0)] | None
    """From the mending until the application was told of a period within a period's time again, and heard it; None if
    that never came."""
    outage_ns: Count
    """The longest time in which the stream had no periods at all: nobody played, or nobody was there to."""
    lateness_max_ns: int | None
    """The largest period lateness; None where there was no period."""
    blame: dict[Cause, Blame]
    """The gaps, by cause: of those that are listed."""


class Fault(FaultFacts, frozen=True, kw_only=True):
    """What was broken, and what it cost to whom."""

    costs: list[FaultCost]
    """Of every stream that was still to play then."""


class TraceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How much the numbers rest on, and whether anything is missing from it."""

    records: Count
    dropped_records: Count
    """Records for which the writers had no room: with any, the samples are not the whole run."""
    damaged_files: list[str]
    """Files that end in the middle of a record, or are no trace; their whole records were used."""


class Offset(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the card's frames later than the trace says markers are heard."""

    min: float
    median: float
    max: float


class StreamTruth(msgspec.Struct, frozen=True, kw_only=True):
    """One stream that played markers."""

    domid: Count
    stream: Count
    device: str
    markers: Count
    """That were heard whole, by the trace."""
    cut: Count
    """That were handed over, and of which the trace says that some was never heard."""
    missing: Count
    """Of `markers`: not found in what the card played."""
    stray: Count
    """Found in there where the trace has none."""
    disagreeing: Count
    """Of `markers`: found more than a frame away from where the trace says."""
    difference_frames: Offset | None
    """None where nothing could be compared."""
    resampling_frames: float
    """The constant part of it that the resampler makes."""
    heard_delay_ns: Summary | None
    """Playback delay of the markers found, by the sound."""
    traced_delay_ns: Summary | None
    """Playback delay of the same, by the trace."""
    agrees: bool | None
    """Whether all was found, nothing stray, and each within a frame; None where there was nothing to be found."""


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """Markers that one stream played and another recorded, over a device that records what it plays."""

    played_by_domid: Count
    played_by_stream: Count
    recorded_by_domid: Count
    recorded_by_stream: Count
    markers: Count
    """That were heard whole and recorded whole, by the trace."""
    missing: Count
    """Of `markers`: not found in the recording."""
    disagreeing: Count
    """Of `markers`: found more than a frame away from where the traces of both streams say."""
    difference_frames: Offset | None
    """In frames of the recording; None where nothing could be compared."""
    resampling_frames: float
    """The constant part of it that resampling makes, there and back."""
    delay_ns: Summary | None
    """From the hand-over by the one application to the hand-over to the other; the device's own delay included."""
    agrees: bool | None
    """Whether all was found, and each within a frame; None where there was nothing to be found."""


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """A run by its sound."""

    streams: list[StreamTruth]
    false_markers_expected: float
    """How many would be found where none are, at most."""
    round_trips: list[RoundTrip] = msgspec.field(default_factory=list[RoundTrip])


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    schema_version: Literal[1]
    run: Run
    machine: Machine
    devices: list[Device]
    guests: list[Guest]
    backend: Backend
    trace: TraceFacts
    faults: list[Fault] = msgspec.field(default_factory=list[Fault])
    """What was broken on purpose, in order."""
    truth: Truth | None = None
    """The run by its sound; None where nobody played markers."""


def schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of the result file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Result)}


def write_result(result: Result, path: Path) -> None:
    """Write `result.json`; whoever looks sees the whole file or none."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def read_result(path: Path) -> Result:
    """Read a result file back.  Raises msgspec.ValidationError naming the field that is wrong, and OSError."""
    return msgspec.json.decode(path.read_bytes(), type=Result)
