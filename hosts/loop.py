"""RealLoop: callbacks in real time, from one epoll and one timerfd.  Only this file and `hosts.spinner` read the clock.

Theory.  A timerfd fires within tens of microseconds of an absolute deadline, where epoll's own timeout rounds up to
whole milliseconds.  One timerfd serves all timers: it is set to the earliest deadline, and a heap keeps the rest.
Descriptors are watched edge triggered, so an eventfd that was rung need not be read: one system call less per
notification, and nobody who shares the descriptor can make us block on it.

Everything that is ready at one wake-up is served in one pass.  An exception of a callback leaves `run_until`; what
else was ready is then served by the next, since an edge is reported only once.  A signal's handler runs at once, and
`run_until` looks at its condition afterwards.
"""

import ctypes
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush

from hosts.api import OnTime

_LIBC = ctypes.CDLL(None, use_errno=True)
_TFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000
_TFD_TIMER_ABSTIME = 1

_Entry = tuple[int, int, "_Timer"]
"""A deadline in ns, when it was queued among equal ones, and whose it is."""

_SPARE_ENTRIES = 64
"""The heap may hold as many entries of no use before it is swept."""


class _Timespecs(ctypes.Structure):
    """struct itimerspec: interval, then value."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class _TimerFd:
    """One absolute deadline on CLOCK_MONOTONIC.  (os.timerfd_create came with Python 3.13.)"""

    def __init__(self) -> None:
        self.fd = _LIBC.timerfd_create(time.CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._spec = _Timespecs()
        self._spec_ref = ctypes.byref(self._spec)

    def set(self, due_ns: int) -> None:
        """Become readable at `due_ns`."""
        self._spec.value_s, self._spec.value_ns = divmod(max(due_ns, 1), 1_000_000_000)
        if _LIBC.timerfd_settime(self.fd, _TFD_TIMER_ABSTIME, self._spec_ref, None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.fd)


class RealLoop:
    """A process's loop."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, OnTime] = {}
        self._timerfd = _TimerFd()
        self._timer_set_ns: int | None = None
        self._heap: list[_Entry] = []
        self._sweep_at = _SPARE_ENTRIES
        self._order = 0
        self._soon: deque[OnTime] = deque()
        self.wakeups = 0
        """How often it has waited, and something came."""
        self._epoll.register(self._timerfd.fd, select.EPOLLIN | select.EPOLLET)
        self._wakeup, self._signalled = socket.socketpair()
        for end in (self._wakeup, self._signalled):
            end.setblocking(False)
        self._epoll.register(self._wakeup.fileno(), select.EPOLLIN | select.EPOLLET)

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def timer(self, callback: OnTime) -> "_Timer":
        """A disarmed timer that calls `callback(now_ns)` when due, never early."""
        return _Timer(self, callback)

    def call_soon(self, callback: OnTime) -> None:
        """Call `callback(now_ns)` once, after what is running now has returned."""
        self._soon.append(callback)

    def watch_fd(self, fd: int, callback: OnTime) -> "_FdWatch":
        """Call `callback(now_ns)` on every new readiness to read, and when the other end hangs up."""
        return self.watch_events(fd, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET, callback)

    def watch_events(self, fd: int, events: int, callback: OnTime) -> "_FdWatch":
        """Call `callback(now_ns)` on any of epoll's `events`."""
        self._epoll.register(fd, events)
        self._readers[fd] = callback
        return _FdWatch(self, fd)

    def forget_fd(self, fd: int) -> None:
        """Watch it no more."""
        if self._readers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def run_until(self, done: Callable[[], bool], deadline_ns: int | None = None) -> bool:
        """Run callbacks until `done()` (True) or the deadline (False)."""
        deadline = None if deadline_ns is None else self.timer(_nothing)
        if deadline is not None:
            assert deadline_ns is not None
            deadline.arm(deadline_ns)
        before = _wake_on_signals(self._signalled)
        try:
            while not done():
                if deadline_ns is not None and self.now_ns() >= deadline_ns:
                    return False
                self._run_once()
        finally:
            _restore_wakeup(before)
            if deadline is not None:
                deadline.disarm()
        return True

    def close(self) -> None:
        """Give all descriptors back."""
        self._epoll.close()
        self._timerfd.close()
        self._wakeup.close()
        self._signalled.close()

    # -- one wake-up --------------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        self._put_off()
        self._run_readers(iter(self._wait()))
        now_ns = time.monotonic_ns()
        self._run_timers(now_ns)
        for _ in range(len(self._soon)):
            self._soon.popleft()(now_ns)

    def _wait(self) -> list[tuple[int, int]]:
        if self._soon:
            return self._epoll.poll(0)
        ready = self._epoll.poll(-1)
        self.wakeups += 1
        return ready

    def _run_readers(self, ready: Iterator[tuple[int, int]]) -> None:
        now_ns = time.monotonic_ns()
        readers = self._readers
        try:
            for fd, _events in ready:
                callback = readers.get(fd)
                if callback is not None:
                    callback(now_ns)
                elif fd == self._wakeup.fileno():
                    self._drain_wakeup()
        except BaseException:
            self._soon.appendleft(lambda _now_ns: self._run_readers(ready))
            raise

    def _run_timers(self, now_ns: int) -> None:
        heap = self._heap
        if self._timer_set_ns is not None and self._timer_set_ns <= now_ns:
            self._timer_set_ns = None
        try:
            for _ in range(len(heap)):  # no more, or one that is always armed for the past would be all that runs
                if not heap or heap[0][0] > now_ns:
                    break
                entry = heappop(heap)
                entry[2].pop(entry, now_ns)
        finally:
            if heap:
                self._set_timerfd(heap[0][0])

    def _put_off(self) -> None:
        """Do not wake up for a deadline that was put off or forgotten: one system call saves a wake-up."""
        heap = self._heap
        while heap and heap[0][2].due_ns(heap[0]) != heap[0][0]:
            entry = heappop(heap)
            entry[2].requeue(entry)
        due_ns = heap[0][0] if heap else None
        if due_ns is not None and self._timer_set_ns is not None and due_ns > self._timer_set_ns:
            self._timer_set_ns = due_ns
            self._timerfd.set(due_ns)

    def add_deadline(self, due_ns: int, timer: "_Timer") -> _Entry:
        """Put a deadline into the heap; the entry that will come up."""
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        self._order += 1
        entry = due_ns, self._order, timer
        heappush(self._heap, entry)
        self._set_timerfd(due_ns)
        return entry

    def _sweep(self) -> None:
        """Leave out the entries that no timer waits for, so that the heap stays as large as there are timers."""
        self._heap[:] = [entry for entry in self._heap if entry[2].entry is entry]
        heapify(self._heap)
        self._sweep_at = 2 * len(self._heap) + _SPARE_ENTRIES

    def _set_timerfd(self, due_ns: int) -> None:
        if self._timer_set_ns is None or due_ns < self._timer_set_ns:
            self._timer_set_ns = due_ns
            self._timerfd.set(due_ns)

    def _drain_wakeup(self) -> None:
        try:
            while self._wakeup.recv(64):
                pass
        except BlockingIOError:
            return


