"""Ctrl-C that cannot get lost, nor leave anything half started.

Python raises KeyboardInterrupt wherever it happens to be.  Around a fork that may be where exceptions are only printed,
or where a child runs already that nobody knows of yet, and a tuning forks all the time.  So the first one is noted, and
raised where it does no harm, which is soon.  Whoever cannot wait for that presses again.
"""

import signal
from types import FrameType, TracebackType
from typing import Self


class Interrupt:
    """While entered, a first SIGINT is raised as KeyboardInterrupt by `check`, a second at once."""

    def __init__(self) -> None:
        self._caught = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._caught:
            raise KeyboardInterrupt
        self._caught = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if there was one."""
        if self._caught:
            raise KeyboardInterrupt
