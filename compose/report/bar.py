"""A progress bar for what may take long: it is seen after two seconds, and not at all where all is done by then."""

from threading import Timer
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress

PATIENCE_S = 2.0


class LateBar:
    """Call it with what is being done and which part of all is done, from 0 to 1."""

    def __init__(self, console: Console, patience_s: float = PATIENCE_S) -> None:
        self._progress = Progress(console=console, transient=True)
        self._task = self._progress.add_task("", total=1.0)
        self._timer = Timer(patience_s, self._progress.start)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __call__(self, what: str, part: float) -> None:
        """Show it, now or as soon as the bar is seen."""
        self._progress.update(self._task, description=what, completed=part)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        self._timer.join()  # or it could start behind our back
        self._progress.stop()
