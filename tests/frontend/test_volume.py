"""The volume of a PCM, with the real backend at the other end."""

from pathlib import Path

import numpy as np
import pytest

from frontend import open_capture, open_playback
from frontend.sharedsound import spare_place
from hosts.api import HostError
from hosts.tasks import sleep_until, spawn
from ringproto.errors import ProtocolError
from tests.frontend.served import MS, PARAMS, Served, noise


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


@pytest.mark.parametrize("buffer_frames", [960, 1920, 4800])
def test_however_often_the_volume_is_asked_for_no_frame_is_harmed(tmp_path: Path, buffer_frames: int) -> None:
    """The arrays lie in the very buffer that is full of sound."""
    served = Served(tmp_path, buffer_frames=2880)
    sound = noise(24_000)
    params = PARAMS.__class__(48000, 2, PARAMS.format, 480, max(buffer_frames, 1440))
    with served.connect() as card, open_playback(card, params) as pcm:

        async def fiddle() -> None:
            while not playing.done:
                await pcm.volume.aset([0])
                assert await pcm.volume.aget() == (0, 0)
                await sleep_until(served.host.loop, served.machine.timeline.now_ns + 1_300_000)

        playing = spawn(pcm.awrite(sound))
        fiddling = spawn(fiddle())
        assert served.machine.run_until(lambda: playing.done and fiddling.done, 5_000 * MS)
        playing.result()
        fiddling.result()
        pcm.drain()
        assert pcm.underruns == 0
    assert np.array_equal(served.heard()[: len(sound)], sound)


def test_a_recording_is_not_harmed_either(tmp_path: Path) -> None:
    import soundfile

    sound = noise(24_000)
    soundfile.write(tmp_path / "source.wav", sound, 48000)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as pcm:

        async def fiddle() -> None:
            while not recording.done:
                await pcm.volume.aset([0])
                assert await pcm.volume.aget() == (0, 0)
                await sleep_until(served.host.loop, served.machine.timeline.now_ns + 1_300_000)

        recording = spawn(pcm.aread(12_000))
        fiddling = spawn(fiddle())
        assert served.machine.run_until(lambda: recording.done and fiddling.done, 5_000 * MS)
        fiddling.result()
        taken = np.frombuffer(recording.result(), np.int16).reshape(-1, 2)
        assert pcm.overruns == 0
    assert np.array_equal(taken, sound[: len(taken)])


def test_what_makes_no_sense_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        with pytest.raises(HostError, match="3 volumes for 2 channels"):
            pcm.volume.set([0, 0, 0])
        with pytest.raises(ProtocolError, match="20 dB"):
            pcm.volume.set([20_001])
        with pytest.raises(HostError, match="channel 2"):
            pcm.volume.mute([2])


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
