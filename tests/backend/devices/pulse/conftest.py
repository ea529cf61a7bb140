"""One server of each kind for all tests of this folder."""

from collections.abc import Iterator

import pytest

from hosts.loop import RealLoop
from tests.backend.devices.pulse.servers import SERVERS, Server

pytest.importorskip("libpulse", reason="no libpulse: pip install 'vsnd[pulse]'")


@pytest.fixture(scope="package", params=SERVERS, ids=lambda kind: kind.__name__)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made: Server = request.param(tmp_path_factory.mktemp("server"))
    yield made
    made.close()


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    made = RealLoop()
    yield made
    made.close()
