"""What a blocking call over a callback costs, against a condition variable: in two processes, and in two threads.

    python -m tests.bench.blocking

A stream calls back each 5 ms ("paced") or without a pause ("busy"); a caller answers each callback with what it
received.  Measured is how long the callback takes: from handing over until it has the answer.  Both ways copy the same
sound through the same kind of memory; what differs is how either side learns that it is its turn: our word, or a
condition variable (`threading`'s between threads, `multiprocessing`'s between processes).  They run by turns, each time
anew, since a shared machine changes its speed from second to second; a ratio is that of two runs next to each other,
and the figure is the median ratio.

The caller sleeps by the clock and then looks, so at the callback it runs already; a condition variable has the kernel
wake it.  What looking costs is measured, too: the processor time of both sides, per callback.
"""

import json
import multiprocessing
import resource
import threading
from collections.abc import Callable
from itertools import product
from multiprocessing import synchronize
from multiprocessing.context import ForkContext
from statistics import median
from typing import TypeAlias, TypedDict

import numpy as np

from frontend.blocking import Bridge, Caller, Region, Shape
from frontend.process import FloatArray
from hosts.collector import silence_collector
from hosts.spinner import Spinner

RATE_HZ, PERIOD_FRAMES, CHANNELS = 48000, 240, 2
CALLBACKS = 200
SPARE_CALLBACKS = 20
"""At the start, not counted."""
REPEATS = 7
PERIODS_NS = {"paced": PERIOD_FRAMES * 1_000_000_000 // RATE_HZ, "busy": 0}

Process = Callable[[FloatArray, FloatArray, int], None]


Condition: TypeAlias = threading.Condition | synchronize.Condition


class Taken(TypedDict):
    """Of one run."""

    answer_us: float
    """Median."""
    cpu_us: float
    """Of both sides, per callback."""


class Turned:
    """The same exchange by a condition variable: a flag says whose turn it is, or that it is over (2)."""

    def __init__(self, region: Region, condition: Condition) -> None:
        self._region, self._condition = region, condition
        self._turn = region.word.cast("I")

    def process(self, taken: FloatArray, given: FloatArray, frames: int) -> None:
        """One callback."""
        np.copyto(self._region.input[:frames], taken)
        self._hand(1)
        with self._condition:
            self._condition.wait_for(lambda: self._turn[0] == 0)
        np.copyto(given, self._region.output[:frames])

    def end(self) -> None:
        """No more."""
        self._hand(2)

    def duplex(self, frames: FloatArray, into: FloatArray) -> bool:
        """One call; whether there was a callback."""
        with self._condition:
            self._condition.wait_for(lambda: self._turn[0] != 0)
        if self._turn[0] == 2:
            return False
        np.copyto(into, self._region.input)
        np.copyto(self._region.output, frames)
        self._hand(0)
        return True

    def _hand(self, turn: int) -> None:
        with self._condition:
            self._turn[0] = turn
            self._condition.notify()


def answer_by_word(region: Region) -> None:
    """The caller's side, our way."""
    caller = Caller(region)
    frames, into = np.zeros((2, PERIOD_FRAMES, CHANNELS), np.float32)
    while caller.duplex(frames, into).frames:
        np.copyto(frames, into)


def answer_by_condition(region: Region, condition: Condition) -> None:
    """The caller's side, the other way."""
    turned = Turned(region, condition)
    frames, into = np.zeros((2, PERIOD_FRAMES, CHANNELS), np.float32)
    while turned.duplex(frames, into):
        np.copyto(frames, into)


def _call_back(process: Process, period_ns: int) -> float:
    """Every `period_ns`; median of how long it took, us."""
    spinner = Spinner()
    taken, given = np.zeros((2, PERIOD_FRAMES, CHANNELS), np.float32)
    begins_ns = spinner.now_ns() + 100_000_000  # both are ready by then, even on a slow machine
    took_ns: list[int] = []
    for number in range(CALLBACKS):
        spinner.sleep_until(begins_ns + number * period_ns)
        now_ns = spinner.now_ns()
        process(taken, given, PERIOD_FRAMES)
        took_ns.append(spinner.now_ns() - now_ns)
    return median(took_ns[SPARE_CALLBACKS:]) / 1000


def _run(by_word: bool, kind: ForkContext | None, period_ns: int) -> Taken:
    """One run, in threads, or in processes of that kind."""
    with Region.create(Shape(RATE_HZ, CHANNELS, CHANNELS, PERIOD_FRAMES)) as region:
        condition: Condition = kind.Condition() if kind else threading.Condition()
        target = answer_by_word if by_word else answer_by_condition
        arguments = (region,) if by_word else (region, condition)
        other = kind.Process(target=target, args=arguments) if kind else threading.Thread(target=target, args=arguments)
        before_s = _cpu_s()
        other.start()
        side = Bridge(region) if by_word else Turned(region, condition)
        answer_us = _call_back(side.process, period_ns)
        side.end()
        other.join()
        return {"answer_us": answer_us, "cpu_us": (_cpu_s() - before_s) * 1e6 / CALLBACKS}


def _cpu_s() -> float:
    """Of this process and its children that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure() -> dict[str, float]:
    """For each kind and pace: answer_us of both ways, their ratio, and the processor time of both ways."""
    silence_collector()
    figures: dict[str, float] = {}
    kinds = (("processes", multiprocessing.get_context("fork")), ("threads", None))
    for (name, kind), (pace, period_ns) in product(kinds, PERIODS_NS.items()):
        runs = [(_run(True, kind, period_ns), _run(False, kind, period_ns)) for _ in range(REPEATS)]
        figures |= {
            f"blocking_{name}_{pace}_us": median(ours["answer_us"] for ours, _ in runs),
            f"blocking_{name}_{pace}_condition_us": median(theirs["answer_us"] for _, theirs in runs),
            f"blocking_{name}_{pace}_ratio": median(ours["answer_us"] / theirs["answer_us"] for ours, theirs in runs),
            f"blocking_{name}_{pace}_cpu_us": median(ours["cpu_us"] for ours, _ in runs),
            f"blocking_{name}_{pace}_condition_cpu_us": median(theirs["cpu_us"] for _, theirs in runs),
        }
    return figures


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
