"""A recording ALSA device on a PCM that does what a test says, in simulated time."""

from errno import EINVAL, ENODEV

import numpy as np
import pytest

from backend.devices.alsa.capture import AlsaCapture
from backend.devices.api import DeviceError
from backend.devices.checks import CAPTURE, Rule, check_device
from hosts.sim.loop import SimLoop, Timeline
from tests.backend.devices.alsa.fakepcm import End, FakePcm

MS = 1_000_000


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


def pass_to(loop: SimLoop, ms: float) -> int:
    loop.run_until(lambda: False, int(ms * MS))
    return loop.now_ns()


def take(device: AlsaCapture, frames: int, now_ns: int) -> list[int]:
    into = bytearray(frames * 4)
    count = device.read(memoryview(into), now_ns)
    return [int(sample) for sample in np.frombuffer(into[: count * 4], "<u2")[::2]]


@pytest.mark.parametrize("end", [End.STOPS, End.COUNTS_ON, End.HOLDS])
@pytest.mark.parametrize("rule", CAPTURE)
def test_it_keeps_the_contract_whatever_its_pcm_does_when_full(rule: Rule, end: End, loop: SimLoop) -> None:
    check_device(lambda: AlsaCapture(FakePcm(loop, capture=True, end=end), 1), loop, (rule,))


def test_every_frame_is_read_once_in_pieces_of_any_size(loop: SimLoop) -> None:
    device = AlsaCapture(FakePcm(loop, capture=True), 1)
    device.start(0)
    taken: list[int] = []
    for step in range(1, 40):
        taken += take(device, 300 + step * 37 % 400, pass_to(loop, 7 * step))
        assert device.written_frames == len(taken)
    assert taken == list(range(len(taken)))
    assert device.underruns == 0


def test_after_an_overrun_the_newest_sound_is_recorded_and_the_gap_is_in_the_count(loop: SimLoop) -> None:
    device = AlsaCapture(FakePcm(loop, capture=True), 1)
    device.start(0)
    assert device.position(pass_to(loop, 100)) == 4800
    assert device.written_frames == 4800
    assert take(device, 480, pass_to(loop, 110)) == list(range(480)), "from the new start of the PCM on"
    assert device.written_frames == 5280
    assert device.underruns == 1


def test_a_card_that_is_gone_says_so(loop: SimLoop) -> None:
    pcm = FakePcm(loop, capture=True)
    device = AlsaCapture(pcm, 1)
    device.start(0)
    pcm.gone = True
    with pytest.raises(DeviceError) as gone:
        device.position(pass_to(loop, 5))
    assert gone.value.errno == ENODEV
    device.close()
    assert not pcm.open


def test_a_suspended_machine_is_an_overrun(loop: SimLoop) -> None:
    pcm = FakePcm(loop, capture=True)
    device = AlsaCapture(pcm, 1)
    device.start(0)
    pcm.suspended = True
    assert device.position(pass_to(loop, 1000)) == 48000
    pcm.suspended = False
    assert device.position(pass_to(loop, 1010)) == 48480
    assert take(device, 480, pass_to(loop, 1020)) == list(range(480))
    assert device.underruns == 1


def test_one_that_keeps_no_time_is_refused_at_its_start(loop: SimLoop) -> None:
    device = AlsaCapture(FakePcm(loop, capture=True, end=End.NEVER), 1)
    with pytest.raises(DeviceError, match="fake: no clock") as refused:
        device.start(0)
    assert refused.value.errno == EINVAL


def test_one_that_runs_full_in_the_middle_of_a_read_is_started_anew(loop: SimLoop) -> None:
    pcm = FakePcm(loop, capture=True)
    device = AlsaCapture(pcm, 1)
    device.start(0)
    assert take(device, 480, pass_to(loop, 10)) == list(range(480))
    pcm.xrun_next = True
    assert take(device, 480, pass_to(loop, 20)) == []
    assert device.position(loop.now_ns()) == 960
    assert take(device, 480, pass_to(loop, 30)) == list(range(480))
    assert (device.underruns, pcm.starts) == (1, 2)
