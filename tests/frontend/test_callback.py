"""A guest's PCMs as a stream of callbacks, with the real backend at the other end."""

from dataclasses import replace
from errno import EINVAL, ENODEV
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from frontend import CallbackStream, CapturePcm, PlaybackPcm, open_capture, open_playback
from frontend.process import FloatArray
from frontend.state import PcmState
from hosts.api import HostError
from ringproto.formats import Format
from tests.frontend.served import MS, PARAMS, Served, noise

FLOATS = replace(PARAMS, format=Format.FLOAT_LE)


def test_process_is_called_for_each_period_and_what_it_gives_is_heard(tmp_path: Path) -> None:
    served = Served(tmp_path)
    sound = noise(480 * 20)
    at: list[int] = []

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        assert (taken.shape, given.shape, frames) == ((480, 0), (480, 2), 480)
        at.append(served.host.loop.now_ns())
        given[:] = sound[480 * (len(at) - 1) : 480 * len(at)] / np.float32(32768)
        if len(at) == 20:
            stream.stop()

    with served.connect() as card, open_playback(card, FLOATS) as pcm:
        stream = CallbackStream(process, playback=pcm)
        stream.run()
        assert pcm.state is PcmState.PREPARED
        assert pcm.underruns == 0
    assert at[3] - at[0] < MS, "the buffer is filled at once"
    assert [later - before for before, later in pairwise(at[4:])] == [10 * MS] * 15
    assert np.array_equal(served.heard()[: len(sound)], sound)


def test_what_is_recorded_is_given_to_process(tmp_path: Path) -> None:
    sound = noise(48000)
    soundfile.write(tmp_path / "source.wav", sound, 48000, "PCM_16")
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    parts: list[FloatArray] = []

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        assert (taken.shape, given.shape, frames) == ((480, 2), (480, 0), 480)
        parts.append(taken * 32768)
        if len(parts) == 30:
            stream.stop()

    with served.connect() as card, open_capture(card, FLOATS) as pcm:
        stream = CallbackStream(process, capture=pcm)
        stream.run()
        assert pcm.overruns == 0
    assert np.array_equal(np.concatenate(parts), sound[: 480 * 30])


def test_with_both_what_is_recorded_can_be_played_again(tmp_path: Path) -> None:
    sound = noise(48000)
    soundfile.write(tmp_path / "source.wav", sound, 48000, "PCM_16")
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    periods = 0

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        nonlocal periods
        given[:] = taken
        periods += 1
        if periods == 40:
            stream.stop()

    with served.connect() as card, open_playback(card, FLOATS) as playback, open_capture(card, FLOATS) as capture:
        stream = CallbackStream(process, playback, capture)
        stream.run()
        assert (playback.underruns, capture.overruns) == (0, 0)
    heard = served.heard()
    begins = int(np.flatnonzero(heard.any(axis=1))[0])
    assert np.array_equal(heard[begins : begins + 480 * 40], sound[: 480 * 40])


def test_what_process_raises_ends_the_stream(tmp_path: Path) -> None:
    served = Served(tmp_path)

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        raise KeyError(frames)

    with served.connect() as card, open_playback(card, FLOATS) as pcm, pytest.raises(KeyError):
        CallbackStream(process, playback=pcm).run()


def test_a_backend_that_leaves_ends_the_stream(tmp_path: Path) -> None:
    served = Served(tmp_path)
    periods = 0

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        nonlocal periods
        periods += 1
        if periods == 10:
            served.backend.close()

    with served.connect() as card, open_playback(card, FLOATS) as pcm:
        with pytest.raises(HostError) as gone:
            CallbackStream(process, playback=pcm).run()
        assert gone.value.errno == ENODEV


def test_streams_that_cannot_be_are_refused_in_one_line(tmp_path: Path) -> None:
    served = Served(tmp_path)

    def process(taken: FloatArray, given: FloatArray, frames: int) -> None:
        raise AssertionError

    def refusal(playback: PlaybackPcm | None, capture: CapturePcm | None) -> str:
        with pytest.raises(HostError) as refused:
            CallbackStream(process, playback, capture)
        assert refused.value.errno == EINVAL
        return str(refused.value.strerror)

    with served.connect() as card:
        assert refusal(None, None) == "playback, capture: none, want at least one"
        assert refusal(open_playback(card, PARAMS), None) == "format: s16_le, want float_le"
        other = open_capture(card, replace(FLOATS, period_frames=240))
        assert refusal(open_playback(card, FLOATS), other).startswith("rate_hz, period_frames: playback and capture")
