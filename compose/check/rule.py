"""A rule of the wire: what must hold, whose word that is, and how to try it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

BenchT = TypeVar("BenchT")

#: Tries a rule, and returns a remark or None.  Raises Broken, NotTried.
Attempt = Callable[[BenchT], str | None]


class Verdict(Enum):
    """What came of trying."""

    PASS = "pass"  # noqa: S105  # a verdict
    FAIL = "fail"
    NOT_TRIED = "not tried"


SNDIF = "sndif.h"
XENBUS = "xenbus, as libxenbe and snd_xen_front have it"
RING = "Xen's ring.h"
LINUX = "snd_xen_front (Linux)"
"""Whose rules they are, mostly."""


class NotTried(Exception):  # noqa: N818  # no error: it says why a rule does not apply
    """There was nothing to try the rule on."""


class Broken(Exception):  # noqa: N818  # what a rule raises is a verdict
    """The rule is broken; the text is what was seen."""


class NoAnswer(Broken):
    """The peer did not answer in time."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[BenchT]):
    """One line of the table."""

    id: str
    """Area and name: "ring.unknown-op"."""
    text: str
    """What must hold, as a sentence."""
    source: str
    """Whose rule it is."""
    attempt: Attempt[BenchT]
    """Tries it."""


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one rule."""

    id: str
    text: str
    source: str
    verdict: Verdict
    seen: str


class Book(Generic[BenchT]):
    """Rules, in the order in which they are written."""

    def __init__(self) -> None:
        self.rules: list[Rule[BenchT]] = []

    def rule(self, rule_id: str, source: str) -> Callable[[Attempt[BenchT]], Attempt[BenchT]]:
        """Make the decorated function a rule; its docstring, one sentence, is what must hold."""

        def enter(attempt: Attempt[BenchT]) -> Attempt[BenchT]:
            assert attempt.__doc__ is not None
            self.rules.append(Rule(rule_id, attempt.__doc__, source, attempt))
            return attempt

        return enter


def require(holds: bool, seen: str) -> None:
    """Raise Broken with what was seen, unless it holds."""
    if not holds:
        raise Broken(seen)


def need(holds: bool, why: str) -> None:
    """Raise NotTried with the reason, unless it holds."""
    if not holds:
        raise NotTried(why)


def try_rule(rule: Rule[BenchT], bench: BenchT) -> Line:
    """Try one rule; an error while trying is a broken rule, too.

    HostError and ProtocolError are among those, and BufferError: that the peer still holds what we take back.
    """
    try:
        verdict, seen = Verdict.PASS, rule.attempt(bench) or ""
    except NotTried as why:
        verdict, seen = Verdict.NOT_TRIED, str(why)
    except Broken as broken:
        verdict, seen = Verdict.FAIL, str(broken)
    except (OSError, ValueError, BufferError) as error:
        verdict, seen = Verdict.FAIL, f"{type(error).__name__}: {error}"
    return Line(rule.id, rule.text, rule.source, verdict, seen)
