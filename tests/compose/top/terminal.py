"""A command on a terminal of its own, and what is to be seen on it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import pyte

LIMIT_S = 20.0
Attributes = list[Any]


class OnTerminal:
    """`vsnd` with arguments; the terminal outlives it, as a shell's does."""

    def __init__(self, arguments: Sequence[str], columns: int = 80, lines: int = 24) -> None:
        self._ours, self._theirs = pty.openpty()
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        """All that it wrote."""
        self._set_size(columns, lines)
        self.before = self.attributes
        self.process = subprocess.Popen(
            [sys.executable, "-m", "compose.cli", *arguments],
            stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip

    @property
    def attributes(self) -> Attributes:
        """How the terminal is set."""
        return termios.tcgetattr(self._theirs)

    @property
    def text(self) -> str:
        """What is to be seen."""
        return "\n".join(self.screen.display)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self._set_size(columns, lines)
        self.process.send_signal(signal.SIGWINCH)  # the kernel's, had we made it a controlling terminal

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_for(self, seen: Callable[[str], bool]) -> str:
        """The screen, as soon as that is to be seen on it."""
        deadline_s = time.monotonic() + LIMIT_S
        while not seen(self.text):
            assert time.monotonic() < deadline_s, f"never seen; there is:\n{self.text}"
            self._take(0.1)
        return self.text

    def ended(self) -> int:
        """Wait for it; its exit status."""
        deadline_s = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline_s, f"it does not end; there is:\n{self.text}"
            self._take(0.05)
        self._take(0)
        status: int = self.process.wait()
        return status

    def _take(self, wait_s: float) -> None:
        while select.select([self._ours], [], [], wait_s)[0]:
            octets = os.read(self._ours, 65536)
            self.raw += octets
            self._stream.feed(octets)
            wait_s = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)
