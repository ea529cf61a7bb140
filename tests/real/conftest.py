"""A PulseAudio server of its own for each file of these tests."""

from collections.abc import Iterator

import pytest

from tests.backend.devices.pulse.servers import PulseAudio, Server

pytest.importorskip("libpulse", reason="no libpulse: pip install 'vsnd[pulse]'")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = PulseAudio(tmp_path_factory.mktemp("server"))
    yield made
    made.close()
