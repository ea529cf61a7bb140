"""A process that takes part of a processor: `python -m compose.load.cpu PLAN REPORT`, until told to end.

It computes for a while and rests for a while.  How long is drawn anew each time, since a load with a beat of its own
would meet the guests' periods always at the same place, or never.  A burst is measured in CPU time of its own: like
real work it has so much to do, and takes the longer for it the less it gets.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from random import Random
from zlib import crc32

import msgspec

from compose.load.spec import LoadReport

BURST_NS = (1_000_000, 20_000_000)
"""From less than a scheduler's time slice (3 ms on Linux) to several."""
PIECE_OCTETS = 1 << 16
"""What is gone through between two looks at the clock: some tens of microseconds."""


class Plan(msgspec.Struct, frozen=True):
    """What one such process is to do."""

    share: float
    memory_octets: int
    processor: int
    seed: int


def bursts_ns(share: float, random: Random) -> Iterator[tuple[int, int]]:
    """For how long to compute and then to rest, again and again, so that the former is that share of the whole."""
    while True:
        burst_ns = random.randint(*BURST_NS)
        yield burst_ns, round(burst_ns * (1 - share) / share)


def compute(pieces: Iterator[memoryview], cpu_ns: int) -> None:
    """Use so much CPU time."""
    until_ns = time.thread_time_ns() + cpu_ns
    while time.thread_time_ns() < until_ns:
        crc32(next(pieces))


def main() -> None:
    """Load one processor."""
    plan = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(0))
    os.sched_setaffinity(0, (plan.processor,))
    memory = memoryview(bytearray(plan.memory_octets))
    pieces = cycle([memory[at : at + PIECE_OCTETS] for at in range(0, plan.memory_octets, PIECE_OCTETS)])
    before_ns = time.process_time_ns()
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world
    try:
        for burst_ns, rest_ns in bursts_ns(plan.share, Random(plan.seed)):  # noqa: S311  # no secret
            compute(pieces, burst_ns)
            time.sleep(rest_ns / 1e9)
    finally:
        report = LoadReport((time.process_time_ns() - before_ns) / 1e9)
        Path(sys.argv[2]).write_bytes(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
