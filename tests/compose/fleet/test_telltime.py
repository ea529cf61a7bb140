import subprocess
import sys
import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def clock() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "compose.fleet.telltime"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.terminate()


def test_each_line_is_answered_with_the_time_as_it_is_then(clock: "subprocess.Popen[str]") -> None:
    assert clock.stdin is not None
    assert clock.stdout is not None
    boots: set[str] = set()
    for _ in range(3):
        before_ns, wall_before_ns = time.monotonic_ns(), time.time_ns()
        clock.stdin.write("?\n")
        clock.stdin.flush()
        monotonic_ns, wall_ns, boot = clock.stdout.readline().split()
        assert before_ns <= int(monotonic_ns) <= time.monotonic_ns()
        assert wall_before_ns <= int(wall_ns) <= time.time_ns()
        boots.add(boot)
    assert len(boots) == 1


def test_it_ends_when_nobody_asks_any_more(clock: "subprocess.Popen[str]") -> None:
    assert clock.stdin is not None
    clock.stdin.close()
    assert clock.wait(10) == 0


def test_it_ends_when_told_to(clock: "subprocess.Popen[str]") -> None:
    clock.terminate()
    assert clock.wait(10) == 0
