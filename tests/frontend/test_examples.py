"""Each example plays its tone, in simulated time; tests/processes has them as programs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from examples import blocking, bridged, callback, nonblocking
from hosts.api import Host
from tests.frontend.served import Served


@pytest.mark.parametrize("play", [blocking.play, nonblocking.play, callback.play])
def test_the_guests_three_styles_are_heard_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], play: Callable[[Host], None]
) -> None:
    served = Served(tmp_path)
    play(served.host)
    heard = served.heard()
    assert np.array_equal(heard[:48000], np.rint(blocking.SOUND * 32768))
    assert not heard[48000:].any()
    assert capsys.readouterr().out == "0 underruns\n"


def test_blocking_calls_over_the_callback_are_heard_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The caller lives in real time, and may be late: then there is silence in between, and it says so."""
    served = Served(tmp_path)
    bridged.play(served.host)
    heard = served.heard()
    tone = np.rint(blocking.SOUND * 32768)
    assert np.array_equal(heard[heard.any(axis=1)], tone[tone.any(axis=1)])
    assert capsys.readouterr().out.endswith("0 underruns\n")
