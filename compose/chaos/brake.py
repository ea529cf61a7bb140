"""The brake: holds processes still, wholly or for part of the time: `python -m compose.chaos.brake`.

It is told on stdin, in lines `PID SHARE`: from now on this process gets so much of each 10 ms, 0 being nothing and 1
everything.  At the end of stdin, or when told to end, it lets everybody go.  So nobody is left standing when whoever
told us is gone, in whatever way; a signal that ends a process does nothing to one that stands still.

A process that only gets part of the time stands still at the end of each 10 ms, as under the quota of a control group:
there too the share is what it may use, and it need not use it.  Processes are held by a descriptor, so that a number
which the kernel gives to somebody else meanwhile is never theirs.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress

CYCLE_NS = 10_000_000
LINE_OCTETS = 4096


class Held:
    """A process, and how much it gets."""

    def __init__(self, pid: int) -> None:
        self._fd = os.pidfd_open(pid)
        self._share = 1.0
        self._cycle_ns = 0
        self._running = True

    def give(self, share: float, now_ns: int) -> None:
        """So much from now on."""
        self._share = share
        self._cycle_ns = now_ns
        self.act(now_ns)

    def act(self, now_ns: int) -> int | None:
        """Let it go or hold it, as is due; when to look again, if ever."""
        if self._share in (0.0, 1.0):
            self._let(running=self._share > 0)
            return None
        self._cycle_ns = now_ns - (now_ns - self._cycle_ns) % CYCLE_NS
        stops_ns = self._cycle_ns + round(self._share * CYCLE_NS)
        self._let(running=now_ns < stops_ns)
        return stops_ns if self._running else self._cycle_ns + CYCLE_NS

    def _let(self, *, running: bool) -> None:
        if running != self._running:
            self._running = running
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, signal.SIGCONT if running else signal.SIGSTOP)


class Brake:
    """All that are held."""

    def __init__(self) -> None:
        self._held: dict[int, Held] = {}

    def obey(self, line: str) -> None:
        """Do what a line says; a process that is gone is left alone."""
        pid, share = line.split()
        with suppress(ProcessLookupError):
            if int(pid) not in self._held:
                self._held[int(pid)] = Held(int(pid))
            self._held[int(pid)].give(float(share), time.monotonic_ns())

    def act(self) -> int | None:
        """Do what is due; in how many ns to look again, if ever."""
        now_ns = time.monotonic_ns()
        due_ns = [due for held in self._held.values() if (due := held.act(now_ns)) is not None]
        return max(min(due_ns) - now_ns, 0) if due_ns else None

    def let_all_go(self) -> None:
        """Nobody stands still any more."""
        for held in self._held.values():
            held.give(1.0, time.monotonic_ns())


def hold(brake: Brake) -> None:
    """Hold whom we are told to, until the end of stdin."""
    rest = b""
    while True:
        wait_ns = brake.act()
        if not select.select([0], [], [], None if wait_ns is None else wait_ns / 1e9)[0]:
            continue
        octets = os.read(0, LINE_OCTETS)
        if not octets:
            return
        *lines, rest = (rest + octets).split(b"\n")
        for line in lines:
            brake.obey(line.decode())


def main() -> None:
    """Be the brake."""
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(0))
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world
    brake = Brake()
    try:
        hold(brake)
    finally:
        brake.let_all_go()


if __name__ == "__main__":
    main()
