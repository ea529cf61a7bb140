"""What is taken back of a virtual card is not heard, and what is written instead is: its file has the last word."""

import random
from errno import ENODEV
from pathlib import Path

import pytest

from backend.devices.api import DeviceError
from backend.devices.clocked.opening import open_clocked
from backend.devices.clocked.options import ClockedOptions
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction
from tests.backend.devices.test_driver import MS, P, kept, pass_to, ramp


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


@pytest.mark.parametrize("wake_ns", [0, 200_000])
@pytest.mark.parametrize("burst_frames", [1, 64, 120, 480])
@pytest.mark.parametrize("at_ms", [10, 11.3, 12.49, 19.99])
def test_what_was_taken_back_is_played_as_it_was_rewritten(
    tmp_path: Path, at_ms: float, burst_frames: int, wake_ns: int
) -> None:
    """From a safeguard and a burst after the position on at the latest; and so if it is rewritten within 1.33 ms."""
    loop = SimLoop(Timeline(), (lambda: wake_ns) if wake_ns else None)
    device = open_clocked(ClockedOptions(play_to=str(tmp_path / "x.wav"), burst_frames=burst_frames), P, loop)
    device.write(ramp(1, 1920), 0)
    device.start(0)
    now_ns = pass_to(loop, at_ms)
    position = device.position(now_ns)
    left = device.rewind(0, now_ns)
    assert position + 64 <= left <= position + 64 + burst_frames
    device.write(ramp(5001, 1920 - left), pass_to(loop, at_ms + 1.33))
    pass_to(loop, 39.9)
    assert (device.underruns, device.statistics()["starved_bursts"]) == (0, 0)
    pass_to(loop, 40)
    device.close()
    assert kept(tmp_path / "x.wav") == [*range(1, left + 1), *range(5001, 5001 + 1920 - left)]


def test_what_was_taken_back_and_not_written_anew_is_silence(tmp_path: Path, loop: SimLoop) -> None:
    device = open_clocked(ClockedOptions(play_to=str(tmp_path / "x.wav")), P, loop)
    device.write(ramp(1, 1920), 0)
    device.start(0)
    now_ns = pass_to(loop, 10)
    assert device.rewind(1000, now_ns) == device.written_frames == 1000
    assert device.rewind(1500, now_ns) == 1000
    pass_to(loop, 20)
    assert (device.position(loop.now_ns()), device.underruns) == (960, 0)
    pass_to(loop, 30)
    device.position(loop.now_ns())
    assert device.rewind(0, loop.now_ns()) == device.written_frames == 1440 + 480
    assert device.underruns == 1
    pass_to(loop, 40)
    device.close()
    assert kept(tmp_path / "x.wav") == [*range(1, 1001), *[0] * 920]


def test_a_card_that_shows_its_position_by_the_period_may_be_a_period_further(tmp_path: Path, loop: SimLoop) -> None:
    options = ClockedOptions(play_to=str(tmp_path / "x.wav"), position_granularity_frames=480)
    device = open_clocked(options, P, loop)
    device.write(ramp(1, 1920), 0)
    device.start(0)
    now_ns = pass_to(loop, 19.9)
    assert device.position(now_ns) == 480
    assert device.rewind(0, now_ns) == 1080  # the end of the burst that begins at 960
    device.write(ramp(5001, 840), now_ns)
    pass_to(loop, 40)
    device.close()
    assert kept(tmp_path / "x.wav") == [*range(1, 1081), *range(5001, 5841)]


@pytest.mark.parametrize("seed", range(12))
def test_of_all_that_is_written_and_taken_back_the_last_word_is_played(
    seed: int, tmp_path: Path, loop: SimLoop
) -> None:
    chance = random.Random(seed)
    options = ClockedOptions(
        play_to=str(tmp_path / "x.wav"),
        buffer_frames=4800,
        burst_frames=chance.choice((7, 96, 480)),
        position_granularity_frames=chance.choice((1, 48, 480)),
        drift_ppm=chance.choice((-500, 500)),
        crystal_jitter_ns=chance.choice((0, MS)),
    )
    device = open_clocked(options, P, loop)
    last_word: list[int] = []
    for ms in range(0, 300, 3):
        now_ns = pass_to(loop, ms + chance.random())
        del last_word[device.rewind(device.written_frames - chance.randrange(4000), now_ns) :]
        first = chance.randrange(1, 25_000)
        written = device.write(ramp(first, 4800), now_ns)
        last_word += range(first, first + written)
        device.start(now_ns)
    position = device.position(pass_to(loop, 305))
    assert device.underruns == 0
    device.close()
    played = kept(tmp_path / "x.wav")
    assert position <= len(played) < position + 480
    assert played == last_word[: len(played)]


def test_a_lost_card_takes_nothing_back_and_says_so(loop: SimLoop) -> None:
    for direction in Direction:
        device = open_clocked(ClockedOptions(), direction, loop)
        device.close()
        with pytest.raises(DeviceError) as gone:
            device.rewind(0, 0)
        assert gone.value.errno == ENODEV
