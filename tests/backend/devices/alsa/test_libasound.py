"""ALSA devices through alsa-lib's C library, on its own plugins: `null`, `file`, and `pulse` with a real daemon."""

import logging
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from errno import EINVAL, EIO, ENOENT, ENOSYS
from pathlib import Path

import pytest

from backend.devices.alsa.abilities import PcmTuning
from backend.devices.alsa.capture import AlsaCapture
from backend.devices.alsa.libasoundpcm import LibasoundPcm
from backend.devices.alsa.libasoundsetup import SwParams
from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.api import DeviceError, DeviceParams
from backend.devices.checks import CAPTURE, Rule, check_device
from hosts.loop import RealLoop
from ringproto.card import Direction
from ringproto.formats import Format
from tests.backend.devices.alsa.asound import asound
from tests.backend.devices.alsa.fed import FED_PLAYBACK
from tests.backend.devices.alsa.onpulse import PARAMS, pulse_pcms

PLAY, RECORD = Direction.PLAYBACK, Direction.CAPTURE
SECOND = 1_000_000_000


def playing(name: str, asked: DeviceParams = PARAMS) -> AlsaPlayback:
    return AlsaPlayback(LibasoundPcm(name, asked, PLAY), 1)


def recording(name: str) -> AlsaCapture:
    return AlsaCapture(LibasoundPcm(name, PARAMS, RECORD), 1)


@pytest.mark.parametrize("name", ["silent_when_dry", "stops_when_dry"])
@pytest.mark.parametrize("rule", FED_PLAYBACK)
def test_playing_through_pulseaudio_keeps_the_contract(rule: Rule, name: str, pulse: Path, loop: RealLoop) -> None:
    check_device(lambda: playing(name), loop, (rule,))


@pytest.mark.parametrize("rule", CAPTURE)
def test_recording_through_pulseaudio_keeps_the_contract(rule: Rule, pulse: Path, loop: RealLoop) -> None:
    check_device(lambda: recording("heard"), loop, (rule,))


@pytest.mark.parametrize("memory", [bytes, bytearray])
def test_what_is_written_in_odd_pieces_is_what_is_played(
    memory: Callable[[bytes], bytes | bytearray], pulse: Path, loop: RealLoop
) -> None:
    """Octet for octet, from memory that may be written or not, as long as nothing is late."""
    chance = random.Random(7)
    sound = chance.randbytes(14_400 * PARAMS.frame_octets)
    source, written = memoryview(memory(sound)), 0
    device = playing("kept")

    def feed(now_ns: int) -> None:
        nonlocal written
        for _ in range(4):
            octets = chance.randrange(1, 700) * PARAMS.frame_octets
            written += device.write(source[written : written + octets], now_ns) * PARAMS.frame_octets

    line = device.interrupts(loop, feed)
    feed(loop.now_ns())
    device.start(loop.now_ns())
    assert loop.run_until(lambda: device.position(loop.now_ns()) >= 14_400, loop.now_ns() + 10 * SECOND)
    line.cancel()
    underruns = device.underruns
    device.close()
    if underruns > 1:  # the one at the end, when there is no more
        pytest.skip("this machine was too busy to play without a gap")
    assert (pulse / "kept.raw").read_bytes()[: len(sound)] == sound


def test_what_is_recorded_is_what_was_there(tmp_path: Path) -> None:
    sound = random.Random(8).randbytes(4800 * PARAMS.frame_octets)
    (tmp_path / "sound.raw").write_bytes(sound)
    text = f'pcm.tape {{ type file slave.pcm null file /dev/null infile "{tmp_path}/sound.raw" format raw }}'
    with asound(tmp_path, text), closing(LibasoundPcm("tape", PARAMS, RECORD)) as pcm:
        pieces = [pcm.read() for _ in range(10)]
    assert {len(piece) for piece in pieces} == {480 * PARAMS.frame_octets}
    assert b"".join(pieces) == sound


def test_the_delay_is_what_is_queued_and_falls_with_it(pulse: Path, loop: RealLoop) -> None:
    """The plugin's comes from PulseAudio's own timing, which goes on between two steps of `avail`."""
    with closing(LibasoundPcm("stops_when_dry", replace(PARAMS, buffer_frames=9600), PLAY)) as pcm:
        pcm.write(memoryview(bytearray(9500 * PARAMS.frame_octets)))
        first_ns, first = loop.now_ns(), pcm.delay()
        loop.run_until(lambda: False, loop.now_ns() + 10_000_000)
        second, second_ns = pcm.delay(), loop.now_ns()
    assert 0 < second < first <= 9500
    assert first - second <= (second_ns - first_ns) * 48 // 1_000_000 + 480


def test_a_timestamp_is_of_the_loops_clock_and_says_what_avail_was(pulse: Path, loop: RealLoop) -> None:
    with closing(LibasoundPcm("stops_when_dry", PARAMS, PLAY)) as pcm:
        before_ns = loop.now_ns()
        assert pcm.htimestamp()[0] == 1920
        pcm.write(memoryview(bytearray(480 * PARAMS.frame_octets)))
        avail, instant_ns = pcm.htimestamp()
        assert 1440 <= avail <= 1920
        assert before_ns <= instant_ns <= loop.now_ns()


def test_a_plugin_takes_nothing_back_whatever_it_says(pulse: Path) -> None:
    """PulseAudio's counts back, and plays it all the same."""
    with closing(LibasoundPcm("stops_when_dry", PARAMS, PLAY)) as pcm:
        pcm.write(memoryview(bytearray(480 * PARAMS.frame_octets)))
        assert (pcm.rewindable(), pcm.abilities.rewind, LibasoundPcm.abilities.rewind) == (0, False, True)
        for verb in (pcm.rewind, pcm.forward):
            with pytest.raises(DeviceError, match="stops_when_dry: only a card") as refused:
                verb(10)
            assert refused.value.errno == ENOSYS


