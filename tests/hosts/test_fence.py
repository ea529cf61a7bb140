"""Which barrier is taken, and that it is one: Dekker's test between two CPUs."""

import mmap
import os
import subprocess
import sys
from ctypes.util import find_library
from errno import ENOSYS

import pytest

from hosts.api import HostError
from hosts.fence import full_fence

ROUNDS = 100_000

SIDE = """
import mmap, os, sys
from hosts.fence import full_fence
fd, me, rounds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[me]})
words = memoryview(mmap.mmap(fd, 4096)).cast("I")
fence = full_fence(library=sys.argv[4])
mine, theirs, turn, their_turn, saw = 16 * me, 16 * (1 - me), 32 + 16 * me, 32 + 16 * (1 - me), 64 + 16 * me
for round in range(1, rounds + 1):
    words[turn] = round
    while words[their_turn] < round:
        pass
    words[mine] = round
    fence()
    words[saw] = 2 * round + (words[theirs] == round)
    while words[64 + 16 * (1 - me)] < 2 * round:
        pass
    if me == 0 and words[64] == words[80] == 2 * round:
        words[96] += 1
"""


def test_there_is_a_barrier_on_this_machine() -> None:
    full_fence()()


@pytest.mark.parametrize("cpu", ["x86_64", "i686"])
def test_without_libatomic_x86_takes_a_lock_and_gives_it_back(cpu: str) -> None:
    fence = full_fence(cpu, "libnothing.so")
    for _ in range(3):
        fence()


@pytest.mark.parametrize("library", ["libnothing.so", "libm.so.6"])
@pytest.mark.parametrize("cpu", ["aarch64", "riscv64", "ppc64le", "something new"])
def test_without_libatomic_other_cpus_are_refused_with_the_cure(cpu: str, library: str) -> None:
    """Whether the library is missing or the function in it."""
    with pytest.raises(HostError, match=f"{cpu}.*{library}.*libatomic1") as refused:
        full_fence(cpu, library)
    assert refused.value.errno == ENOSYS


@pytest.mark.skipif(find_library("atomic") is None, reason="libatomic1 is not installed")
def test_with_libatomic_any_cpu_will_do() -> None:
    full_fence("something new")()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
@pytest.mark.parametrize("library", ["libatomic.so.1", "libnothing.so"])
def test_two_cpus_never_both_miss_the_others_store(library: str) -> None:
    """Each stores its own word and then looks at the other's; with a full barrier between, one must see the other."""
    fd = os.memfd_create("dekker")
    os.ftruncate(fd, 4096)
    sides = [
        subprocess.Popen([sys.executable, "-c", SIDE, str(fd), str(me), str(ROUNDS), library], pass_fds=[fd])
        for me in (0, 1)
    ]
    try:
        assert [side.wait(timeout=100) for side in sides] == [0, 0]
    finally:
        for side in sides:
            side.kill()  # a side alone waits for ever
    with mmap.mmap(fd, 4096) as memory:
        words = memoryview(memory).cast("I")
        assert (words[0], words[16]) == (ROUNDS, ROUNDS)
        assert words[96] == 0, "both missed"
        words.release()
    os.close(fd)
