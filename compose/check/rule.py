"""A rule of the wire: what must hold, whose word that is, and how to try it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

BenchT = TypeVar("BenchT")


class Verdict(Enum):
    """What came of trying."""

    PASS = "pass"  # noqa: S105  # a verdict
    FAIL = "fail"
    NOT_TRIED = "not tried"


class NotTried(Exception):  # noqa: N818  # no error: it says why a rule does not apply
    """There was nothing to try the rule on."""


class Broken(Exception):  # noqa: N818  # what a rule raises is a verdict
    """The rule is broken; the text is what was seen."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[BenchT]):
    """One line of the table."""

    id: str
    """Area and name: "ring.unknown-op"."""
    text: str
    """What must hold, as a sentence."""
    source: str
    """Whose rule it is."""
    attempt: Callable[[BenchT], str | None]
    """Tries it; returns a remark or None.  Raises Broken, NotTried."""


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one rule."""

    id: str
    text: str
    source: str
    verdict: Verdict
    seen: str


def require(holds: bool, seen: str) -> None:
    """Raise Broken with what was seen, unless it holds."""
    if not holds:
        raise Broken(seen)


def try_rule(rule: Rule[BenchT], bench: BenchT) -> Line:
    """Try one rule; an error while trying is a broken rule, too."""
    try:
        verdict, seen = Verdict.PASS, rule.attempt(bench) or ""
    except NotTried as why:
        verdict, seen = Verdict.NOT_TRIED, str(why)
    except Broken as broken:
        verdict, seen = Verdict.FAIL, str(broken)
    except (OSError, ValueError) as error:  # HostError and ProtocolError are among them
        verdict, seen = Verdict.FAIL, f"{type(error).__name__}: {error}"
    return Line(rule.id, rule.text, rule.source, verdict, seen)
