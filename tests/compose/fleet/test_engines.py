from pathlib import Path

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from docker.tls import TLSConfig

from backend.config import ConfigError
from compose.fleet.engines import find_engine
from compose.fleet.spec import HostSpec
from tests.compose.fleet.contexts import save


@pytest.fixture(autouse=True)
def _nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is any context anybody's own."""

    def connect(address: str, tls: TLSConfig | None = None) -> None:
        raise ConfigError(f"nobody answers at {address}")

    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr("compose.fleet.engines.connect", connect)


def refusal(engine: str) -> str:
    with pytest.raises(ConfigError) as caught:
        find_engine(HostSpec("left", engine, [1]))
    return str(caught.value)


def test_an_address_is_asked_as_it_is() -> None:
    assert refusal("ssh://me@bench") == "host left: nobody answers at ssh://me@bench"


def test_a_contexts_own_address_is_asked() -> None:
    save("bench", "tcp://192.0.2.1:2375")
    assert refusal("bench") == "host left: nobody answers at tcp://192.0.2.1:2375"


def test_a_context_that_is_not_there_is_refused_naming_the_host() -> None:
    assert refusal("bench").startswith("host left: engine: 'bench' is none of the Docker contexts: default")
