from pathlib import Path

import pytest

from backend.config import ConfigError
from compose.loudness import Loudness
from frontend import open_playback
from tests.frontend.served import PARAMS, Served


@pytest.mark.parametrize(("said", "levels_mdb"), [("-6", (-6000, -6000)), ("-6,-3.5", (-6000, -3500)), ("0", (0, 0))])
def test_one_number_is_for_all_channels_and_several_are_for_each(
    tmp_path: Path, said: str, levels_mdb: tuple[int, int]
) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm:
        Loudness(said).apply(pcm)
        assert pcm.volume.get() == levels_mdb


@pytest.mark.parametrize("said", ["", "loud", "-6;-6", "nan", "inf", "20.001", "-6,"])
def test_what_is_no_volume_is_refused_naming_the_option(said: str) -> None:
    with pytest.raises(ConfigError, match="--volume-db"):
        Loudness(said)


def test_a_number_too_many_is_refused(tmp_path: Path) -> None:
    served = Served(tmp_path)
    with served.connect() as card, open_playback(card, PARAMS) as pcm, pytest.raises(ConfigError, match="3 numbers"):
        Loudness("0,0,0").apply(pcm)
