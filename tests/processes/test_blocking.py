"""Blocking calls over a callback in another process, in real time.  Being late is no failure here, being wrong is."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from frontend.blocking import Bridge, CallbackLostError, Caller, Region, Shape
from frontend.process import FloatArray
from hosts.process import die_with_parent
from hosts.spinner import Spinner
from ringproto.turns import Turn, turn_of

RATE_HZ, PERIOD_FRAMES = 48000, 240
PAIR = [sys.executable, "-m", "tests.frontend.blocking.pair"]


def pair(callbacks: int, way: str, *before: str) -> dict[str, int]:
    command = [*before, *PAIR, str(callbacks), str(PERIOD_FRAMES), way]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=100, check=True)
    figures: dict[str, int] = json.loads(ran.stdout)
    return figures


@pytest.mark.parametrize("way", ["processes", "threads"])
def test_both_ways_at_once_every_answer_is_the_right_one(way: str) -> None:
    figures = pair(400, way)
    assert figures["wrong"] == 0
    assert figures["answered"] > 200


@pytest.mark.parametrize("way", ["processes", "threads"])
def test_so_it_is_on_a_single_core(way: str) -> None:
    if shutil.which("taskset") is None:
        pytest.skip("taskset is missing; install Debian's util-linux")
    figures = pair(400, way, "taskset", "-c", "0")
    assert figures["wrong"] == 0
    assert figures["answered"] > 200


def counted(callbacks: int, folder: Path) -> dict[str, int]:
    """How often both processes together made each system call."""
    said = folder / "calls.txt"
    assert pair(callbacks, "processes", "strace", "-c", "-f", "-o", str(said))["answered"] > callbacks / 2
    table = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) .*?(\w+)$", said.read_text(), re.MULTILINE)
    return {name: int(calls) for calls, name in table}


def test_a_buffer_takes_no_futex_and_no_eventfd(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is missing; install Debian's strace")
    few, many = counted(20, tmp_path), counted(320, tmp_path)
    grown = {name: calls - few.get(name, 0) for name, calls in many.items()}
    assert grown["clock_nanosleep"] > 300, "the one call that a buffer does take: each side sleeps"
    for name in ("futex", "write", "read", "poll", "ppoll", "epoll_wait", "eventfd2"):
        assert grown.get(name, 0) < 15, f"{name}: {grown}"


@pytest.fixture
def region() -> Iterator[Region]:
    with Region.create(Shape(RATE_HZ, 2, 2, PERIOD_FRAMES)) as region:
        yield region


def test_a_caller_that_is_killed_costs_the_stream_silence_and_no_more(region: Region) -> None:
    child = subprocess.Popen(
        [*PAIR, str(region.fd), str(PERIOD_FRAMES)],
        pass_fds=(region.fd,),
        preexec_fn=die_with_parent,  # noqa: PLW1509  # tests have no threads
    )
    bridge, word = Bridge(region), region.word.cast("I")
    sound, output = np.ones((PERIOD_FRAMES, 2), np.float32), np.zeros((PERIOD_FRAMES, 2), np.float32)
    while bridge.answered < 3:
        bridge.process(sound, output, PERIOD_FRAMES)
    child.send_signal(signal.SIGKILL)
    child.wait()
    callbacks = 0
    while turn_of(word[0]) is not Turn.AWAY:
        bridge.process(sound, output, PERIOD_FRAMES)
        assert not output.any() or not callbacks, "it may have answered the first before it was killed"
        callbacks += 1
    assert callbacks <= 202, "a second's worth of callbacks was waited with, and none after that"


def call_for_ever(caller: Caller, frames: FloatArray, into: FloatArray) -> None:
    while True:
        caller.duplex(frames, into)


CALLBACKS = """
import sys
import numpy as np
from frontend.blocking import Bridge, Region
bridge = Bridge(Region.attach(int(sys.argv[1])))
sound, output = np.ones((240, 2), np.float32), np.zeros((240, 2), np.float32)
while True:
    bridge.process(sound, output, 240)
"""


def test_a_callback_side_that_is_killed_is_an_error_and_no_hang(region: Region) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CALLBACKS, str(region.fd)],
        pass_fds=(region.fd,),
        preexec_fn=die_with_parent,  # noqa: PLW1509  # tests have no threads
    )
    caller = Caller(region)
    frames, into = np.zeros((2, PERIOD_FRAMES, 2), np.float32)
    started = False
    while not started:
        try:
            started = caller.duplex(frames, into).frames == PERIOD_FRAMES
        except CallbackLostError:  # a Python takes longer than a second to start on a busy machine
            assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    spinner = Spinner()
    began_ns = spinner.now_ns()
    with pytest.raises(CallbackLostError):
        call_for_ever(caller, frames, into)
    assert spinner.now_ns() - began_ns >= 900_000_000
