"""A local application's connection to the backend: register, start, be processed, leave."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from errno import EBADMSG, EINVAL
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from frontend.local.control import Control
from frontend.local.cycle import Cycle, Trace
from frontend.local.params import LocalParams
from frontend.process import Process
from hosts.api import HostError
from hosts.channel.opening import connected
from hosts.channel.passing import close_all
from hosts.fence import full_fence
from hosts.local.bell import Listener
from hosts.local.memory import map_region
from hosts.local.messages import (
    Ask,
    Describe,
    Described,
    Done,
    Granted,
    Latency,
    Register,
    Registered,
    SetVolume,
    Start,
    Statistics,
    Unregister,
    Way,
)
from ringproto.local.region import read_header, words_of
from ringproto.trace import NoTrace, Point, Tracer

SILENCE_S = 0.25
"""The bell has not rung for so long: see whether the backend is still there."""


FDS = 2
"""The region's descriptor, and the bell's."""


def _reach(socket: Path, *, rings: bool = True) -> Control:
    try:
        return Control(connected(socket, rings=rings))
    except OSError as error:
        raise HostError(error.errno, f"{socket}: no backend listens there: {error.strerror}") from error


def connect(socket: Path, params: LocalParams, tracer: Tracer | None = None) -> "LocalClient":
    """Register with the backend that listens there.

    Raises HostError: no backend, or what it refuses, naming the field.
    """
    control = _reach(socket, rings=params.rings)
    try:
        return LocalClient(control, params, tracer or NoTrace())
    except BaseException:
        control.close()
        raise


class LocalClient:
    """A registered application; to be closed, or used with `with`."""

    def __init__(self, control: Control, params: LocalParams, tracer: Tracer) -> None:
        self._control = control
        registered, fds = control.call_for_fds(_register(params), Registered)
        self._take_over(fds)
        self.domid = registered.domid
        """What we are called in traces."""
        self._trace = Trace(tracer, self.domid, self._bell.now_ns)
        self._thread: threading.Thread | None = None
        self._begun = threading.Event()
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._is_closed = False
        for stream, channels in enumerate((self.shape.playback_channels, self.shape.capture_channels)):
            if channels:
                self._trace(Point.OPENED, stream, self.shape.rate_hz, self.shape.period_frames)

    def _take_over(self, fds: tuple[int, ...]) -> None:
        """Map and listen to what came with the answer.  Raises HostError, ProtocolError for something else."""
        if len(fds) != FDS:
            close_all(fds)
            raise HostError(EBADMSG, f"{len(fds)} descriptors with the answer, want {FDS}")
        region, bell = fds
        self._bell = Listener(bell)
        try:
            self._memory = map_region(region)
        finally:
            close_all((region,))
        self.shape = read_header(self._memory.view)
        """Rate, period and channels."""
        self._cycle = Cycle(self._memory.view, words_of(self._memory.view), self.shape, full_fence())

    def start(self, process: Process) -> None:
        """Fill the ring by calling `process`, then be heard and recorded for, until `close`.

        Raises HostError when the backend refuses, and what `process` raises.
        """
        assert self._thread is None, "it has been started"
        self._thread = threading.Thread(target=self._run, args=(process,), name=f"vsnd-{self.domid}", daemon=True)
        self._thread.start()
        self._begun.wait()
        self.check()

    def wait(self, limit_s: float | None = None) -> bool:
        """Wait until it is over (True), or for so long (False).  Raises what ended it: see `check`."""
        over = self._over.wait(limit_s)
        self.check()
        return over

    def check(self) -> None:
        """Raise what ended it, if anything has.

        HostError: the backend is gone, or turned us out (ETIMEDOUT: too late for too long; ENODEV: no device any more).
        Anything else comes from `process`.
        """
        if self._failure is not None:
            raise self._failure

    # -- the thread ---------------------------------------------------------------------------------------------------

    def _run(self, process: Process) -> None:
        try:
            self._cycle.run(process, self._trace)
            self._control.call(Start(), Done)
            self._begun.set()
            while not self._bell.has_left:
                self._turn(process)
        except BaseException as error:  # whoever waits will raise it
            self._failure = error
        finally:
            self._over.set()
            self._begun.set()

    def _turn(self, process: Process) -> None:
        if self._bell.wait(SILENCE_S):
            self._cycle.run(process, self._trace)
        elif not self._bell.has_left:
            self._control.check()
        errno = self._cycle.ended_errno
        if errno:
            self._control.check()  # which says why, if it can
            raise HostError(errno, "turned out")

    # -- while it runs ------------------------------------------------------------------------------------------------

    @property
    def frame(self) -> int:
        """The first frame of the block that is processed now, or next: its place since the start."""
        return self._cycle.frame

    @property
    def played_frames(self) -> int:
        """Frames that the card has presented since the start."""
        return self._cycle.played_frames

    @property
    def passed_frames(self) -> int:
        """The same; or, of one who only records, frames recorded."""
        return self._cycle.passed_frames

    @property
    def late_blocks(self) -> int:
        """Blocks whose time to be played had passed before they were begun."""
        return self._cycle.late_blocks

    @property
    def lost_blocks(self) -> int:
        """Input blocks that were lost since we were late."""
        return self._cycle.lost_blocks

    def set_volume(self, levels_mdb: Sequence[int], way: Way = "playback") -> None:
        """Turn our channels up or down, in thousandths of a decibel.  Raises HostError."""
        self._control.call(SetVolume(way, list(levels_mdb)), Done)

    def request_latency(self, latency_ns: int) -> Granted:
        """Be ahead by no more than it takes to be heard within so much.  Raises HostError."""
        return self._control.call(Latency(latency_ns), Granted)

    def statistics(self) -> Statistics:
        """What the backend counted of us.  Raises HostError."""
        return self._control.call(Ask(), Statistics)

    def close(self) -> None:
        """Leave; `process` is not called any more.  Not from within it.  Harmless twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._bell.leave()
        if self._thread is not None:
            self._thread.join()
        with suppress(HostError):
            self._control.call(Unregister(), Done)
        self._control.close()
        self._bell.close()
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def _register(params: LocalParams) -> Register:
    """Raises HostError(EINVAL) for what is out of bounds."""
    register = Register(
        name=params.name,
        device=params.device,
        playback_channels=params.playback_channels,
        capture_channels=params.capture_channels,
        ring_periods=params.ring_periods,
    )
    try:
        return msgspec.convert(msgspec.to_builtins(register), Register)
    except msgspec.ValidationError as error:
        raise HostError(EINVAL, str(error)) from error


def describe(socket: Path, device: str | None = None) -> Described:
    """What the backend's device is like.  Raises HostError."""
    control = _reach(socket)
    try:
        return control.call(Describe(device), Described)
    finally:
        control.close()
