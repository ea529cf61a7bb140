"""What is played comes out of the monitor as it went in, every frame once and in its order.

But for PipeWire, which leaves whole cycles out while a machine is busy: there what does come out is in order.
"""

import struct
from collections.abc import Iterator

import numpy as np
import pytest

from backend.devices.api import AudioDevice
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.servers import Server

FRAMES = 30_000
OCTETS = 4
LAST = struct.pack("<hh", FRAMES, -FRAMES)
STEP_NS = 5_000_000
LIMIT_NS = 20_000_000_000


@pytest.fixture
def ends(server: Server, loop: RealLoop) -> Iterator[tuple[AudioDevice, AudioDevice]]:
    """A speaker and its monitor, closed whatever happens: libpulse's threads go on calling an open one."""
    speaker, monitor = (
        open_pulse(PulseOptions(server=server.url, device=name, buffer_frames=9600), direction, loop, "guest")
        for name, direction in (("speaker", Direction.PLAYBACK), ("speaker.monitor", Direction.CAPTURE))
    )
    yield speaker, monitor
    speaker.close()
    monitor.close()


def count(frames: int) -> memoryview:
    """Two channels that count frames from 1, the second one downwards; never 0, which is silence."""
    counts = np.arange(1, frames + 1)
    return memoryview(np.stack([counts, -counts], axis=1).astype("<i2").tobytes())


@pytest.mark.parametrize("prefilled", [True, False], ids=["prefilled", "late"])
def test_frames_come_out_as_they_went_in(
    server: Server, ends: tuple[AudioDevice, AudioDevice], loop: RealLoop, prefilled: bool
) -> None:
    speaker, monitor = ends
    sent, heard, written = count(FRAMES), bytearray(), 0
    into = memoryview(bytearray(monitor.params.buffer_frames * OCTETS))
    monitor.start(loop.now_ns())
    if prefilled:
        written = speaker.write(sent, loop.now_ns())
        assert written == speaker.params.buffer_frames
    speaker.start(loop.now_ns())
    end_ns = loop.now_ns() + LIMIT_NS
    while LAST not in heard and loop.now_ns() < end_ns:
        written += speaker.write(sent[OCTETS * written :], loop.now_ns())
        heard += into[: OCTETS * monitor.read(into, loop.now_ns())]
        loop.run_until(lambda: False, loop.now_ns() + STEP_NS)
    frames = np.frombuffer(bytes(heard), "<i2").reshape(-1, 2)
    numbers = frames[frames[:, 0] != 0, 0].astype(int)
    assert (frames[:, 1] == -frames[:, 0]).all()
    assert (np.diff(numbers) > 0).all()
    if server.keeps_all:
        assert heard[heard.index(sent[:OCTETS]) :].startswith(sent)
    assert (speaker.underruns <= 1, monitor.underruns) == (True, 0)