class _Timer:
    """One deadline.  At most one heap entry serves it; a deadline put off is queued anew when that comes up."""

    __slots__ = ("_callback", "_due_ns", "_loop", "entry")

    def __init__(self, loop: RealLoop, callback: OnTime) -> None:
        self._loop = loop
        self._callback = callback
        self._due_ns = 0
        self.entry: _Entry | None = None

    def arm(self, due_ns: int) -> None:
        """Fire once at `due_ns`; a deadline already armed is replaced."""
        self._due_ns = due_ns
        if self.entry is None or due_ns < self.entry[0]:
            self.entry = self._loop.add_deadline(due_ns, self)

    def disarm(self) -> None:
        """Forget the deadline, if any."""
        self.entry = None

    def due_ns(self, entry: _Entry) -> int | None:
        """What it is armed for, if that entry serves it."""
        return self._due_ns if self.entry is entry else None

    def requeue(self, entry: _Entry) -> None:
        """That entry of this timer was taken out before its time."""
        if self.entry is entry:
            self.entry = None
            self.arm(self._due_ns)

    def pop(self, entry: _Entry, now_ns: int) -> None:
        """A heap entry of this timer has come up."""
        if self.entry is not entry:  # another has taken over, or none is wanted
            return
        self.entry = None
        if self._due_ns > entry[0]:  # put off: also when that is over, others may come first
            self.arm(self._due_ns)
        else:
            self._callback(now_ns)


class _FdWatch:
    """A watched descriptor."""

    __slots__ = ("_fd", "_loop")

    def __init__(self, loop: RealLoop, fd: int) -> None:
        self._loop = loop
        self._fd: int | None = fd

    def cancel(self) -> None:
        """Watch it no more.  To be called before the descriptor is closed; harmless twice."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            self._loop.forget_fd(fd)


def _nothing(_now_ns: int) -> None:
    """What a deadline of `run_until` does: wake it up."""


def _wake_on_signals(end: socket.socket) -> int | None:
    """Have signals write to `end`; what was set before.  None outside of the main thread, where none arrive."""
    try:
        return signal.set_wakeup_fd(end.fileno(), warn_on_full_buffer=False)
    except ValueError:
        return None


def _restore_wakeup(before: int | None) -> None:
    if before is not None:
        signal.set_wakeup_fd(before)
