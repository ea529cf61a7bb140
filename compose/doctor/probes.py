"""What cannot be read from a file, but has to be tried."""

import os
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from ctypes import CDLL
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Protocol

from compose.devices.pulse import server_name

PROGRAM_LIMIT_S = 5.0
CONNECT_LIMIT_S = 2.0


class Probes(Protocol):
    """What is tried.  Nothing here raises; a text says what went wrong and is empty if nothing did."""

    def requirements(self) -> list[str]:
        """What vsnd requires, as its package says it; nothing where it was not installed."""
        ...

    def version(self, package: str) -> str:
        """A Python package's version; empty where it is not installed."""
        ...

    def import_error(self, module: str) -> str:
        """Why a Python module cannot be imported."""
        ...

    def load_error(self, library: str) -> str:
        """Why a C library cannot be loaded."""
        ...

    def denial(self, path: Path) -> str:
        """Why a file cannot be opened for reading and writing."""
        ...

    def connect_error(self, path: Path) -> str:
        """Why nobody can be reached through a Unix socket."""
        ...

    def fifo_error(self) -> str:
        """Why we may not run with SCHED_FIFO."""
        ...

    def server(self) -> str:
        """The name of the sound server that answers.  Raises NoAnswerError, and only that."""
        ...

    def run(self, command: Sequence[str]) -> tuple[bool, str]:
        """Whether a program ended well, and what it said: the last line."""
        ...


class RealProbes:
    """Tried on this machine."""

    def requirements(self) -> list[str]:
        """Of the installed package."""
        try:
            return requires("vsnd") or []
        except PackageNotFoundError:
            return []

    def version(self, package: str) -> str:
        """Of the installed package."""
        try:
            return version(package)
        except PackageNotFoundError:
            return ""

    def import_error(self, module: str) -> str:
        """By importing it."""
        try:
            import_module(module)
        except (ImportError, OSError, SystemExit) as error:  # OSError is ctypes', SystemExit is libpulse's
            return str(error)
        return ""

    def load_error(self, library: str) -> str:
        """By loading it."""
        try:
            CDLL(library)
        except OSError as error:
            return str(error)
        return ""

    def denial(self, path: Path) -> str:
        """By opening it."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def connect_error(self, path: Path) -> str:
        """By connecting to it."""
        with socket.socket(socket.AF_UNIX) as tried:
            tried.settimeout(CONNECT_LIMIT_S)
            try:
                tried.connect(str(path))
            except OSError as error:
                return error.strerror or str(error)
        return ""

    def fifo_error(self) -> str:
        """By running with the lowest priority of it for an instant."""
        policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except OSError as error:
            return error.strerror or str(error)
        with suppress(OSError):
            os.sched_setscheduler(0, policy, parameter)
        return ""

    def server(self) -> str:
        """By asking it."""
        return server_name()

    def run(self, command: Sequence[str]) -> tuple[bool, str]:
        """By running it, for a few seconds at most."""
        try:
            done = subprocess.run(  # noqa: S603  # our own words
                command,
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PROGRAM_LIMIT_S, check=False,
            )  # fmt: skip
        except OSError as error:
            return False, error.strerror or str(error)
        except subprocess.TimeoutExpired:
            return False, f"no answer within {PROGRAM_LIMIT_S:g} s"
        said = (done.stdout.strip() or done.stderr.strip()).splitlines()
        return done.returncode == 0, said[-1].strip() if said else ""
