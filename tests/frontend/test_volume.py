"""The volume of a PCM, with the real backend at the other end."""

from dataclasses import replace
from errno import ENODEV
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile

from frontend import open_capture, open_playback
from frontend.pcm import Pcm
from frontend.sharedsound import spare_place
from frontend.volume import Volume
from hosts.api import HostError
from hosts.sim.delays import Delays, uniform_ns
from hosts.sim.machine import SimMachine
from hosts.tasks import Future, sleep_until, spawn
from ringproto.messages import GetVolumeRequest, RangeRequest
from ringproto.volume import pack_volumes
from tests.frontend.served import MS, PARAMS, Served, noise

T = TypeVar("T")


def test_volumes_and_mutes_are_set_and_asked_for(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        assert pcm.volume.get() == (0, 0)
        pcm.volume.set([-6000, -500])
        assert pcm.volume.get() == (-6000, -500)
        pcm.volume.set([-12_345])
        pcm.volume.mute([1])
        pcm.volume.unmute()
        assert pcm.volume.get() == (-12_345, -12_345)


def test_what_is_played_is_as_loud_as_asked(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        pcm.volume.set([-20_000, 0])
        pcm.volume.mute([1])
        pcm.write(np.full((4800, 2), 10_000, np.int16))
        pcm.drain()
    heard = served.heard()[:4800]
    assert set(heard[:, 0]) == {1000}
    assert set(heard[:, 1]) == {0}


async def fiddle(served: Served, pcm: Pcm, until: Future[T], rest_ns: int) -> int:
    """Set the volume to what it is, and ask for it, over and over; how often."""
    times = 0
    while not until.done:
        await pcm.volume.aset([0])
        assert await pcm.volume.aget() == (0, 0)
        times += 1
        await sleep_until(served.host.loop, served.machine.timeline.now_ns + rest_ns)
    return times


def both_done(served: Served, application: Future[T], fiddling: Future[int]) -> T:
    assert served.machine.run_until(lambda: application.done and fiddling.done, 5_000 * MS)
    assert fiddling.result() > 20
    return application.result()


@pytest.mark.parametrize("buffer_frames", [1440, 1920, 4800])
def test_however_often_the_volume_is_asked_for_no_frame_is_harmed(tmp_path: Path, buffer_frames: int) -> None:
    """The arrays lie in the very buffer that is full of sound."""
    served = Served(tmp_path, buffer_frames=2880)
    sound = noise(24_000)
    with served.connect() as card, open_playback(card, replace(PARAMS, buffer_frames=buffer_frames)) as pcm:
        playing = spawn(pcm.awrite(sound))
        both_done(served, playing, spawn(fiddle(served, pcm, playing, 1_300_000)))
        pcm.drain()
        assert pcm.underruns == 0
    assert np.array_equal(served.heard()[: len(sound)], sound)


def test_a_recording_is_not_harmed_either(tmp_path: Path) -> None:
    sound = noise(24_000)
    soundfile.write(tmp_path / "source.wav", sound, 48000)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as pcm:
        recording = spawn(pcm.aread(12_000))
        taken = both_done(served, recording, spawn(fiddle(served, pcm, recording, 1_300_000)))
        assert pcm.overruns == 0
    assert np.array_equal(np.frombuffer(taken, np.int16).reshape(-1, 2), sound[:12_000])


SLOW = Delays(wake_ns=uniform_ns(0, 2 * MS), notify_ns=uniform_ns(0, 2 * MS))
"""A volume takes milliseconds, and the sound goes on meanwhile."""
PATIENT = replace(PARAMS, buffer_frames=9600)


@pytest.mark.parametrize("seed", range(5))
def test_sound_waits_while_a_volume_is_under_way_in_its_buffer(tmp_path: Path, seed: int) -> None:
    served = Served(tmp_path, SimMachine(seed, SLOW), buffer_frames=4800)
    sound = noise(48_000)
    with served.connect() as card, open_playback(card, PATIENT) as pcm:
        playing = spawn(pcm.awrite(sound))
        both_done(served, playing, spawn(fiddle(served, pcm, playing, 1)))
        pcm.drain()
        assert pcm.underruns == 0
    assert np.array_equal(served.heard()[: len(sound)], sound)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_recorded_waits_too(tmp_path: Path, seed: int) -> None:
    sound = noise(48_000)
    soundfile.write(tmp_path / "source.wav", sound, 48000)
    served = Served(tmp_path, SimMachine(seed, SLOW), buffer_frames=4800, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PATIENT) as pcm:
        recording = spawn(pcm.aread(36_000))
        taken = both_done(served, recording, spawn(fiddle(served, pcm, recording, 1)))
        assert pcm.overruns == 0
    assert np.array_equal(np.frombuffer(taken, np.int16).reshape(-1, 2), sound[:36_000])


def test_what_makes_no_sense_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        with pytest.raises(HostError, match="3 volumes for 2 channels"):
            pcm.volume.set([0, 0, 0])
        for level in (20_001, -(1 << 31) - 1):
            with pytest.raises(HostError, match=f"volume: {level} "):
                pcm.volume.set([0, level])
        with pytest.raises(HostError, match="channel 2"):
            pcm.volume.mute([2])


def test_every_channel_is_told_apart(tmp_path: Path) -> None:
    served = Served(tmp_path)
    levels = (20_000, 0, -1, -(1 << 31), -120_000, 7)
    with served.connect() as card, open_playback(card, replace(PARAMS, channels=6)) as pcm:
        pcm.volume.set(levels)
        assert pcm.volume.get() == levels


def test_what_another_backend_says_is_believed() -> None:
    class Louder:
        """A PCM whose backend has no bounds."""

        params = PARAMS
        loop = SimMachine().host(1).loop

        async def aexchange(self, kind: type[RangeRequest], array: bytes) -> bytes:
            assert (kind, array) == (GetVolumeRequest, bytes(8))
            return pack_volumes([30_000, -(1 << 31)])

    assert Volume(Louder()).get() == (30_000, -(1 << 31))


def test_volumes_asked_for_all_at_once_are_set_one_after_another(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        setting = [spawn(pcm.volume.aset([-level])) for level in range(20)]
        assert pcm.volume.get() == (-19, -19)
        assert all(each.done for each in setting)


def test_a_pcm_closed_meanwhile_says_so_and_can_be_opened_again(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card:
        pcm = open_playback(card, PARAMS)
        with pcm:
            setting = spawn(pcm.volume.aset([-6000]))
        with pytest.raises(HostError, match="closed"):
            setting.result()
        with pcm:
            assert pcm.volume.get() == (-6000, -6000), "the backend had done it"
            assert pcm.room_frames == PARAMS.buffer_frames


def test_a_backend_that_goes_meanwhile_is_said_to_be_gone(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        setting = spawn(pcm.volume.aset([-6000]))
        served.backend.close()
        assert served.machine.run_until(lambda: setting.done, served.machine.timeline.now_ns + 5_000 * MS)
        with pytest.raises(HostError) as lost:
            setting.result()
        assert lost.value.errno == ENODEV


@pytest.mark.parametrize(
    ("first", "used", "wanted", "place"),
    [
        (0, 0, 2, 0),
        (0, 6, 2, 6),
        (0, 7, 2, None),
        (3, 4, 2, 0),
        (3, 4, 3, 0),
        (3, 4, 4, None),
        (9, 3, 7, 2),
        (0, 8, 1, None),
    ],
)
def test_the_spare_place_lies_behind_what_is_used_and_does_not_wrap(
    first: int, used: int, wanted: int, place: int | None
) -> None:
    size = 10 if first == 9 else 8
    assert spare_place(first, used, wanted, size) == place
