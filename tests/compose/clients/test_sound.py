"""What an application plays and records: whole recordings over and over, whole files at the end."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from compose.clients.sound import Sound, take_of
from compose.clients.spec import ClientSpec
from ringproto.local.region import Shape

SHAPE = Shape(48000, 4, 3, 1, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "ramp.wav", np.arange(6, dtype=np.int16), 48000, "PCM_16")
    return tmp_path


def test_a_recording_begins_again_at_its_end(folder: Path) -> None:
    sound = Sound(ClientSpec("ramp", "speaker", plays="ramp.wav", channels=1), SHAPE, folder)
    into = np.zeros((8, 1), np.float32)
    sound.copy(4, into)
    assert np.rint(into[:, 0] * 32768).tolist() == [4, 5, 0, 1, 2, 3, 4, 5]
    sound.copy(6_000_003, into[:2])
    assert np.rint(into[:2, 0] * 32768).tolist() == [3, 4]


def test_one_that_plays_nothing_has_no_channels(folder: Path) -> None:
    sound = Sound(ClientSpec("ear", "speaker", records="take.wav"), SHAPE, folder)
    sound.copy(3, np.zeros((4, 0), np.float32))


def test_a_take_is_whole_though_its_taker_fails(folder: Path) -> None:
    spec = ClientSpec("ear", "speaker", records="take.wav", channels=1)
    opened = take_of(spec, SHAPE, folder)
    take = opened.__enter__()
    for _ in range(3):
        take.append(np.full((4, 1), 0.25, np.float32))
    assert not opened.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    sound, rate_hz = soundfile.read(folder / "take.wav")
    assert (sound.tolist(), rate_hz) == ([0.25] * 12, 48000)


def test_one_that_records_nothing_leaves_no_file(tmp_path: Path) -> None:
    with take_of(ClientSpec("tone", "speaker", plays="melody.flac"), SHAPE, tmp_path) as take:
        take.append(np.zeros((4, 0), np.float32))
    assert not list(tmp_path.iterdir())
