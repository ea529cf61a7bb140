"""Publisher: a few times a second (twice), on a timer of its own, the backend writes down what it shows of itself.

Nothing of it is on the way of a frame: a period is told and a request answered as if there were no publisher.  While no
stream is open it writes once a second, so that an idle backend stays nearly that.

Whatever goes wrong in here ends the showing, and nothing else.
"""

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from backend.daemon import Backend
from backend.live.layout import BODY_OCTETS_MAX, pack_snapshot
from backend.live.memory import LiveMemory
from backend.live.sample import Sampler
from backend.live.slots import SlotWriter
from backend.live.snapshot import BUSY_NS, IDLE_NS, Snapshot, State
from hosts.api import Loop

log = logging.getLogger("vsnd.backend")

RESTING = {State.AWAY, State.CLOSED}


class Publisher:
    """Writes snapshots of `backend` into `slots` until it is closed."""

    def __init__(self, backend: Backend, loop: Loop, slots: SlotWriter) -> None:
        self._loop = loop
        self._sampler = Sampler(backend, loop.now_ns())
        self._slots = slots
        self._body = bytearray(BODY_OCTETS_MAX)
        self._timer = loop.timer(self._on_time)
        self._on_time(loop.now_ns())

    def _on_time(self, now_ns: int) -> None:
        try:
            pause_ns = IDLE_NS if _is_idle(self._publish()) else BUSY_NS
        except Exception as error:  # it is for show; what it shows goes on
            log.exception("no more is shown to `vsnd top`: %s", error)
            return
        self._timer.arm((now_ns // pause_ns + 1) * pause_ns)

    def _publish(self) -> Snapshot:
        began_ns = time.perf_counter_ns()
        snapshot = self._sampler.take(self._loop.now_ns())
        octets = pack_snapshot(snapshot, self._body)
        self._slots.write(memoryview(self._body)[:octets])
        self._sampler.samples += 1
        self._sampler.sampling_ns += time.perf_counter_ns() - began_ns
        return snapshot

    def close(self) -> None:
        """Write no more.  To be called once."""
        self._timer.disarm()
        del self._timer, self._sampler  # no cycles: a backend runs without a garbage collector


def _is_idle(snapshot: Snapshot) -> bool:
    return all(stream.state in RESTING for stream in snapshot.streams)


@contextmanager
def shown(backend: Backend, loop: Loop, path: Path) -> Generator[None]:
    """Meanwhile the backend shows itself at `path`.  If that cannot be, it is said, and it serves all the same."""
    try:
        live = LiveMemory(path)
    except OSError as error:
        log.warning("nothing is shown to `vsnd top`: %s: %s", path, error.strerror)
        yield
        return
    publisher = Publisher(backend, loop, live.slots)
    try:
        yield
    finally:
        publisher.close()
        live.close()
