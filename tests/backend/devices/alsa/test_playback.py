"""A playing ALSA device on a PCM that does what a test says, in simulated time."""

from dataclasses import replace
from errno import EINVAL, ENODEV

import numpy as np
import pytest

from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.api import DeviceError
from backend.devices.checks import Rule, check_device
from hosts.sim.loop import SimLoop, Timeline
from ringproto.formats import Format
from tests.backend.devices.alsa.fakepcm import End, FakePcm
from tests.backend.devices.alsa.fed import FED_PLAYBACK

MS = 1_000_000


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


@pytest.fixture
def pcm(loop: SimLoop) -> FakePcm:
    return FakePcm(loop)


@pytest.fixture
def device(pcm: FakePcm) -> AlsaPlayback:
    return AlsaPlayback(pcm, 1)


def pass_to(loop: SimLoop, ms: float) -> int:
    loop.run_until(lambda: False, int(ms * MS))
    return loop.now_ns()


def ramp(first: int, count: int) -> memoryview:
    return memoryview(np.repeat(np.arange(first, first + count, dtype="<i2"), 2).tobytes())


def left(octets: bytes) -> list[int]:
    return [int(sample) for sample in np.frombuffer(octets, "<i2")[::2]]


@pytest.mark.parametrize("end", [End.STOPS, End.COUNTS_ON, End.HOLDS])
@pytest.mark.parametrize("rule", FED_PLAYBACK)
def test_it_keeps_the_contract_whatever_its_pcm_does_when_dry(rule: Rule, end: End, loop: SimLoop) -> None:
    check_device(lambda: AlsaPlayback(FakePcm(loop, end=end), 1), loop, (rule,))


@pytest.mark.parametrize("end", [End.STOPS, End.COUNTS_ON])
@pytest.mark.parametrize("grain", [1, 48])
@pytest.mark.parametrize("rule", FED_PLAYBACK)
def test_it_keeps_the_contract_on_a_card_that_rewinds(rule: Rule, grain: int, end: End, loop: SimLoop) -> None:
    check_device(lambda: AlsaPlayback(FakePcm(loop, end=end, rewinds=True), grain), loop, (rule,))


def rewinding(loop: SimLoop, granularity_frames: int = 1) -> tuple[AlsaPlayback, FakePcm]:
    pcm = FakePcm(loop, rewinds=True)
    return AlsaPlayback(pcm, granularity_frames), pcm


def test_what_is_taken_back_is_written_anew_behind_the_safeguard(loop: SimLoop) -> None:
    device, pcm = rewinding(loop)
    assert device.capabilities.rewinds
    device.write(ramp(1, 1920), 0)
    device.start(0)
    assert device.rewind(0, pass_to(loop, 10)) == device.written_frames == 480 + 64
    assert device.write(ramp(5001, 480), loop.now_ns()) == 480
    assert left(pcm.heard) == [*range(1, 545), *range(5001, 5481)]
    assert device.rewind(1000, pass_to(loop, 11)) == 1000
    assert device.position(loop.now_ns()) == 528
    assert device.position(pass_to(loop, 20)) == 960
    assert device.underruns == 0
    assert device.position(pass_to(loop, 25)) == 1200
    assert (device.underruns, pcm.starts) == (1, 1)


def test_a_card_that_counts_in_steps_keeps_a_step_more(loop: SimLoop) -> None:
    device, _pcm = rewinding(loop, granularity_frames=480)
    device.write(ramp(1, 1920), 0)
    device.start(0)
    assert device.rewind(0, pass_to(loop, 10)) == 480 + 479 + 64
    device.write(ramp(1, 1920), loop.now_ns())
    assert device.rewind(2350, loop.now_ns()) == 2350
    device.stop(pass_to(loop, 11))
    assert device.written_frames == 528


def test_what_waits_for_the_start_is_taken_back_to_the_frame(loop: SimLoop) -> None:
    device, pcm = rewinding(loop)
    device.write(ramp(1, 1000), 0)
    assert device.rewind(10, 0) == 10
    device.write(ramp(5001, 20), 0)
    device.start(0)
    assert left(pcm.heard) == [*range(1, 11), *range(5001, 5021)]


@pytest.mark.parametrize("trouble", ["xrun_next", "suspended"])
def test_one_that_runs_dry_in_the_middle_of_a_rewind_has_nothing_to_take_back(trouble: str, loop: SimLoop) -> None:
    device, pcm = rewinding(loop)
    device.write(ramp(1, 480), 0)
    device.start(0)
    now_ns = pass_to(loop, 5)
    setattr(pcm, trouble, True)
    assert device.rewind(0, now_ns) == device.written_frames
    assert device.underruns == 1
    assert device.written_frames > 480


def test_when_it_is_dry_there_is_nothing_to_take_back(loop: SimLoop) -> None:
    device, _pcm = rewinding(loop)
    device.start(0)
    assert device.rewind(0, pass_to(loop, 15)) == device.written_frames == 720 + 480
    device.write(ramp(1, 480), loop.now_ns())
    assert device.rewind(0, loop.now_ns()) == 720 + 64  # also of the silence before them


def test_one_that_cannot_takes_nothing_back_and_is_never_asked(
    device: AlsaPlayback, pcm: FakePcm, loop: SimLoop
) -> None:
    assert not device.capabilities.rewinds
    device.write(ramp(1, 960), 0)
    assert device.rewind(0, 0) == 960
    device.start(0)
    assert device.rewind(0, pass_to(loop, 1)) == device.written_frames == 960
    device.close()
    with pytest.raises(DeviceError):
        device.rewind(0, 0)