def test_one_that_waits_for_its_start_waits(pulse: Path, loop: RealLoop) -> None:
    with closing(LibasoundPcm("silent_when_dry", PARAMS, PLAY)) as pcm:
        pcm.set_thresholds(SwParams(start_threshold=pcm.boundary_frames))
        pcm.write(memoryview(bytearray(1900 * PARAMS.frame_octets)))
        loop.run_until(lambda: False, loop.now_ns() + 50_000_000)
        assert pcm.avail() == 20
        pcm.start()
        assert loop.run_until(lambda: pcm.avail() > 20, loop.now_ns() + 5 * SECOND)


@pytest.mark.parametrize("name", ["null", "plug:null"])
def test_a_pcm_that_keeps_no_time_is_refused_at_its_first_frames(name: str, loop: RealLoop) -> None:
    device = playing(name)
    device.write(memoryview(bytes(1920)), loop.now_ns())
    with pytest.raises(DeviceError, match="null: no clock") as refused:
        device.start(loop.now_ns())
    assert refused.value.errno == EINVAL
    device.close()


@pytest.mark.parametrize("way", [PLAY, RECORD])
def test_a_name_that_alsa_does_not_know_is_one_clear_line(
    way: Direction, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What alsa-lib itself has to say about it goes to the log, for who wants to know."""
    with caplog.at_level(logging.DEBUG), pytest.raises(DeviceError) as refused:
        LibasoundPcm("no_such_pcm", PARAMS, way)
    assert str(refused.value) == f"[Errno {ENOENT}] No such file or directory [no_such_pcm]"
    assert capfd.readouterr() == ("", "")
    assert "snd_pcm_open" in caplog.text


@pytest.mark.parametrize(
    ("name", "tuning", "option"),
    [
        ("null", PcmTuning(period_wakeups=False), "period_wakeups = false"),
        ("silent_when_dry", PcmTuning(period_wakeups=False), "period_wakeups = false"),
        ("null", PcmTuning(avail_min_frames=1921), "avail_min_frames: there are 1920"),
    ],
)
def test_what_a_pcm_cannot_do_is_refused_by_the_options_name(
    name: str, tuning: PcmTuning, option: str, pulse: Path
) -> None:
    with pytest.raises(DeviceError, match=option) as refused:
        LibasoundPcm(name, PARAMS, PLAY, tuning)
    assert refused.value.errno == EINVAL


def test_what_was_granted_is_told_not_what_was_asked(pulse: Path) -> None:
    """PulseAudio's plugin wants three periods, and takes them."""
    with closing(LibasoundPcm("silent_when_dry", replace(PARAMS, buffer_frames=960), PLAY)) as pcm:
        assert pcm.params == replace(PARAMS, buffer_frames=1440)
        assert pcm.granularity_frames == 480


@pytest.mark.parametrize("sample_format", [Format.U8, Format.S24_LE, Format.S32_LE, Format.FLOAT_LE])
def test_formats_are_asked_for_by_alsas_own_numbers(sample_format: Format) -> None:
    with closing(LibasoundPcm("null", replace(PARAMS, format=sample_format), PLAY)) as pcm:
        assert pcm.params.format is sample_format


def test_a_buffer_need_not_be_whole_periods() -> None:
    with closing(LibasoundPcm("null", replace(PARAMS, buffer_frames=1500), PLAY)) as pcm:
        assert pcm.params == replace(PARAMS, buffer_frames=1500)


def test_a_format_that_it_does_not_have_becomes_the_best_that_it_has(tmp_path: Path) -> None:
    text = "pcm.old { type hooks slave.pcm { type linear slave { pcm null format S16_LE } } }"
    with asound(tmp_path, text), closing(LibasoundPcm("old", replace(PARAMS, format=Format.FLOAT_LE), PLAY)) as pcm:
        assert pcm.params.format is Format.S32_LE


def test_parameters_that_alsa_refuses_are_refused(pulse: Path) -> None:
    with pytest.raises(DeviceError, match="mono") as refused:
        playing("mono")
    assert refused.value.errno == EINVAL


def test_a_format_that_no_card_takes_is_refused() -> None:
    with pytest.raises(DeviceError, match="mu_law") as refused:
        playing("null", DeviceParams(8000, 1, Format.MU_LAW, 80, 320))
    assert refused.value.errno == EINVAL


def test_plugins_are_not_linked(pulse: Path) -> None:
    with (
        closing(LibasoundPcm("silent_when_dry", PARAMS, PLAY)) as mouth,
        closing(LibasoundPcm("heard", PARAMS, RECORD)) as ear,
    ):
        assert not mouth.abilities.link
        with pytest.raises(DeviceError, match="link with heard"):
            mouth.link(ear)


@pytest.mark.parametrize("name", ["silent_when_dry", "stops_when_dry"])
def test_when_the_server_ends_the_next_write_fails(name: str, tmp_path: Path, loop: RealLoop) -> None:
    """Whoever plays opens it anew; the plugin itself never comes back."""
    silence = memoryview(bytearray(480 * PARAMS.frame_octets))
    with pulse_pcms(tmp_path):
        pcm = LibasoundPcm(name, PARAMS, PLAY)
        device = AlsaPlayback(pcm, 1)
        device.write(silence, loop.now_ns())
        device.start(loop.now_ns())
    with pytest.raises(DeviceError) as failed:
        device.write(silence, loop.now_ns())
    assert failed.value.errno == EIO
    for descriptor in pcm.descriptors:
        pcm.acknowledge(descriptor)
    device.close()
    pcm.close()
