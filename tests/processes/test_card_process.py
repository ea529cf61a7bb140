"""The virtual card in a process of its own: everything that shared memory, signals and death add."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from errno import ENODEV
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.checks import CAPTURE, PLAYBACK, check_device
from backend.devices.clocked.opening import open_clocked
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.process import ProcessBus
from hosts.loop import RealLoop
from ringproto.card import Direction

S = 1_000_000_000
P, C = Direction.PLAYBACK, Direction.CAPTURE


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    loop = RealLoop()
    yield loop
    loop.close()


@pytest.fixture
def bus(loop: RealLoop, tmp_path: Path) -> Iterator[ProcessBus]:
    bus = ProcessBus(ClockedOptions(play_to=str(tmp_path / "x.wav")), P, loop)
    yield bus
    bus.close()


def wait_for(loop: RealLoop, bus: ProcessBus) -> None:
    assert loop.run_until(lambda: not bus.alive, loop.now_ns() + 20 * S)


def ramp(first: int, count: int) -> memoryview:
    return memoryview(np.repeat(np.arange(first, first + count, dtype="<i2"), 2).tobytes())


def listen(device: AudioDevice, loop: RealLoop) -> list[int]:
    """When interrupts came; each also has the loop look whether it is done."""
    heard: list[int] = []
    device.interrupts(loop, heard.append)
    return heard


def kept(path: Path) -> list[int]:
    samples, _ = soundfile.read(path, dtype="int16")
    return list(samples[:, 0])


def test_it_keeps_the_contract(loop: RealLoop) -> None:
    check_device(lambda: open_clocked(ClockedOptions(), P, loop), loop, PLAYBACK)
    check_device(lambda: open_clocked(ClockedOptions(), C, loop), loop, CAPTURE)


def test_what_was_written_before_the_start_is_in_the_file_after_close(loop: RealLoop, tmp_path: Path) -> None:
    device = open_clocked(ClockedOptions(play_to=str(tmp_path / "x.wav")), P, loop)
    listen(device, loop)
    device.write(ramp(1, 1920), loop.now_ns())
    device.start(loop.now_ns())
    assert loop.run_until(lambda: device.position(loop.now_ns()) >= 1920, loop.now_ns() + 20 * S)
    device.close()
    assert kept(tmp_path / "x.wav")[:1920] == list(range(1, 1921))
    assert device.statistics()["card"] == "process"


def test_what_is_recorded_is_the_file(loop: RealLoop, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.repeat(np.arange(1, 4801, dtype="int16"), 2).reshape(-1, 2), 48000)
    device = open_clocked(ClockedOptions(record_from=str(tmp_path / "in.wav"), buffer_frames=48000), C, loop)
    listen(device, loop)
    device.start(loop.now_ns())
    assert loop.run_until(lambda: device.position(loop.now_ns()) >= 2400, loop.now_ns() + 20 * S)
    into = bytearray(480 * 4)
    assert loop.run_until(lambda: device.read(memoryview(into), loop.now_ns()) == 480, loop.now_ns() + 20 * S)
    device.close()
    assert into == ramp(1, 480)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_card_and_its_file_is_whole(
    signum: signal.Signals, bus: ProcessBus, loop: RealLoop, tmp_path: Path
) -> None:
    from backend.devices.clocked.driver import ClockedPlayback

    device = ClockedPlayback(ClockedOptions(), loop, bus)
    looks = listen(device, loop)
    device.write(ramp(1, 960), loop.now_ns())
    device.start(loop.now_ns())
    assert loop.run_until(lambda: device.position(loop.now_ns()) >= 960, loop.now_ns() + 20 * S)
    os.kill(bus.pid, signum)
    wait_for(loop, bus)
    assert kept(tmp_path / "x.wav")[:960] == list(range(1, 961))
    heard = len(looks)
    assert loop.run_until(lambda: len(looks) > heard, loop.now_ns() + 20 * S)  # whoever waits for interrupts learns
    with pytest.raises(DeviceError) as gone:
        device.write(ramp(1, 1), loop.now_ns())
    assert gone.value.errno == ENODEV
    device.close()


def test_a_killed_card_is_a_device_that_is_gone(loop: RealLoop) -> None:
    bus = ProcessBus(ClockedOptions(), P, loop)
    os.kill(bus.pid, signal.SIGKILL)
    wait_for(loop, bus)
    bus.ring_doorbell()  # harmless
    bus.close()
    bus.close()


def test_a_card_that_cannot_open_its_file_says_so(loop: RealLoop) -> None:
    with pytest.raises(DeviceError, match=r"missing\.wav"):
        open_clocked(ClockedOptions(record_from="missing.wav"), C, loop)


ORPHAN = """
import os, sys
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.process import ProcessBus
from backend.devices.clocked.driver import ClockedPlayback
from hosts.loop import RealLoop
from ringproto.card import Direction
loop = RealLoop()
options = ClockedOptions(play_to=sys.argv[1])
bus = ProcessBus(options, Direction.PLAYBACK, loop)
device = ClockedPlayback(options, loop, bus)
device.write(memoryview(b"\\x07\\x00" * 960), loop.now_ns())
device.interrupts(loop, device.position)
device.start(loop.now_ns())
loop.run_until(lambda: device.position(loop.now_ns()) >= 480)
print(bus.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_card_whose_driver_was_killed_closes_its_file_and_ends(loop: RealLoop, tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHAN, str(tmp_path / "x.wav")]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    try:
        pidfd = os.pidfd_open(int(output))
    except ProcessLookupError:
        pass  # it has ended already
    else:
        gone: list[int] = []
        loop.watch_fd(pidfd, gone.append)
        assert loop.run_until(lambda: bool(gone), loop.now_ns() + 20 * S)
        os.close(pidfd)
    assert kept(tmp_path / "x.wav")[:480] == [7] * 480
