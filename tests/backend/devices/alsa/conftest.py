"""What tests of PCMs on this machine share: its loop, and PCMs that play to a PulseAudio of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts.loop import RealLoop
from tests.backend.devices.alsa.onpulse import pulse_pcms


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    made = RealLoop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder where PCM `kept` leaves what was played."""
    folder = tmp_path_factory.mktemp("pulse")
    with pulse_pcms(folder):
        yield folder
