"""What kinds of clients a backend has, and what only a local application tells the measurement, as `facts` for all."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]

Kind = Literal["guest", "local", "local, blocking"]
"""Of a client: a domain; a local application that is called back; one whose calls block."""
ClientKind = Literal["local", "local, blocking"]


class ClientFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What only a local application has.  What the backend counted is None where it was killed, and its counts with it.

    A block is one period's frames.
    """

    ring_periods: Annotated[int, Meta(ge=1)]
    """How many blocks it might be ahead."""
    control: str | None
    """How its commands went: `rings`, or `socket` and why."""
    missed_blocks: Count | None
    """Blocks that were silence since they were not there."""
    unposted_blocks: Count | None
    """Of these: since the backend had not rung in time, for which nobody blames the application."""
    asleep_blocks: Count | None
    """Of these: rung in time, and not awake by its own word."""
    lost_blocks: Count | None
    """Recorded blocks that found no room."""
    calls_late: Count | None = None
    """How often its calls missed deadlines; None for one that is called back, and for one that was killed."""
    calls_late_max_ns: Count | None = None
    """By how much at most."""
    ended: str | None = None
    """Why it was gone before its time; None for one that stayed."""


def titled(name: str, kind: Kind) -> str:
    """As people are told of it: who is no guest has its kind behind its name."""
    return name if kind == "guest" else f"{name} ({kind})"
