"""Nothing makes a reference cycle: a backend runs without a garbage collector."""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.fed import feed
from tests.backend.devices.pulse.servers import PulseAudio, Server

CALLS = 1000
BACK_S = 20


@contextmanager
def no_garbage() -> Generator[None, None, None]:
    """Asserts that nothing was left for a collector to find."""
    gc.collect()
    gc.disable()
    try:
        yield
        assert gc.collect() == 0
    finally:
        gc.enable()


def opened(server: Server, loop: RealLoop, direction: Direction) -> AudioDevice:
    name = "speaker" if direction is Direction.PLAYBACK else "speaker.monitor"
    return open_pulse(PulseOptions(server=server.url, device=name), direction, loop, "guest")


def use(device: AudioDevice, loop: RealLoop, frames: memoryview) -> None:
    """Each of the verbs that a running device is called with."""
    now_ns = loop.now_ns()
    position = device.position(now_ns)
    device.frame_time_ns(position, now_ns)
    (device.write if device.capabilities.rewinds else device.read)(frames, now_ns)
    device.rewind(position, now_ns)
    device.statistics()
    loop.run_until(lambda: False, now_ns + 200_000)


@pytest.mark.parametrize("direction", Direction)
def test_calls_leave_none(server: Server, loop: RealLoop, direction: Direction) -> None:
    device = opened(server, loop, direction)
    frames = memoryview(bytearray(device.params.buffer_frames * device.params.frame_octets))
    device.start(loop.now_ns())
    line = device.interrupts(loop, lambda now_ns: None)
    use(device, loop, frames)
    with no_garbage():
        for _ in range(CALLS):
            use(device, loop, frames)
        device.stop(loop.now_ns())
        device.start(loop.now_ns())
    line.cancel()
    device.close()


@pytest.mark.parametrize("direction", Direction)
def test_opening_and_closing_leave_none(server: Server, loop: RealLoop, direction: Direction) -> None:
    opened(server, loop, direction).close()
    with no_garbage():
        for _ in range(3):
            device = opened(server, loop, direction)
            device.start(loop.now_ns())
            device.interrupts(loop, lambda now_ns: None).cancel()
            loop.run_until(lambda: False, loop.now_ns() + 20_000_000)
            device.close()
            del device


def test_a_refused_opening_leaves_none(server: Server, loop: RealLoop) -> None:
    def is_refused() -> bool:
        try:
            open_pulse(PulseOptions(server=server.url, device="speakr"), Direction.PLAYBACK, loop, "guest")
        except DeviceError:
            return True
        return False

    assert is_refused()
    with no_garbage():
        assert is_refused()


def test_a_loss_leaves_none(tmp_path: Path, loop: RealLoop) -> None:
    server = PulseAudio(tmp_path)
    device = opened(server, loop, Direction.PLAYBACK)
    device.start(loop.now_ns())

    def is_back() -> bool:
        return 'application.name = "guest"' in server.pactl("list", "sink-inputs")

    assert feed(loop, device, BACK_S, is_back)
    with no_garbage():
        server.kill()
        server.start()
        assert feed(loop, device, BACK_S, is_back)
    device.close()
    server.close()
