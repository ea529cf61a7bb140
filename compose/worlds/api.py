"""A world: where domains run.  It takes one block of a scenario and brings back its facts and traces."""

from collections.abc import Callable, Iterable
from typing import Protocol

from backend.latency.facts import Facts
from compose.facts import Block

#: Called now and then with the seconds of sound that have passed.
OnProgress = Callable[[float], None]


class World(Protocol):
    """Runs blocks."""

    breaks: bool
    """Whether it does what a scenario's faults say."""

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run it; the traces are then in `block.out / "trace"`.

        Raises RunError (UnfinishedError if it was only slow), HostError, ConfigError.
        """
        ...


class RunError(Exception):
    """The run could not be made, or not finished: a domain failed.  One line that says where to look."""


class UnfinishedError(RunError):
    """Guests did not come to their end, long after it: what they do makes hardly any progress."""

    def __init__(self, line: str, domids: Iterable[int]) -> None:
        super().__init__(line)
        self.domids = frozenset(domids)
