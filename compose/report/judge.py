"""What rules say of a run.

A rule of a guest goes for each of its streams that can have the value, and the worst decides.  A value that was not
measured, or that so small a sample does not carry, breaks its rule: nobody knows that it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from backend.config import ConfigError
from backend.latency.build import Samples
from backend.latency.measures.summary import summary_of
from backend.latency.records import Series, joined
from backend.latency.result import Guest, Result, Stream, Summary
from compose.report.rules import DELAYS, NS_IN, Rule

ONE_WAY = {"playback_delay": "playback", "handovers_late": "playback", "handovers_dropped": "playback",
           "capture_delay": "capture"}  # fmt: skip
"""What only streams of one direction have."""


@dataclass(frozen=True, slots=True)
class Value:
    """What was measured."""

    whose: str
    value: float | None
    n: int | None = None
    """The size of the sample, of a quantile."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, and what a run says to it."""

    rule: Rule
    broken: bool
    said: str
    """The values, in words."""


def judge(rule: Rule, result: Result, samples: Samples) -> Finding:
    """Whether a run breaks a rule.  Raises ConfigError if it has no such stream; other names are checked before."""
    values = list(_values(rule, result, samples))
    bad = [value for value in values if value.value is None or rule.is_broken_by(value.value)]
    said = "; ".join(_said(rule, value) for value in bad or values)
    return Finding(rule, bool(bad), said)


def _values(rule: Rule, result: Result, samples: Samples) -> Iterator[Value]:
    if rule.whose == "backend":
        yield Value("", getattr(result.backend, rule.figure))
    elif rule.whose == "device":
        named = [device for device in result.devices if device.name == rule.name]
        yield from (Value("", getattr(device, rule.figure)) for device in named)
    elif rule.whose == "guest":
        for guest in result.guests:
            if guest.name == rule.name:
                yield from (_of_stream(rule, guest, stream) for stream in _streams(rule, guest))
    elif rule.figure in DELAYS:
        together: list[Series] = [getattr(stream, rule.figure) for stream in samples.values()]
        yield _of_summary(rule, "", summary_of(joined(together)))
    else:
        counts = [_count(rule, stream) for guest in result.guests for stream in guest.streams]
        known = [count for count in counts if count is not None]
        yield Value("", sum(known) if known else None)


def _streams(rule: Rule, guest: Guest) -> list[Stream]:
    """Those that the rule is about."""
    if rule.stream is not None:
        found = [stream for stream in guest.streams if stream.stream == rule.stream]
        what = f"stream {rule.stream}"
    else:
        way = ONE_WAY.get(rule.figure)
        found = [stream for stream in guest.streams if way in {None, stream.direction}]
        what = f"{way or 'any'} stream"
    if not found:
        there = ", ".join(f"{stream.stream} ({stream.direction})" for stream in guest.streams)
        raise ConfigError(f"--fail-if: {rule.text!r}: guest {guest.name!r} has no {what}; there are: {there}")
    return found


def _of_stream(rule: Rule, guest: Guest, stream: Stream) -> Value:
    whose = "" if len(guest.streams) == 1 else f"stream {stream.stream}"
    if rule.figure in DELAYS:
        return _of_summary(rule, whose, getattr(stream, f"{rule.figure}_ns"))
    return Value(whose, _count(rule, stream))


def _of_summary(rule: Rule, whose: str, summary: Summary | None) -> Value:
    if summary is None:
        return Value(whose, None)
    return Value(whose, getattr(summary, rule.quantile), summary.n)


def _count(rule: Rule, stream: Stream) -> int | None:
    if rule.figure == "gaps":
        return sum(blame.gaps for blame in stream.blame.values())
    count: int | None = getattr(stream, rule.figure)
    return count


def _said(rule: Rule, value: Value) -> str:
    whose = f"{value.whose}: " if value.whose else ""
    if value.value is None:
        why = "was not measured" if value.n is None else f"is not carried by {value.n} delays"
        return f"{whose}it {why}"
    if rule.figure in DELAYS:
        return f"{whose}it is {_exact(value.value / NS_IN['ms'])} ms (n = {value.n})"
    return f"{whose}it is {_exact(value.value)}{' s' if rule.figure == 'cpu_s' else ''}"


def _exact(value: float) -> str:
    """To the last digit that a rule could be about."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