def test_what_was_written_before_the_start_is_given_in_one_piece(
    device: AlsaPlayback, pcm: FakePcm, loop: SimLoop
) -> None:
    """A PCM starts with the first frames that it gets."""
    device.write(ramp(1, 480), 0)
    device.write(ramp(481, 480), 0)
    assert pcm.heard == b""
    device.start(0)
    assert left(pcm.heard) == list(range(1, 961))
    assert pcm.starts == 1


def test_after_running_dry_the_next_frames_come_at_their_own_moment(
    device: AlsaPlayback, pcm: FakePcm, loop: SimLoop
) -> None:
    device.write(ramp(1, 480), 0)
    device.start(0)
    now_ns = pass_to(loop, 15)
    assert device.position(now_ns) == 720
    assert device.written_frames == 1200
    device.write(ramp(5001, 480), now_ns)
    assert left(pcm.heard) == [*range(1, 481), *[0] * 480, *range(5001, 5481)]
    assert pcm.starts == 2
    assert device.position(pass_to(loop, 20)) == 960
    assert device.underruns == 1


def test_a_suspended_machine_is_an_underrun(device: AlsaPlayback, pcm: FakePcm, loop: SimLoop) -> None:
    device.write(ramp(1, 1920), 0)
    device.start(0)
    pcm.suspended = True
    device.position(pass_to(loop, 1000))
    pcm.suspended = False
    now_ns = pass_to(loop, 1001)
    device.write(ramp(1, 480), now_ns)
    assert device.position(pass_to(loop, 1011)) == 48 * 1011
    assert device.underruns == 1


def test_a_card_that_is_gone_says_so(device: AlsaPlayback, pcm: FakePcm, loop: SimLoop) -> None:
    device.write(ramp(1, 480), 0)
    device.start(0)
    pcm.gone = True
    with pytest.raises(DeviceError) as gone:
        device.position(pass_to(loop, 5))
    assert gone.value.errno == ENODEV
    device.close()
    assert not pcm.open


def test_a_card_that_is_gone_takes_nothing_more_and_cannot_even_be_stopped(
    device: AlsaPlayback, pcm: FakePcm, loop: SimLoop
) -> None:
    device.write(ramp(1, 480), 0)
    device.start(0)
    pcm.gone = True
    now_ns = pass_to(loop, 5)
    with pytest.raises(DeviceError) as gone:
        device.write(ramp(1, 480), now_ns)
    assert gone.value.errno == ENODEV
    with pytest.raises(DeviceError) as gone:
        device.stop(now_ns)
    assert gone.value.errno == ENODEV


def test_one_that_runs_dry_in_the_middle_of_a_write_plays_it_a_period_later(
    device: AlsaPlayback, pcm: FakePcm, loop: SimLoop
) -> None:
    device.write(ramp(1, 480), 0)
    device.start(0)
    pcm.xrun_next = True
    assert device.write(ramp(481, 480), pass_to(loop, 9)) == 480
    assert device.written_frames == 481 + 480 + 480
    assert left(pcm.heard) == [*range(1, 481), *[0] * 480, *range(481, 961)]
    assert device.position(pass_to(loop, 19)) == 481 + 480
    assert device.statistics() == {"underruns": 1, "xruns": 1, "binding": "fake"}


def test_each_time_it_runs_dry_is_counted_and_mended(device: AlsaPlayback, pcm: FakePcm, loop: SimLoop) -> None:
    device.start(0)
    for nth in range(1, 6):
        device.write(ramp(1, 480), pass_to(loop, 100 * nth))
    assert device.position(pass_to(loop, 600)) == 28800
    assert device.statistics() == {"underruns": 6, "xruns": 5, "binding": "fake"}
    assert pcm.starts == 5


def test_the_frame_that_would_fill_it_is_given_on_its_own(device: AlsaPlayback, pcm: FakePcm) -> None:
    """Or PulseAudio's plugin believes the whole of it played."""
    device.write(ramp(1, 1920), 0)
    device.start(0)
    assert pcm.pieces == [1919, 1]


def test_silence_of_unsigned_samples_is_their_middle(loop: SimLoop) -> None:
    pcm = FakePcm(loop)
    pcm.params = replace(pcm.params, format=Format.U8, channels=4)
    device = AlsaPlayback(pcm, 1)
    device.start(0)
    device.position(pass_to(loop, 10))
    device.write(memoryview(b"\x01" * 4), loop.now_ns())
    assert pcm.heard == b"\x80" * 480 * 4 + b"\x01" * 4


@pytest.mark.parametrize("verb", ["start", "write"])
def test_one_that_keeps_no_time_is_refused_at_its_first_frames(verb: str, loop: SimLoop) -> None:
    device = AlsaPlayback(FakePcm(loop, end=End.NEVER), 1)
    if verb == "start":
        device.write(ramp(1, 480), 0)
    else:
        device.start(0)
    with pytest.raises(DeviceError, match="fake: no clock") as refused:
        device.start(0) if verb == "start" else device.write(ramp(1, 480), 0)
    assert refused.value.errno == EINVAL


def test_between_the_steps_of_a_coarse_one_frames_are_foretold_from_the_last_step(loop: SimLoop) -> None:
    pcm = FakePcm(loop)
    pcm.granularity_frames = 480
    device = AlsaPlayback(pcm, 1)
    assert device.capabilities.position_granularity_frames == 480
    device.write(ramp(1, 1920), 0)
    device.start(0)
    for ms in range(1, 20):
        assert device.frame_time_ns(960, pass_to(loop, ms)) == 20 * MS
    assert device.position(loop.now_ns()) == 480
