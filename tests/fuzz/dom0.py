"""A simulated Dom0 under fire: a backend, a neighbour that plays, and a log in which a failure of ours is a crash.

A guest's fault is to cost that guest alone.  So whatever the fuzzer did, the neighbour must have heard of every period
that passed, nothing may have gone wrong that the backend calls its own error, and once the hostile guest is gone Dom0
holds nothing that it did not hold before.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.patchbay import open_wanted
from compose.toolstack import Attachment, remove
from hosts.sim.machine import SimHost, SimMachine
from ringproto.abi import Trigger
from ringproto.trace import NoTrace
from tests.backend.rawguest import MS, PERIOD_FRAMES, RawGuest, card

HOSTILE, NEIGHBOUR = 1, 2
LINES_MAX = 40
"""In the log of one history: a few kinds of a few guests."""


class OwnFailureError(AssertionError):
    """The backend failed by itself."""


class Watcher(logging.Handler):
    """Counts what is logged, and keeps a failure."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines = 0
        self.failure: logging.LogRecord | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """One more line."""
        self.lines += 1
        if record.levelno >= logging.ERROR:
            self.failure = record

    def check(self) -> None:
        """Raise AssertionError when the log says that we failed, or says too much."""
        assert self.lines <= LINES_MAX, f"{self.lines} lines in the log"
        if self.failure is not None:
            cause = self.failure.exc_info[1] if self.failure.exc_info else None
            raise OwnFailureError(self.failure.getMessage()) from cause


@contextmanager
def quiet(name: str) -> Iterator[Watcher]:
    """Have that log watched instead of written."""
    log, watcher = logging.getLogger(name), Watcher()
    level, log.propagate = log.level, False
    log.setLevel(logging.INFO)
    log.addHandler(watcher)
    try:
        yield watcher
    finally:
        log.removeHandler(watcher)
        log.setLevel(level)
        log.propagate = True


def sane_backend(host: SimHost) -> Backend:
    """A backend with one virtual card, for whatever a guest calls its streams in these tests."""
    device = {"kind": "clocked", "period_frames": PERIOD_FRAMES}
    config = BackendConfig({"speaker": device}, dict.fromkeys(("speaker", "play", "record"), "speaker"))
    return Backend(host, config, open_wanted, NoTrace())


class Dom0:
    """The machine; `check` says whether all is well."""

    def __init__(self) -> None:
        self.machine = SimMachine()
        self.host = self.machine.host(0)
        self.backend = sane_backend(self.host)
        self._neighbour = RawGuest(self.machine, self.host, NEIGHBOUR)
        self._neighbour.connect()
        assert self._neighbour.open() == 0
        assert self._neighbour.trigger(Trigger.START) == 0
        self.settle(12 * MS)
        self._held = self.host.leftovers()

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def check(self) -> None:
        """Raise AssertionError when a guest's fault cost more than that guest."""
        told = len(self._neighbour.events)
        self.settle(50 * MS)
        assert len(self._neighbour.events) == told + 5, "the neighbour does not hear of its periods"
        assert self._neighbour.backend_state == "4"
        self.machine.kill(HOSTILE)
        remove(self.host.store, Attachment(HOSTILE, card()))
        self.settle(10 * MS)
        assert self.host.leftovers() == self._held


@contextmanager
def under_fire() -> Iterator[Dom0]:
    """A machine to do anything to as domain HOSTILE; afterwards all must be well."""
    with quiet("vsnd.backend") as watcher:
        dom0 = Dom0()
        yield dom0
        dom0.check()
        watcher.check()
        dom0.backend.close()
