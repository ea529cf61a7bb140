"""Virtual time: one heap of things to come for the whole machine, and each domain's view of it as its loop.

Time stands still while a callback runs, and jumps to the next thing due when it has returned.  Things due at one
instant happen in the order they were asked for, so a history depends on the seed alone.

A domain may be slow to wake (`wake_ns`).  Then whatever comes due for it is put in its ready queue, and it runs the
queue in order once awake: late together, but never out of order.
"""

from collections import deque
from collections.abc import Callable
from errno import EDEADLK, ENOSYS
from heapq import heappop, heappush
from itertools import count

from hosts.api import Handle, HostError, OnTime


class Timeline:
    """The machine's clock and everything that will happen.  An entry: due time, order, whose, what."""

    def __init__(self) -> None:
        self.now_ns = 0
        self._heap: list[tuple[int, int, SimLoop, OnTime]] = []
        self._order = count()
        self._running = False

    def push(self, due_ns: int, loop: "SimLoop", callback: OnTime) -> None:
        """Have `callback(now_ns)` happen at `due_ns` (which is not in the past) unless `loop` has stopped by then."""
        heappush(self._heap, (due_ns, next(self._order), loop, callback))

    def run_until(self, done: Callable[[], bool], deadline_ns: int | None = None) -> bool:
        """Let everything happen, for all domains, until `done()` (True) or the deadline has passed (False).

        Raises HostError(EDEADLK) when without a deadline nothing is left to happen.
        """
        assert not self._running, "run_until from inside a callback"
        self._running = True
        heap = self._heap
        try:
            while not done():
                if not heap or (deadline_ns is not None and heap[0][0] > deadline_ns):
                    self._run_dry(deadline_ns)
                    return False
                now_ns, _, loop, callback = heappop(heap)
                self.now_ns = now_ns
                if loop.prompt:
                    callback(now_ns)
                else:
                    loop.put_off(now_ns, callback)
        finally:
            self._running = False
        return True

    def _run_dry(self, deadline_ns: int | None) -> None:
        if deadline_ns is None:
            raise HostError(EDEADLK, "nothing can ever happen again in this simulated machine")
        self.now_ns = max(self.now_ns, deadline_ns)


class SimLoop:
    """One domain's loop.  Running any domain's loop runs them all.

    `prompt` is whether callbacks run the moment they are due; otherwise they wait for `wake_ns()`, or for ever once
    the domain is not `alive`.  `hypervisor` is a prompt loop, for what happens on the domain's behalf outside of it.
    """

    def __init__(self, timeline: Timeline, wake_ns: Callable[[], int] | None = None) -> None:
        self.alive = True
        self.prompt = wake_ns is None
        self._timeline = timeline
        self._wake_ns = wake_ns
        self._ready: deque[OnTime] = deque()
        self._awake_at_ns = 0
        self._paused_until_ns = 0
        self.hypervisor = self if wake_ns is None else SimLoop(timeline)

    def now_ns(self) -> int:
        """The time on the machine's clock."""
        return self._timeline.now_ns

    def timer(self, callback: OnTime) -> "SimTimer":
        """A disarmed timer that calls `callback(now_ns)` when due, never early."""
        return SimTimer(self, self._timeline, callback)

    def call_soon(self, callback: OnTime) -> None:
        """Call `callback(now_ns)` once, after what is running now has returned."""
        if self.prompt:
            self._timeline.push(self._timeline.now_ns, self, callback)
        elif self.alive:
            self._get_ready(self._timeline.now_ns, callback)

    def watch_fd(self, fd: int, callback: OnTime) -> Handle:
        """Raises HostError(ENOSYS): nothing outside virtual time can be waited for."""
        raise HostError(ENOSYS, f"no file descriptors in simulated time (fd {fd}, {callback!r})")

    def run_until(self, done: Callable[[], bool], deadline_ns: int | None = None) -> bool:
        """Run the whole machine; see `Timeline.run_until`."""
        return self._timeline.run_until(done, deadline_ns)

    def arrive(self, delay_ns: int, callback: OnTime) -> None:
        """Call `callback(now_ns)` when what was sent to the domain just now has arrived, `delay_ns` from now."""
        self._timeline.push(self._timeline.now_ns + delay_ns, self, callback)

    def stop(self) -> None:
        """The domain has died: nothing of it ever runs again."""
        self.alive = self.prompt = False
        self._ready.clear()

    def pause(self, until_ns: int) -> None:
        """Nothing of the domain runs before then.  Only for a domain that may be late at all."""
        assert self._wake_ns is not None
        self._paused_until_ns = max(self._paused_until_ns, until_ns)

    def put_off(self, due_ns: int, callback: OnTime) -> None:
        """Run `callback` when the domain has woken up for what came due at `due_ns`."""
        if self.alive:
            assert self._wake_ns is not None
            self._get_ready(due_ns + self._wake_ns(), callback)

    def _get_ready(self, awake_at_ns: int, callback: OnTime) -> None:
        if not self._ready:
            self._awake_at_ns = awake_at_ns
        self._ready.append(callback)
        self._timeline.push(self._awake_at_ns, self.hypervisor, self._run_one)

    def _run_one(self, now_ns: int) -> None:
        if now_ns < self._paused_until_ns:
            self._timeline.push(self._paused_until_ns, self.hypervisor, self._run_one)
        elif self.alive:
            self._ready.popleft()(now_ns)


class SimTimer:
    """One deadline.  At most one heap entry is on its way per deadline; being early, it moves itself along.

    So a watchdog put off every period, long before it is due, leaves nothing behind in the heap.
    """

    __slots__ = ("_callback", "_due_ns", "_loop", "_queued_ns", "_timeline")

    def __init__(self, loop: SimLoop, timeline: Timeline, callback: OnTime) -> None:
        self._loop = loop
        self._timeline = timeline
        self._callback = callback
        self._due_ns: int | None = None
        self._queued_ns: int | None = None

    def arm(self, due_ns: int) -> None:
        """Fire once at `due_ns`; a deadline already armed is replaced."""
        self._due_ns = due_ns
        at_ns = max(due_ns, self._timeline.now_ns)
        if self._queued_ns is None or at_ns < self._queued_ns:
            self._queue(at_ns)

    def disarm(self) -> None:
        """Forget the deadline, if any."""
        self._due_ns = None

    def _fire(self, now_ns: int) -> None:
        if self._queued_ns is not None and self._queued_ns <= now_ns:
            self._queued_ns = None
        if self._due_ns is None:
            return
        if self._due_ns > now_ns:
            if self._queued_ns is None:
                self._queue(self._due_ns)
        elif self._loop.prompt:
            self._expire(now_ns)
        else:
            self._loop.put_off(now_ns, self._expire)

    def _expire(self, now_ns: int) -> None:
        if self._due_ns is not None and self._due_ns <= now_ns:
            self._due_ns = None
            self._callback(now_ns)

    def _queue(self, at_ns: int) -> None:
        self._queued_ns = at_ns
        self._timeline.push(at_ns, self._loop.hypervisor, self._fire)
