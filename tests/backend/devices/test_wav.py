from errno import EINVAL, EIO, ENODEV
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.devices.api import DeviceError
from backend.devices.checks import PLAYBACK, Rule, check_device
from backend.devices.wav import WavOptions, WavSink, open_wav
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction

MS = 1_000_000


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "x.wav")


def ramp(first: int, count: int) -> memoryview:
    return memoryview(np.repeat(np.arange(first, first + count, dtype="<i2"), 2).tobytes())


def kept(path: str) -> list[int]:
    samples, _ = soundfile.read(path, dtype="int16")
    return list(samples[:, 0])


@pytest.mark.parametrize("rule", PLAYBACK)
def test_it_keeps_the_contract(rule: Rule, loop: SimLoop, path: str) -> None:
    check_device(lambda: WavSink(WavOptions(path=path), loop), loop, (rule,))


def test_the_file_holds_what_was_presented_at_its_frame(loop: SimLoop, path: str) -> None:
    sink = WavSink(WavOptions(path=path), loop)
    sink.write(ramp(1, 480), 0)
    sink.start(0)
    assert sink.position(20 * MS) == 960  # a period of it was missing
    assert sink.written_frames == 1440
    sink.write(ramp(2001, 480), 20 * MS)
    assert sink.position(40 * MS) == 1920
    sink.stop(40 * MS)
    sink.write(ramp(1, 100), 40 * MS)
    sink.close()  # what was not presented is not kept
    assert kept(path) == [*range(1, 481), *[0] * 960, *range(2001, 2481)]
    assert sink.statistics()["underruns"] == 1


def test_all_that_was_not_presented_can_be_taken_back(loop: SimLoop, path: str) -> None:
    sink = WavSink(WavOptions(path=path), loop)
    sink.write(ramp(1, 1920), 0)
    sink.start(0)
    assert sink.rewind(0, 10 * MS) == sink.written_frames == 480
    sink.write(ramp(5001, 480), 10 * MS)
    assert sink.rewind(900, 15 * MS) == 900
    sink.position(40 * MS)
    sink.stop(40 * MS)
    sink.close()
    assert kept(path) == [*range(1, 481), *range(5001, 5421), *[0] * 1020]
    with pytest.raises(DeviceError):
        sink.rewind(0, 40 * MS)


def test_close_while_running_keeps_what_was_presented(loop: SimLoop, path: str) -> None:
    sink = WavSink(WavOptions(path=path), loop)
    sink.write(ramp(1, 960), 0)
    sink.start(0)
    loop.run_until(lambda: False, 15 * MS)
    sink.close()
    assert kept(path) == list(range(1, 721))
    with pytest.raises(DeviceError) as gone:
        sink.write(ramp(1, 1), 15 * MS)
    assert gone.value.errno == ENODEV


def test_it_does_not_record(loop: SimLoop, path: str) -> None:
    with pytest.raises(DeviceError) as refused:
        open_wav(WavOptions(path=path), Direction.CAPTURE, loop)
    assert refused.value.errno == EINVAL
    sink = WavSink(WavOptions(path=path), loop)
    with pytest.raises(DeviceError, match="playback"):
        sink.read(memoryview(bytearray(4)), 0)
    sink.close()


def test_a_file_that_cannot_be_made_is_an_error(loop: SimLoop, path: str) -> None:
    with pytest.raises(DeviceError) as refused:
        WavSink(WavOptions(path=path + "/no.wav"), loop)
    assert refused.value.errno == EIO
