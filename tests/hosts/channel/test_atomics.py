"""Two processes change one word, and no change is lost."""

import mmap
import os
import subprocess
import sys
from errno import ENOSYS

import pytest

from hosts.api import HostError
from hosts.channel.atomics import SharedWords, operations

TIMES = 100_000

SIDE = """
import mmap, sys
from hosts.channel.atomics import SharedWords, operations
fd, times = int(sys.argv[1]), int(sys.argv[2])
words = SharedWords(memoryview(mmap.mmap(fd, 4096)), 4, operations())
words.add(3, 1)
while words.load(3) < 2:
    pass
taken = 0
for _ in range(times):
    words.add(0, 1)
    taken += words.swap(1, 0, 1) and words.swap(1, 1, 0)
words.add(2, taken)
"""


def words_of(memory: bytearray) -> SharedWords:
    return SharedWords(memoryview(memory), len(memory) // 4, operations())


def test_each_operation_does_what_it_says() -> None:
    memory = bytearray(8)
    words = words_of(memory)
    assert (words.add(1, 5), words.load(1), words.load(0)) == (0, 5, 0)
    assert (words.add(1, -6), words.load(1)) == (5, 0xFFFF_FFFF)
    assert (words.add(1, 0x1_0000_0003), words.load(1)) == (0xFFFF_FFFF, 2)
    assert (words.swap(1, 3, 9), words.load(1)) == (False, 2)
    assert (words.swap(1, 2, 9), words.load(1)) == (True, 9)
    assert (words.swap(0, 0xFFFF_FFFF, 1), words.swap(0, 0, 0xFFFF_FFFF), words.load(0)) == (False, True, 0xFFFF_FFFF)
    assert memory == b"\xff\xff\xff\xff\x09\0\0\0"


def test_the_memory_is_let_go_of() -> None:
    memory = bytearray(8)
    words = words_of(memory)
    with pytest.raises(BufferError):
        memory.extend(b"x")
    words.release()
    memory.extend(b"x")


@pytest.mark.parametrize("library", ["libnothing.so", "libm.so.6"])
def test_without_the_library_or_its_functions_the_cure_is_named(library: str) -> None:
    with pytest.raises(HostError, match=f"{library} is missing; install Debian's libatomic1") as refused:
        operations(library)
    assert refused.value.errno == ENOSYS


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_two_processes_lose_no_addition() -> None:
    fd = os.memfd_create("words")
    os.ftruncate(fd, 4096)
    sides = [subprocess.Popen([sys.executable, "-c", SIDE, str(fd), str(TIMES)], pass_fds=[fd]) for _ in range(2)]
    try:
        assert [side.wait(timeout=100) for side in sides] == [0, 0]
    finally:
        for side in sides:
            side.kill()  # a side alone waits for ever
    with mmap.mmap(fd, 4096) as memory:
        assert int.from_bytes(memory[:4], "little") == 2 * TIMES
        assert int.from_bytes(memory[4:8], "little") == 0
        assert 0 < int.from_bytes(memory[8:12], "little") <= 2 * TIMES
    os.close(fd)
