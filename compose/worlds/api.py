"""A world: where domains run.  It takes one block of a scenario and brings back its facts and traces.

What of a running machine can be broken, in real time, is `Breakable`; when, and for how long, `compose.chaos` sees to.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from backend.latency.facts import Facts
from compose.facts import Block
from compose.faults import Kind

#: Called now and then with the seconds of sound that have passed.
OnProgress = Callable[[float], None]


class World(Protocol):
    """Runs blocks."""

    breaks: frozenset[Kind]
    """Which of a scenario's faults it can do."""
    limits: bool
    """Whether it holds guests to `cpu_limit` and `memory_mb`."""

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run it; the traces are then in `block.out / "trace"`.

        Raises RunError (UnfinishedError if it was only slow), HostError, ConfigError.
        """
        ...


class Breakable(Protocol):
    """A running machine whose parts can be broken and mended.

    None of these wait until what they started is ready: the schedule goes on meanwhile.  What is done to a part that is
    not there any more does nothing.  All may raise HostError and RunError.
    """

    def is_there(self, guest: int) -> bool:
        """Whether the guest still runs: it has not come to its end, nor been killed."""
        ...

    def pause(self, guest: int) -> None:
        """Its processors stand still until `resume`."""
        ...

    def resume(self, guest: int) -> None:
        """They go on."""
        ...

    def throttle(self, guest: int, share: float) -> None:
        """It gets so much of a processor from now on, above 0; 1 is all that it wants."""
        ...

    def kill(self, guest: int) -> None:
        """Its domain dies at once."""
        ...

    def start(self, guest: int, duration_s: float) -> None:
        """There it is again, with a new card, and plays for so long from the beginning."""
        ...

    def detach(self, guest: int) -> None:
        """The toolstack takes its card away."""
        ...

    def attach(self, guest: int) -> None:
        """The toolstack gives it one again."""
        ...

    def kill_backend(self) -> None:
        """The backend dies at once."""
        ...

    def start_backend(self) -> None:
        """Another is started in its place."""
        ...

    def kill_sound_server(self) -> None:
        """The scenario's sound server dies at once."""
        ...

    def start_sound_server(self) -> None:
        """It is started again."""
        ...

    def appear(self, number: int) -> None:
        """The hostile guest of that number, counted from 0 over all such faults of the run, is there and floods."""
        ...

    def vanish(self, number: int) -> None:
        """Its domain dies at once, and its card is taken away."""
        ...


class RunError(Exception):
    """The run could not be made, or not finished: a domain failed.  One line that says where to look."""


class UnfinishedError(RunError):
    """Guests did not come to their end, long after it: what they do makes hardly any progress."""

    def __init__(self, line: str, domids: Iterable[int]) -> None:
        super().__init__(line)
        self.domids = frozenset(domids)
