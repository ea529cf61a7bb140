"""Runs made up to be drawn: one guest, whose every period goes the same way."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from backend.latency.build import measure
from backend.latency.facts import Facts
from backend.latency.measures.samples import StreamSamples
from backend.latency.perfetto.excerpt import EVENTS_MAX
from backend.latency.perfetto.write import write_trace
from backend.latency.records import load
from backend.latency.result import Result
from ringproto.trace import Point
from tests.backend.latency.perfetto.validator import Checked, check
from tests.backend.latency.synthetic import FACTS, MS, Row, boundaries
from tests.backend.latency.synthetic import write_trace as write_records

PERIOD = 480


def cycle(k: int) -> list[Row]:
    """Period k of the guest ends at (k + 2) * 10 ms: 1 ms later it knows, and hands the one after the next over."""
    end_ns, frame, octets = (k + 2) * 10 * MS, (k + 2) * PERIOD, k * PERIOD * 4
    return [
        (end_ns + 100_000, Point.EVENT, k * PERIOD, octets),
        (end_ns + 100_000, Point.RENDERED, (k + 1) * PERIOD, 0),
        (end_ns + 1 * MS, Point.WOKE_GUEST, 0, octets),
        (end_ns + 1 * MS + 5_000, Point.TOLD, k * PERIOD, octets),
        (end_ns + 1 * MS + 7_000, Point.QUEUED, frame, PERIOD),
        (end_ns + 1 * MS + 9_000, Point.PUSHED, frame, PERIOD),
        (end_ns + 1 * MS + 50_000, Point.WOKE_BACKEND, 0, 0),
        (end_ns + 1 * MS + 60_000, Point.COPIED, frame, PERIOD),
    ]


def rows(periods: int) -> list[Row]:
    """From OPENED at 5 ms to STOPPED: two periods ahead, and frame 0 is heard at 20 ms."""
    begin: list[Row] = [
        (5 * MS, Point.OPENED, 48_000, PERIOD),
        (6 * MS, Point.QUEUED, 2 * PERIOD, 2 * PERIOD),
        (6 * MS + 1_000, Point.PUSHED, 2 * PERIOD, 2 * PERIOD),
        (7 * MS, Point.WOKE_BACKEND, 0, 0),
        (7 * MS + 10_000, Point.COPIED, 2 * PERIOD, 2 * PERIOD),
        (8 * MS, Point.STARTED, 0, 2 * PERIOD),
        (9 * MS, Point.RENDERED, PERIOD, 0),
    ]
    end: list[Row] = [((periods + 4) * 10 * MS, Point.STOPPED, (periods + 2) * PERIOD, 0)]
    return begin + [row for k in range(1, periods + 1) for row in cycle(k)] + end


def drawn(
    folder: Path,
    guest: Iterable[Row],
    card: Iterable[Row] | None = None,
    facts: Facts = FACTS,
    events_max: int = EVENTS_MAX,
    samples: StreamSamples | None = None,
    **changes: object,
) -> Checked:
    """What is drawn of a run with this guest, found right; `samples` instead of those measured, `changes` to the stream
    of the result.
    """
    listed = list(guest)
    write_records(folder / "trace" / "guest.vtrace", listed)
    write_records(folder / "trace" / "card.vtrace", boundaries(len(listed) // 8 + 6) if card is None else card, domid=0)
    paths = sorted((folder / "trace").iterdir())
    result, measured = measure(paths if samples is None else [], facts)
    shown = measured if samples is None else dict.fromkeys(measured, samples)
    write_trace(load(paths), changed(result, **changes), shown, folder / "trace.json", events_max)
    return check(folder / "trace.json")


def changed(result: Result, **changes: object) -> Result:
    """The result with its first stream changed."""
    guest = result.guests[0]
    stream = msgspec.structs.replace(guest.streams[0], **changes)
    guests = [msgspec.structs.replace(guest, streams=[stream, *guest.streams[1:]]), *result.guests[1:]]
    return msgspec.structs.replace(result, guests=guests)
