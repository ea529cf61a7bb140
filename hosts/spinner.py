"""Waiting for a word to change, without being woken: look, let others run, look again; nap when it takes long.

Who waits for a doorbell costs whoever rings it a system call, and sleeps for as long as the scheduler takes.  Who looks
is there at once, at the price of a processor.  So this is for waits that are known to be short, and it is bounded: it
spins for 2 ms, then naps of 0.1 ms take over.

Letting others run matters where the other side shares our processor or our interpreter.  `os.sched_yield` keeps the
GIL before Python 3.12, so another thread got to run every 5 ms only; through ctypes it is given up.
"""

import ctypes
import time

LOOKS = 10
"""Between two yields: about a microsecond."""

SPIN_NS = 2_000_000
NAP_S = 0.0001

_sched_yield = ctypes.CDLL(None).sched_yield


class Spinner:
    """Real time."""

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def sleep_until(self, due_ns: int) -> None:
        """Sleep; at once over if that is past."""
        ahead_ns = due_ns - time.monotonic_ns()
        if ahead_ns > 0:
            time.sleep(ahead_ns / 1e9)

    def wait_while(self, word: memoryview, value: int, until_ns: int) -> bool:
        """Wait while `word[0]` is `value`, not longer than `until_ns`; whether it is something else now."""
        nap_from_ns = 0
        while True:
            for _ in range(LOOKS):
                if word[0] != value:
                    return True
            now_ns = time.monotonic_ns()
            if now_ns >= until_ns:
                return False
            nap_from_ns = nap_from_ns or now_ns + SPIN_NS
            if now_ns < nap_from_ns:
                _sched_yield()
            else:
                time.sleep(NAP_S)
