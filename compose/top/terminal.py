"""The terminal, as long as it is ours: keys one by one, a screen beside the user's own, signals as events.

Whatever ends us but SIGKILL, the terminal is as it was: also while we are stopped (Ctrl-Z), which is why a stop is an
event here like any other, done when the terminal has been given back.
"""

import os
import select
import signal
import socket
import sys
import termios
import tty
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress

from rich.console import Console, ConsoleDimensions, Group
from rich.live import Live
from rich.text import Text

from compose.top.keys import Keys

ESCAPE_S = 0.1
"""The rest of a sequence comes sooner than that; otherwise somebody has pressed Escape."""
CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Ended(Exception):  # noqa: N818  # it is no error
    """A signal, or the terminal's going away, is to end us."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Terminal:
    """To be used within `terminal()`."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._in = sys.stdin.fileno()
        self._keys = Keys()
        self._caught: list[int] = []
        self._wakeup, self._signalled = socket.socketpair()
        for end in (self._wakeup, self._signalled):
            end.setblocking(False)
        self._before = termios.tcgetattr(self._in)
        self._live: Live | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, now."""
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
        return max(columns, 1), max(lines, 1)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these instead."""
        assert self._live is not None
        self._console.size = ConsoleDimensions(*self.size)
        self._live.update(Group(*lines), refresh=True)

    def keys(self, timeout_s: float) -> list[str]:
        """Keys, as soon as there are any, after a signal, or when the time is over.  Raises Ended."""
        self._handle_signals()
        wait_s = min(timeout_s, ESCAPE_S) if self._keys.waiting else timeout_s
        ready, _, _ = select.select([self._in, self._wakeup], [], [], max(wait_s, 0))
        if self._wakeup in ready:
            with suppress(BlockingIOError):
                self._wakeup.recv(64)
        self._handle_signals()
        if self._in not in ready:
            return self._keys.flush() if not ready else []
        try:
            octets = os.read(self._in, 256)
        except OSError as error:
            raise Ended(signal.SIGHUP) from error
        if not octets:
            raise Ended(signal.SIGHUP)
        return self._keys.feed(octets)

    def _handle_signals(self) -> None:
        caught, self._caught = self._caught, []
        for number in caught:
            if number in ENDING:
                raise Ended(number)
            if number == signal.SIGTSTP:
                self.leave()
                os.kill(os.getpid(), signal.SIGSTOP)
                self.enter()

    def enter(self) -> None:
        """Take the terminal."""
        tty.setcbreak(self._in, termios.TCSADRAIN)
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def leave(self) -> None:
        """Give it back.  Harmless twice."""
        live, self._live = self._live, None
        with suppress(OSError, termios.error):  # it is gone
            if live is not None:
                live.stop()
        with suppress(OSError, termios.error):
            termios.tcsetattr(self._in, termios.TCSAFLUSH, self._before)

    @contextmanager
    def taken(self) -> Generator[None]:
        """Meanwhile it is ours."""
        before = {number: signal.signal(number, lambda caught, _: self._caught.append(caught)) for number in CAUGHT}
        wakeup_before = signal.set_wakeup_fd(self._signalled.fileno(), warn_on_full_buffer=False)
        try:
            self.enter()
            yield
        finally:
            self.leave()
            signal.set_wakeup_fd(wakeup_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._wakeup.close()
            self._signalled.close()
