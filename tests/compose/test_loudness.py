from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.loudness import Loudness, levels_mdb
from frontend import open_playback
from tests.frontend.served import PARAMS, Served, noise


@pytest.mark.parametrize(
    ("said", "levels_mdb"),
    [("-6", (-6000, -6000)), ("-6,-3.5", (-6000, -3500)), ("0", (0, 0)), ("-inf", (-120_000, -120_000))],
)
def test_one_number_is_for_all_channels_and_several_are_for_each(
    tmp_path: Path, said: str, levels_mdb: tuple[int, int]
) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        Loudness(said).apply(pcm)
        assert pcm.volume.get() == levels_mdb


@pytest.mark.parametrize("said", ["", "loud", "-6;-6", "nan", "inf", "20.001", "-6,", "0,nan"])
def test_what_is_no_volume_is_refused_naming_the_option(said: str) -> None:
    with pytest.raises(ConfigError, match="--volume-db"):
        Loudness(said)


def test_a_stream_can_begin_mute(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        Loudness("0", mute=True).apply(pcm)
        pcm.write(noise(4800))
        pcm.drain()
    assert not served.heard().any()


@pytest.mark.parametrize(("said", "channels"), [("-6", 1), ("-6", 8), ("-6,-6", 2)])
def test_a_number_for_each_channel_or_for_all_is_right(said: str, channels: int) -> None:
    Loudness(said).check(channels)


@pytest.mark.parametrize(("said", "channels"), [("0,0,0", 2), ("0,0", 1)])
def test_a_number_too_many_is_refused_naming_the_option(said: str, channels: int) -> None:
    with pytest.raises(ConfigError, match=f"--volume-db: . numbers for {channels} channels"):
        Loudness(said).check(channels)


@pytest.mark.parametrize(
    ("volume_db", "levels"),
    [(-6, [-6000]), ([-0.0014, 20], [-1, 20_000]), (float("-inf"), [-120_000]), (-1e300, [-120_000])],
)
def test_decibels_are_counted_in_thousandths_down_to_silence(volume_db: float | list[float], levels: list[int]) -> None:
    assert levels_mdb(volume_db) == levels
