"""Child processes: started, spoken to in lines, ended by their own id, never left behind.

Every child gets a session of its own, so that Ctrl-C reaches only us and we end the children in order; and it is told
to end with us, should we be killed.  What it says on stderr goes into a file of its own.
"""

import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from compose.worlds.api import RunError
from hosts.process import die_with_parent

GRACE_S = 5.0
"""How long a child may take to end when asked."""


def start_module(arguments: Iterable[str], log: Path) -> "subprocess.Popen[bytes]":
    """`python -m MODULE ARGS...`, which ends with us; what it says on stderr goes into `log`."""
    with log.open("wb") as stderr:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and modules
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  # no threads are running when children start
        )


class Child:
    """`python -m MODULE ARGS...` as a child process."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self._log = log
        self._process = start_module(arguments, log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self.status is not None

    def wait_ready(self) -> None:
        """Wait for its line "ready".  Raises RunError when it ends instead."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == b"ready":
                return
        raise RunError(f"{self.name} did not start: {self.last_words()}")

    def say(self, line: str) -> None:
        """Send it a line; a child that is gone does not hear."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def last_line(self) -> str:
        """The last thing it said in its log."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no word"

    def last_words(self) -> str:
        """What it said last, and where to read the rest."""
        return f"{self.last_line()} (log: {self._log})"

    def kill(self) -> None:
        """As by kill -9; when this returns it is gone."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Ask it to end, insist after a grace; its exit status."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.send_signal(signal.SIGCONT)  # it may have been made to stand still, and would not hear
        try:
            return self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # a line that it never read
                        pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.end()
