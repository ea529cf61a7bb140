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

from backend.latency.facts import Backend, Count, Device, Machine, RealtimeHelp, Run, StreamFacts
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


class Stream(StreamFacts, frozen=True, kw_only=True):
    """One stream: its facts, and what the trace says of it."""

    playback_delay_ns: Summary | None
    """From the hand-over of frames to the instant the first of them leaves the card."""
    capture_delay_ns: Summary | None
    """From the sampling of frames to their handling; not measured yet."""
    period_lateness_ns: Summary | None
    """From the card's period boundary to the moment the application was told of it."""
    request_round_trip_ns: Summary | None
    """From the push of a WRITE request to the copying of its frames, when it is answered."""
    notification_delay_ns: Summary | None
    """From the push of a position event to the guest's reading of it."""
    handovers_late: Count | None
    """Hand-overs of frames after the moment they should have been mixed or played; they have no playback delay."""
    handovers_dropped: Count | None
    """Hand-overs of frames that a STOP threw away; they have no playback delay."""
    periods_untold: Count | None
    """Period boundaries the card passed while the stream ran, of which the application was never told."""


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """One guest and its streams."""

    domid: Count
    name: str
    streams: list[Stream]
    realtime: RealtimeHelp | None = None
    """None where nothing is said of it."""


class TraceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How much the numbers rest on, and whether anything is missing from it."""

    records: Count
    dropped_records: Count
    """Records for which the writers had no room: with any, the samples are not the whole run."""
    damaged_files: list[str]
    """Files that end in the middle of a record, or are no trace; their whole records were used."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    schema_version: Literal[1]
    run: Run
    machine: Machine
    devices: list[Device]
    guests: list[Guest]
    backend: Backend
    trace: TraceFacts


def schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of the result file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Result)}


def write_result(result: Result, path: Path) -> None:
    """Write `result.json`; whoever looks sees the whole file or none."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")


def read_result(path: Path) -> Result:
    """Read a result file back.  Raises msgspec.ValidationError naming the field that is wrong, and OSError."""
    return msgspec.json.decode(path.read_bytes(), type=Result)
