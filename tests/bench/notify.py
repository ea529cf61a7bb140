"""How much Python adds to a doorbell: our loop and channel against the same thing in C, compiled here with gcc.

    python -m tests.bench.notify

Two processes ring each other: ours over two doorbells of the emulated machine, C over two bare eventfds.  A round trip
is the time between two wake-ups of the same process, so it holds everything that either side does per ring; one way is
half of it.  Both programs wait alike: epoll, edge triggered, nothing read.  They run by turns, each time anew, because
a shared machine changes its speed from second to second; a ratio is that of two runs next to each other, and the
figure is the median ratio.

The two ends are pinned to two CPUs (to one, where there is but one): left alone, the scheduler puts both ends on one
CPU or on two, and a round trip takes 3 or 50 us, for Python and C alike but not at the same time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median

from hosts.emu.channels import EmuChannel
from hosts.emu.tables import make_doorbell
from hosts.loop import RealLoop
from hosts.process import die_with_parent

ROUNDS = 4000
REPEATS = 9
SPARE_ROUNDS = 200
"""At the start, not counted."""

C_SOURCE = r"""
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
static void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set)) exit(2);
}
static void ring_each_time(int hears, int rings, int rounds, int64_t *times_ns) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}, got;
    struct timespec now;
    uint64_t one = 1;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, hears, &event);
    for (int round = 0; round < rounds; round++) {
        if (times_ns && write(rings, &one, 8) != 8) exit(3);
        if (epoll_wait(epoll, &got, 1, -1) != 1) exit(4);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (times_ns) times_ns[round] = now.tv_sec * 1000000000LL + now.tv_nsec;
        else if (write(rings, &one, 8) != 8) exit(5);
    }
}
int main(int argc, char **argv) {
    int rounds = atoi(argv[1]), ping = eventfd(0, EFD_NONBLOCK), pong = eventfd(0, EFD_NONBLOCK);
    int64_t *times_ns = calloc(rounds, sizeof *times_ns);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        pin(atoi(argv[3]));
        ring_each_time(ping, pong, rounds, NULL);
        return 0;
    }
    pin(atoi(argv[2]));
    ring_each_time(pong, ping, rounds, times_ns);
    for (int round = 0; round < rounds; round++) printf("%lld\n", (long long)times_ns[round]);
    return 0;
}
"""


def measure() -> dict[str, float]:
    """notify_python_us and notify_c_us, one way, medians; notify_ratio.  Raises RuntimeError where gcc is missing."""
    if shutil.which("gcc") is None:
        raise RuntimeError("notify: gcc is missing, and with it what to compare with; install Debian's gcc")
    cpus = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        pairs = _pairs(_compiled(Path(folder)), cpus[0], cpus[-1])
    return {
        "notify_python_us": median(ours for ours, _ in pairs) / 2,
        "notify_c_us": median(theirs for _, theirs in pairs) / 2,
        "notify_ratio": median(ours / theirs for ours, theirs in pairs),
    }


def _compiled(folder: Path) -> Path:
    source, program = folder / "ring.c", folder / "ring"
    source.write_text(C_SOURCE)
    subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
    return program


def _pairs(program: Path, near_cpu: int, far_cpu: int) -> list[tuple[float, float]]:
    """Round trips of Python and of C in us, by turns; who is first changes as well."""
    where = [str(ROUNDS), str(near_cpu), str(far_cpu)]
    python, c = [sys.executable, "-m", "tests.bench.notify", *where], [str(program), *where]
    pairs: list[tuple[float, float]] = []
    for repeat in range(REPEATS):
        first, second = (c, python) if repeat % 2 else (python, c)
        one, other = _round_trip_us(first), _round_trip_us(second)
        pairs.append((other, one) if repeat % 2 else (one, other))
    return pairs


def _round_trip_us(command: list[str]) -> float:
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout
    times_ns = [int(line) for line in printed.split()][SPARE_ROUNDS:]
    return median(late - early for early, late in pairwise(times_ns)) / 1000


def ring_each_other(rounds: int, near_cpu: int, far_cpu: int) -> None:
    """The Python program: print the time of every wake-up of the near end in ns."""
    ping, pong = make_doorbell(), make_doorbell()
    child = os.fork()
    if child == 0:
        die_with_parent()
        os.sched_setaffinity(0, {far_cpu})
        _ring_each_time(ping.bell, pong.button, rounds, begins=False)
        os._exit(0)
    os.sched_setaffinity(0, {near_cpu})
    times_ns = _ring_each_time(pong.bell, ping.button, rounds, begins=True)
    os.waitpid(child, 0)
    print("\n".join(map(str, times_ns)))


def _ring_each_time(hears: int, rings: int, rounds: int, *, begins: bool) -> list[int]:
    loop = RealLoop()
    channel = EmuChannel(1, hears, rings, loop, lambda port: None)
    times_ns: list[int] = []

    def on_notify(now_ns: int) -> None:
        times_ns.append(now_ns)
        if not begins or len(times_ns) < rounds:
            channel.notify()

    channel.on_notify(on_notify)
    if begins:
        channel.notify()
    loop.run_until(lambda: len(times_ns) >= rounds)
    channel.close()
    loop.close()
    return times_ns


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ring_each_other(*map(int, sys.argv[1:]))
    else:
        print(json.dumps(measure(), indent=2))
