"""The process of one host, as the fleet sees it: heard without waiting, told to go, ended by its own id.

Like all children it has a session of its own, so Ctrl-C reaches only us; and it is told to end should we be killed.
"""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from compose.children import start_module

GRACE_S = 90.0
"""How long it may take to remove its containers: an engine is given 60 s for an answer."""

PIECE_OCTETS = 4096


class Worker:
    """`python -m MODULE ARGS...`, which speaks as `compose.fleet.one` does."""

    def __init__(self, name: str, arguments: Iterable[str], log: Path) -> None:
        self.name = name
        self.ready = False
        """Whether it waits for "go"."""
        self.at_s = 0.0
        """How far its run is."""
        self.doing = "starting"
        self.runs = 0
        """How many it has begun."""
        self.ended = False
        """Whether it says nothing any more."""
        self._log = log
        self._rest = b""
        self._process = start_module(arguments, log)
        assert self._process.stdout is not None
        self.fd = self._process.stdout.fileno()

    def hear(self) -> None:
        """Take what it has said; to be called when `fd` is readable."""
        octets = os.read(self.fd, PIECE_OCTETS)
        self.ended = not octets
        self.ready = self.ready and not self.ended
        *lines, self._rest = (self._rest + octets).split(b"\n")
        for line in lines:
            self._heed(line.decode(errors="replace"))

    def _heed(self, line: str) -> None:
        word, _, number = line.partition(" ")
        if word == "ready":
            self.ready, self.doing = True, "ready"
        elif word == "at":
            self.at_s = float(number)
        elif word == "measuring":
            self.doing = word

    def go(self) -> None:
        """Let its run begin."""
        assert self._process.stdin is not None
        self.ready, self.doing, self.at_s = False, "playing", 0.0
        self.runs += 1
        with suppress(BrokenPipeError):
            self._process.stdin.write(b"go\n")
            self._process.stdin.flush()

    def why_lost(self) -> str:
        """What it said last, when it has ended otherwise than it should; else empty."""
        if self._process.wait() == 0:
            return ""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {self._process.returncode}"

    def ask_to_end(self) -> None:
        """Have it remove its containers, and end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait until it has ended; insist after a grace."""
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
