"""ALSA devices on alsa-lib's own plugins: `null`, `file`, `plug`, and `pulse` with a real daemon behind it."""

import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from errno import EINVAL, EIO, ENOENT, ENOSYS
from pathlib import Path

import pytest

pytest.importorskip("alsaaudio", reason="no pyalsaaudio: pip install 'vsnd[alsa]'", exc_type=ImportError)

from backend.devices.alsa.capture import AlsaCapture
from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.alsa.pyalsa import PyalsaPcm
from backend.devices.api import AudioDevice, DeviceError, DeviceParams
from backend.devices.checks import CAPTURE, Rule, check_device
from hosts.loop import RealLoop
from ringproto.card import Direction
from ringproto.formats import Format
from tests.backend.devices.alsa.fed import FED_PLAYBACK
from tests.backend.devices.alsa.onpulse import PARAMS, pulse_pcms

SECOND = 1_000_000_000


def playing(name: str, asked: DeviceParams = PARAMS) -> AlsaPlayback:
    return AlsaPlayback(PyalsaPcm(name, asked, Direction.PLAYBACK), 1)


def recording(name: str) -> AlsaCapture:
    return AlsaCapture(PyalsaPcm(name, PARAMS, Direction.CAPTURE), 1)


@pytest.mark.parametrize("name", ["silent_when_dry", "stops_when_dry"])
@pytest.mark.parametrize("rule", FED_PLAYBACK)
def test_playing_through_pulseaudio_keeps_the_contract(rule: Rule, name: str, pulse: Path, loop: RealLoop) -> None:
    check_device(lambda: playing(name), loop, (rule,))


@pytest.mark.parametrize("rule", CAPTURE)
def test_recording_through_pulseaudio_keeps_the_contract(rule: Rule, pulse: Path, loop: RealLoop) -> None:
    check_device(lambda: recording("heard"), loop, (rule,))


def test_its_position_moves_in_steps_of_a_period_and_says_so(pulse: Path) -> None:
    device = playing("silent_when_dry")
    assert device.capabilities.position_granularity_frames == 480
    device.close()


def test_through_pyalsaaudio_nothing_is_taken_back(pulse: Path) -> None:
    pcm = PyalsaPcm("silent_when_dry", PARAMS, Direction.PLAYBACK)
    with pytest.raises(DeviceError, match="silent_when_dry: pyalsaaudio cannot rewind") as refused:
        pcm.rewind(1)
    assert refused.value.errno == ENOSYS
    device = AlsaPlayback(pcm, 1)
    assert not device.capabilities.rewinds
    device.close()


def test_it_wakes_by_itself(pulse: Path, loop: RealLoop) -> None:
    device = playing("silent_when_dry")
    silence = memoryview(bytes(PARAMS.buffer_frames * PARAMS.frame_octets))
    line = device.interrupts(loop, lambda now_ns: print(device.write(silence, now_ns)))
    device.write(silence, loop.now_ns())
    device.start(loop.now_ns())
    assert loop.run_until(lambda: device.position(loop.now_ns()) > 9600, loop.now_ns() + 10 * SECOND)
    assert line.missed_wakes < 10, "of 20 periods"
    line.cancel()
    device.close()


def test_what_is_written_in_odd_pieces_is_what_is_played(pulse: Path, loop: RealLoop) -> None:
    """Octet for octet, as long as nothing is late; the `file` plugin keeps what passes through it."""
    chance = random.Random(11)
    sound = chance.randbytes(24_000 * PARAMS.frame_octets)
    device = playing("kept")
    written = 0

    def feed(now_ns: int) -> None:
        nonlocal written
        for _ in range(4):
            octets = chance.randrange(1, 700) * PARAMS.frame_octets
            taken = device.write(memoryview(sound)[written : written + octets], now_ns)
            written += taken * PARAMS.frame_octets

    line = device.interrupts(loop, feed)
    feed(loop.now_ns())
    device.start(loop.now_ns())
    assert loop.run_until(lambda: device.position(loop.now_ns()) >= 24_000, loop.now_ns() + 10 * SECOND)
    line.cancel()
    underruns = device.underruns
    device.close()
    if underruns > 1:  # the one at the end, when there is no more
        pytest.skip("this machine was too busy to play without a gap")
    kept = (pulse / "kept.raw").read_bytes()
    assert kept[: len(sound)] == sound


@pytest.mark.parametrize("name", ["null", "plug:null"])
def test_a_pcm_that_keeps_no_time_is_refused_at_its_first_frames(name: str, loop: RealLoop) -> None:
    device = playing(name)
    device.write(memoryview(bytes(1920)), loop.now_ns())
    with pytest.raises(DeviceError, match=f"^.*{name}: no clock") as refused:
        device.start(loop.now_ns())
    assert refused.value.errno == EINVAL
    device.close()
    recorder = recording(name)
    with pytest.raises(DeviceError, match="no clock"):
        recorder.start(loop.now_ns())
    recorder.close()


@pytest.mark.parametrize("make", [playing, recording])
def test_a_name_that_alsa_does_not_know_is_refused_with_it(make: Callable[[str], AudioDevice]) -> None:
    with pytest.raises(DeviceError, match="no_such_pcm") as refused:
        make("no_such_pcm")
    assert refused.value.errno == ENOENT


def test_what_was_granted_is_told_not_what_was_asked(pulse: Path) -> None:
    """PulseAudio's plugin wants three periods, and takes them."""
    device = playing("silent_when_dry", replace(PARAMS, buffer_frames=960))
    assert device.params == replace(PARAMS, buffer_frames=1440)
    device.close()


def test_parameters_that_alsa_refuses_are_refused(pulse: Path) -> None:
    with pytest.raises(DeviceError, match="mono") as refused:
        playing("mono")
    assert refused.value.errno == EINVAL


def test_a_format_that_no_card_takes_is_refused() -> None:
    with pytest.raises(DeviceError, match="mu_law") as refused:
        playing("null", DeviceParams(8000, 1, Format.MU_LAW, 80, 320))
    assert refused.value.errno == EINVAL


def test_when_the_server_ends_the_next_write_fails(tmp_path: Path, loop: RealLoop) -> None:
    """Whoever plays opens it anew; the plugin itself never comes back."""
    if shutil.which("pactl") is None:
        pytest.skip("no pactl: apt install pulseaudio-utils")
    with pulse_pcms(tmp_path):
        device = playing("silent_when_dry")
        silence = memoryview(bytes(PARAMS.buffer_frames * PARAMS.frame_octets))
        failed: list[int | None] = []

        def feed(now_ns: int) -> None:
            try:
                device.write(silence, now_ns)
            except DeviceError as error:
                failed.append(error.errno)

        line = device.interrupts(loop, feed)
        feed(loop.now_ns())
        device.start(loop.now_ns())
        subprocess.run(["pactl", f"--server=unix:{tmp_path}/native", "exit"], check=True)
        assert loop.run_until(lambda: bool(failed), loop.now_ns() + 10 * SECOND)
        line.cancel()
        device.close()
    assert failed == [EIO]
