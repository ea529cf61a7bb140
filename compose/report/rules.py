"""Rules for CI: what must not come out of a run, such as `guest.media.playback_delay.p99 > 20ms`.

    guest.NAME[.STREAM].DELAY.QUANTILE   guest.NAME[.STREAM].COUNT   a guest's streams, or one of them
    all.DELAY.QUANTILE                   all.COUNT                   all streams: delays pooled, counts added
    backend.cpu_s, ...                   device.NAME.underruns, ...

Behind it stand an operator and a bound, with its unit where it is a time.  A name with dots in it stands in quotes.

Here rules are read.  What is wrong with one is said before anything runs, the part first, then what would be right.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Final

import msgspec

from backend.config import ConfigError
from backend.latency.result import Stream, Summary

OPERATORS: Final = {">": gt, ">=": ge, "<": lt, "<=": le}
NS_IN: Final = {"ns": 1, "us": 1_000, "\N{MICRO SIGN}s": 1_000, "ms": 1_000_000, "s": 1_000_000_000}

DELAYS: Final = tuple(
    field.name.removesuffix("_ns") for field in msgspec.structs.fields(Stream) if field.type == Summary | None
)
QUANTILES: Final = tuple(
    field.name for field in msgspec.structs.fields(Summary) if field.name not in {"n", "max_at_ns"}
)
COUNTS: Final = ("underruns", "gaps", "starved_frames", "handovers_late", "handovers_dropped", "periods_untold")
BACKEND: Final = ("cpu_s", "looks", "requests", "events", "rss_octets")
DEVICE: Final = ("underruns", "interrupts", "looks")
WHOSE: Final = ("guest", "all", "backend", "device")

RULE = re.compile(r'(?P<subject>(?:"[^"]*"|[^"<>=])+)(?P<operator>[<>]=?)(?P<bound>[^<>=]+)')
PART = re.compile(r'"(?P<quoted>[^"]*)"|(?P<bare>[^."]+)')
BOUND = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[^\W\d]*)")
EXAMPLE_OF = "guest.media.playback_delay.p99"
EXAMPLE = f"{EXAMPLE_OF} > 20ms"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; a value for which the comparison holds breaks it."""

    text: str
    """As it was given."""
    whose: str
    name: str
    """Of the guest or the device; else empty."""
    stream: int | None
    figure: str
    """One of DELAYS, COUNTS, BACKEND or DEVICE."""
    quantile: str
    """One of QUANTILES, for a delay; else empty."""
    operator: str
    bound: float
    """Of a delay: ns."""

    def is_broken_by(self, value: float) -> bool:
        """Whether this must not have come out."""
        return bool(OPERATORS[self.operator](value, self.bound))

    def check_names(self, guests: Collection[str], devices: Collection[str]) -> None:
        """Raises ConfigError where the rule names a guest or a device that there is none of."""
        there = {"guest": guests, "device": devices}.get(self.whose)
        if there is not None and self.name not in there:
            raise _wrong(self.text, f"no {self.whose} {self.name!r}", list(dict.fromkeys(there)))


def read_rule(text: str) -> Rule:
    """Read a rule.  Raises ConfigError."""
    split = RULE.fullmatch(text.strip())
    if split is None:
        raise ConfigError(
            f"--fail-if: {text!r}: want what, then one of {' '.join(OPERATORS)}, then how much: {EXAMPLE}"
        )
    parts = _Parts(text, _split(text, split["subject"].strip()))
    whose = parts.next("whose value it is", WHOSE)
    name = parts.next("a name") if whose in {"guest", "device"} else ""
    stream = parts.number() if whose == "guest" else None
    figure = parts.next("a figure", {"backend": BACKEND, "device": DEVICE}.get(whose, (*DELAYS, *COUNTS)))
    quantile = parts.next("a quantile", QUANTILES) if figure in DELAYS else ""
    parts.end()
    bound = _bound(text, split["bound"].strip(), figure)
    return Rule(text.strip(), whose, name, stream, figure, quantile, split["operator"], bound)


class _Parts:
    """What stands between the dots, one after the other."""

    def __init__(self, text: str, parts: list[str]) -> None:
        self._text = text
        self._parts = parts

    def next(self, what: str, there_are: Sequence[str] = ()) -> str:
        """The next one, which must be one of these, if there are any."""
        if not self._parts:
            raise _wrong(self._text, f"{what} is missing", there_are)
        part = self._parts.pop(0)
        if there_are and part not in there_are:
            raise _wrong(self._text, f"{part!r} is not {what}", there_are)
        return part

    def number(self) -> int | None:
        """The next one, if it is a number."""
        return int(self._parts.pop(0)) if self._parts and self._parts[0].isdecimal() else None

    def end(self) -> None:
        """There must be no more."""
        if self._parts:
            raise _wrong(self._text, f"{'.'.join(self._parts)!r} is too much")


def _split(text: str, subject: str) -> list[str]:
    parts: list[str] = []
    at = 0
    while found := PART.match(subject, at):
        parts.append(found["bare"].strip() if found["quoted"] is None else found["quoted"])
        at = found.end()
        if at == len(subject):
            return parts
        if subject[at] != ".":
            break
        at += 1
    raise _wrong(text, f"{subject!r} is no words with dots between them, such as {EXAMPLE_OF}")


def _bound(text: str, bound: str, figure: str) -> float:
    found = BOUND.fullmatch(bound)
    if found is None:
        raise _wrong(text, f"{bound!r} is no number with a unit behind it")
    number, unit = float(found["number"]), found["unit"].replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}")
    is_time = figure in DELAYS or figure == "cpu_s"
    if unit and not is_time:
        raise _wrong(text, f"{unit!r} behind {found['number']}: {figure} has no unit")
    if is_time and unit not in NS_IN and (unit or number):
        raise _wrong(text, f"{unit!r} is no unit of time" if unit else f"{bound} has no unit", list(NS_IN))
    ns = number * NS_IN.get(unit, 1)
    return ns / NS_IN["s"] if figure == "cpu_s" else ns


def _wrong(text: str, what: str, there_are: Sequence[str] = ()) -> ConfigError:
    right = f"; there are: {', '.join(there_are)}" if there_are else ""
    return ConfigError(f"--fail-if: {text!r}: {what}{right}")
