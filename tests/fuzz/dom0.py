"""A simulated Dom0 under fire: a backend, a neighbour that plays, and a log in which a failure of ours is a crash.

A guest's fault is to cost that guest alone.  So whatever the fuzzer did, the neighbour must have heard of every period
that passed, and nothing may have gone wrong that the backend calls its own error.
"""

import logging
from pathlib import Path

from backend.config import BackendConfig
from backend.daemon import Backend
from backend.devices.registry import open_device
from hosts.sim.machine import SimMachine
from ringproto.abi import Trigger
from ringproto.trace import NoTrace
from tests.backend.rawguest import MS, PERIOD_FRAMES, RawGuest

HOSTILE, NEIGHBOUR = 1, 2
LINES_MAX = 40
"""In the log of one history: a few kinds of a few guests."""


class OwnFailureError(AssertionError):
    """The backend failed by itself."""


class _Watcher(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines = 0
        self.failure: logging.LogRecord | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        if record.levelno >= logging.ERROR:
            self.failure = record


class Dom0:
    """The machine; `check` says whether all is well."""

    def __init__(self) -> None:
        self._log = logging.getLogger("vsnd.backend")
        self._log.propagate = False
        self._watcher = _Watcher()
        self._log.addHandler(self._watcher)
        self.machine = SimMachine()
        self.host = self.machine.host(0)
        device = {"kind": "clocked", "period_frames": PERIOD_FRAMES}
        config = BackendConfig({"speaker": device}, {"speaker": "speaker"})
        self.backend = Backend(
            self.host, config, lambda name, kind, options, way, loop: open_device(kind, options, way, loop), NoTrace()
        )
        self._neighbour = RawGuest(self.machine, self.host, NEIGHBOUR)
        self._neighbour.connect()
        assert self._neighbour.open() == 0
        assert self._neighbour.trigger(Trigger.START) == 0
        self._neighbour.settle(12 * MS)

    def settle(self, ns: int) -> None:
        """Let time pass."""
        self.machine.run_until(lambda: False, self.machine.timeline.now_ns + ns)

    def check(self) -> None:
        """Raise AssertionError when a guest's fault cost more than that guest."""
        told = len(self._neighbour.events)
        self.settle(50 * MS)
        assert len(self._neighbour.events) == told + 5, "the neighbour does not hear of its periods"
        assert self._neighbour.backend_state == "4"
        assert self._watcher.lines <= LINES_MAX, f"{self._watcher.lines} lines in the log"
        failure = self._watcher.failure
        if failure is not None:
            cause = failure.exc_info[1] if failure.exc_info else None
            raise OwnFailureError(failure.getMessage()) from cause

    def close(self) -> None:
        """End it."""
        self.backend.close()
        self._log.removeHandler(self._watcher)
        self._log.propagate = True


CORPUS = Path(__file__).parent / "corpus"
