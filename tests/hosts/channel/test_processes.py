"""Two processes on one channel: no system call per message while both are busy, no wake-up lost, and sudden death."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from errno import EPIPE
from pathlib import Path

import pytest

from hosts.channel.api import ChannelError
from hosts.channel.moving import MovingChannel
from hosts.process import die_with_parent
from tests.hosts.channel.busy import sleepy
from tests.hosts.channel.pairs import nobody, sockets
from tests.hosts.descriptors import open_descriptors

BUSY = [sys.executable, "-m", "tests.hosts.channel.busy"]
FEW, MANY = 1000, 12_000

NO_STRACE = "strace is not installed, or may not trace here"


def may_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode == 0


def system_calls(path: Path, *arguments: str) -> int:
    """Of both processes, from their first to their last."""
    subprocess.run(["strace", "-f", "-c", "-o", path, *BUSY, *arguments], check=True, stdout=subprocess.DEVNULL)
    total = re.search(r"^ *100\.00 +\S+ +\S+ +(\d+) .*total$", path.read_text(), re.MULTILINE)
    assert total is not None
    return int(total[1])


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
@pytest.mark.skipif(not may_trace(), reason=NO_STRACE)
@pytest.mark.parametrize("what", ["echo", "stream"])
def test_while_both_are_busy_messages_cost_no_system_call(what: str, tmp_path: Path) -> None:
    few = system_calls(tmp_path / "few", "rings", what, "eager", str(FEW))
    many = system_calls(tmp_path / "many", "rings", what, "eager", str(MANY))
    assert many - few < (MANY - FEW) / 20


@pytest.mark.skipif(not may_trace(), reason=NO_STRACE)
def test_on_the_socket_each_message_costs_some(tmp_path: Path) -> None:
    """So the test above sees what it counts."""
    few = system_calls(tmp_path / "few", "socket", "stream", "patient", str(FEW))
    many = system_calls(tmp_path / "many", "socket", "stream", "patient", str(MANY))
    assert many - few >= 2 * (MANY - FEW)


@pytest.mark.parametrize("what", ["echo", "stream"])
@pytest.mark.parametrize("mood", ["patient", "sleepy"])
def test_no_wake_up_is_lost_among_many(what: str, mood: str) -> None:
    done = subprocess.run([*BUSY, "rings", what, mood, "5000"], check=True, stdout=subprocess.PIPE, timeout=100)
    counts = json.loads(done.stdout)
    assert counts["posts"] >= 5000
    assert counts["rings"] <= counts["posts"]


def babbling() -> tuple[MovingChannel, int]:
    """A channel to a process that says much whenever it is asked, and that process."""
    near, far = sockets()
    pid = os.fork()
    if pid == 0:
        die_with_parent()
        near.close()
        babble(MovingChannel(far, nobody, is_client=False))
        os._exit(0)
    far.close()
    return MovingChannel(near, nobody, is_client=True), pid


def babble(channel: MovingChannel) -> None:
    number = 0
    while True:
        sleepy(channel)
        for _ in range(20):
            channel.send(number.to_bytes(4, "little") * (1 + number % 999))
            number += 1


def take_all(channel: MovingChannel, said: list[bytes]) -> None:
    while True:
        said.append(sleepy(channel).octets)


@pytest.mark.parametrize("taken_before", range(0, 100, 7))
def test_a_speaker_killed_in_the_middle_of_it_is_gone_after_what_it_had_said(taken_before: int) -> None:
    before = open_descriptors()
    channel, pid = babbling()
    for _ in range(6):
        channel.send(b"go on")
    said = [sleepy(channel).octets for _ in range(taken_before)]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ChannelError) as ended:
        take_all(channel, said)
    assert ended.value.errno == EPIPE
    assert said == [number.to_bytes(4, "little") * (1 + number % 999) for number in range(len(said))]
    os.waitpid(pid, 0)
    channel.close()
    assert open_descriptors() == before
