"""A strict reader of Trace Event files: what either viewer would drop, repair or guess at is an error here.

The rules are those that the importers of Perfetto's trace processor (`json_trace_tokenizer`, `json_trace_parser`,
`slice_tracker`, `flow_tracker`: each of its statistics of severity "error" or "data loss" that these events can raise)
and of the older trace viewer (its import warnings) apply, and a few of our own.  Times are taken as nanoseconds, as
the trace processor does.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from backend.latency.perfetto.events import (
    Args,
    ArrowEnd,
    ArrowStart,
    ArrowStep,
    Counter,
    Event,
    Instant,
    Metadata,
    Slice,
)

DEPTH_MAX = 512
"""The trace processor's."""


class File(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    displayTimeUnit: Literal["ms", "ns"]  # noqa: N815  the format's own
    metadata: Args
    traceEvents: list[Event]  # noqa: N815


def ns(microseconds: float) -> int:
    """As the trace processor rounds; nothing may be lost by it."""
    rounded = round(microseconds * 1000)
    assert abs(rounded - microseconds * 1000) < 1e-3, f"{microseconds} us is not whole nanoseconds"
    return rounded


@dataclass
class Bound:
    """An arrow with the slices that its points are in."""

    name: str
    slices: list[Slice]
    times_ns: list[int]
    ended: bool = False


@dataclass
class Checked:
    """A file found right."""

    metadata: Args
    processes: dict[int, str] = field(default_factory=dict[int, str])
    threads: dict[int, str] = field(default_factory=dict[int, str])
    process_of: dict[int, int] = field(default_factory=dict[int, int])
    slices: list[Slice] = field(default_factory=list[Slice])
    instants: list[Instant] = field(default_factory=list[Instant])
    counters: list[Counter] = field(default_factory=list[Counter])
    arrows: dict[tuple[str, int], Bound] = field(default_factory=dict[tuple[str, int], Bound])
    events: int = 0
    """Without names."""

    def on(self, thread: str) -> list[Slice]:
        """The slices of the threads of this name."""
        return [one for one in self.slices if self.threads[one.tid] == thread]


def check(path: Path) -> Checked:
    """Read a file.  Raises msgspec.ValidationError for its form, and AssertionError for its sense."""
    text = path.read_bytes()
    file = msgspec.json.decode(text, type=File)
    assert b"NaN" not in text
    assert b"Infinity" not in text
    checked = Checked(file.metadata)
    names = [event for event in file.traceEvents if isinstance(event, Metadata)]
    events = [event for event in file.traceEvents if not isinstance(event, Metadata)]
    assert file.traceEvents == [*names, *events], "names come first"
    _names(checked, names)
    assert [event.ts for event in events] == sorted(event.ts for event in events), "in order of time"
    reader = _Reader(checked)
    for event in events:
        reader.read(event)
    assert [arrow for arrow in checked.arrows.values() if not arrow.ended] == []
    assert not events or events[0].ts == 0, "counted from the first event"
    checked.events = len(events)
    return checked


def _names(checked: Checked, names: list[Metadata]) -> None:
    numbers = [name.tid or name.pid for name in names[::2]]
    assert len(set(numbers)) == len(numbers), "no number is that of two"
    assert 0 not in numbers, "0 is the kernel's idle process"
    for name, order in zip(names[::2], names[1::2], strict=True):
        assert (name.pid, name.tid) == (order.pid, order.tid)
        assert name.name == ("thread_name" if name.tid else "process_name")
        assert order.name == ("thread_sort_index" if name.tid else "process_sort_index")
        assert isinstance(order.args["sort_index"], int)
        text = name.args["name"]
        assert isinstance(text, str)
        assert text
        if name.tid:
            checked.threads[name.tid] = text
            checked.process_of[name.tid] = name.pid
        else:
            checked.processes[name.pid] = text


class _Reader:
    """Reads events as the trace processor does: one after another, with a stack of open slices for each thread."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._stacks: dict[int, list[Slice]] = {}
        self._last: dict[int, list[Slice]] = {}
        self._units: dict[tuple[int, str], tuple[str, ...]] = {}

    def read(self, event: Event) -> None:
        assert not isinstance(event, Metadata)
        assert event.name
        assert event.ts >= 0
        assert event.pid in self._checked.processes
        if isinstance(event, Counter):
            self._counter(event)
            return
        assert self._checked.process_of[event.tid] == event.pid
        if isinstance(event, Slice):
            self._slice(event)
        elif isinstance(event, Instant):
            self._open(Slice(event.name, event.pid, event.tid, event.ts, 0, event.args))
            self._checked.instants.append(event)
        else:
            self._arrow(event)

    def _counter(self, event: Counter) -> None:
        unit = self._units.setdefault((event.pid, event.name), tuple(event.args))
        assert unit == tuple(event.args), "a counter keeps its unit"
        assert all(isinstance(value, int | float) for value in event.args.values())
        self._checked.counters.append(event)

    def _slice(self, event: Slice) -> None:
        assert event.dur >= 0
        self._open(event)
        self._checked.slices.append(event)
        self._last.setdefault(event.tid, []).append(event)

    def _open(self, event: Slice) -> None:
        stack = self._stacks.setdefault(event.tid, [])
        start_ns, end_ns = ns(event.ts), ns(event.ts) + ns(event.dur)
        while stack and _has_ended(stack[-1], start_ns, end_ns):
            stack.pop()
        for around in stack:
            around_end_ns = ns(around.ts) + ns(around.dur)
            assert start_ns >= around_end_ns or end_ns <= around_end_ns, f"{event} crosses {around}"
        assert len(stack) < DEPTH_MAX
        stack.append(event)

    def _arrow(self, event: ArrowStart | ArrowStep | ArrowEnd) -> None:
        key = event.name, event.id
        around = self._around(event.tid, ns(event.ts))
        if isinstance(event, ArrowEnd | ArrowStep):
            arrow = self._checked.arrows[key]
            assert not arrow.ended
            arrow.ended = isinstance(event, ArrowEnd)
        else:
            assert key not in self._checked.arrows, "an id is used once"
            arrow = self._checked.arrows[key] = Bound(event.name, [], [])
        arrow.slices.append(around)
        arrow.times_ns.append(ns(event.ts))

    def _around(self, tid: int, time_ns: int) -> Slice:
        """The slice that an arrow's point is in, which must be the same for either viewer."""
        stack = self._stacks.get(tid)
        assert stack, "an arrow's point is in a slice"
        open_one = stack[-1]
        # The older viewer takes slices for closed: one that has ended just now still counts.
        recent = [one for one in self._last[tid][-2:] if ns(one.ts) <= time_ns <= ns(one.ts) + ns(one.dur)]
        assert recent == [open_one], "it is clear which"
        return open_one


def _has_ended(one: Slice, start_ns: int, end_ns: int) -> bool:
    one_end_ns = ns(one.ts) + ns(one.dur)
    both_moments = one.dur == 0 and start_ns == end_ns
    return one_end_ns < start_ns or (one_end_ns == start_ns and not both_moments)
