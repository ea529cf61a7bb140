"""The schedule: does a run's faults when they are due, and mends them, on a machine that is `Breakable`.

It is asked to `act` now and then, and says when it next wants to be asked; it never waits itself.  Times are the
trace's, so what happened is found again in there.  A guest that has come to its end is left alone, and so is one that
another fault has killed: then nothing happened, and nothing is said of it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappop, heappush

from backend.latency.facts import FaultFacts
from compose.faults import OF_A_GUEST, Fault, Kind
from compose.worlds.api import Breakable

MIN_S = 0.1
"""A guest that is restarted near the end plays so long at least."""

NS_PER_S = 1_000_000_000

Act = Callable[[int], None]


class Schedule:
    """The faults of one run, from `start_ns` on."""

    def __init__(self, faults: Sequence[Fault], machine: Breakable, start_ns: int, duration_s: float) -> None:
        self.done: list[FaultFacts] = []
        """What was broken and is mended, in the order in which it was mended."""
        self._machine = machine
        self._now_ns = start_ns
        self._end_ns = start_ns + round(duration_s * NS_PER_S)
        self._due: list[tuple[int, int, Act]] = []
        self._count = 0
        hostile = 0
        for fault in faults:
            self._at(start_ns + round(fault.at_s * NS_PER_S), partial(self._break, fault, hostile))
            hostile += fault.what == "hostile"

    @property
    def next_ns(self) -> int | None:
        """When there is something to do; None when all is over."""
        return self._due[0][0] if self._due else None

    def act(self, now_ns: Callable[[], int]) -> None:
        """Do what is due.  Raises HostError, RunError."""
        while self._due and self._due[0][0] <= now_ns():
            _, _, act = heappop(self._due)
            self._now_ns = now_ns()
            act(self._now_ns)

    def _at(self, due_ns: int, act: Act) -> None:
        heappush(self._due, (due_ns, self._count, act))
        self._count += 1

    def _break(self, fault: Fault, hostile: int, now_ns: int) -> None:
        if fault.what in OF_A_GUEST and not self._machine.is_there(fault.guest or 0):
            return
        begin, mend = self._acts(fault, hostile)
        begin()
        self._at(now_ns + round(fault.for_s * NS_PER_S), partial(self._mend, fault, now_ns, mend))

    def _mend(self, fault: Fault, at_ns: int, mend: Callable[[], None], now_ns: int) -> None:
        mend()
        self.done.append(happened(fault, at_ns, now_ns))

    def _acts(self, fault: Fault, hostile: int) -> tuple[Callable[[], None], Callable[[], None]]:
        """How to break, and how to mend it."""
        machine, guest = self._machine, fault.guest or 0
        throttle = partial(machine.throttle, guest)
        acts: dict[Kind, tuple[Callable[[], None], Callable[[], None]]] = {
            "restart": (partial(machine.kill, guest), partial(self._restart, guest)),
            "pause": (partial(machine.pause, guest), partial(machine.resume, guest)),
            "throttle": (partial(throttle, fault.left), partial(throttle, 1.0)),
            "detach": (partial(machine.detach, guest), partial(machine.attach, guest)),
            "backend": (machine.kill_backend, machine.start_backend),
            "sound_server": (machine.kill_sound_server, machine.start_sound_server),
            "hostile": (partial(machine.appear, hostile), partial(machine.vanish, hostile)),
        }
        return acts[fault.what]

    def _restart(self, guest: int) -> None:
        left_s = (self._end_ns - self._now_ns) / NS_PER_S
        self._machine.start(guest, max(left_s, MIN_S))


def happened(fault: Fault, at_ns: int, until_ns: int) -> FaultFacts:
    """What a run says of a fault that it had."""
    share = fault.left if fault.what == "throttle" else None
    return FaultFacts(what=fault.what, at_ns=at_ns, until_ns=until_ns, guest=fault.guest, share=share)
