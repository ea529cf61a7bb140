import shutil
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from backend.config import ConfigError
from compose.fleet.contexts import LOCAL, find_context
from tests.compose.fleet.contexts import save


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's own, and without a config.json, as `docker context create` leaves it."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "contexts"


def test_one_is_found_by_its_name() -> None:
    save("bench-1", "unix:///run/one.sock")
    save("bench-2", "tcp://192.0.2.1:2375")
    assert find_context("bench-2") == ("tcp://192.0.2.1:2375", None)


def test_those_that_the_docker_command_makes_are_found() -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker: apt install docker.io")
    command = ["docker", "context", "create", "bench", "--docker", "host=unix:///run/bench.sock"]
    subprocess.run(command, check=True, capture_output=True)
    assert find_context("bench") == ("unix:///run/bench.sock", None)


def test_the_default_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/own.sock")
    assert find_context("default") == ("unix:///run/own.sock", None)
    monkeypatch.delenv("DOCKER_HOST")
    assert find_context("default") == (LOCAL, None)


def test_certificates_come_along(folder: Path) -> None:
    key = save("bench", "tcp://192.0.2.1:2376", SkipTLSVerify=True)
    held = folder / "tls" / key / "docker"
    held.mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (held / f"{name}.pem").touch()
    _, tls = find_context("bench")
    assert tls is not None
    assert (tls.cert, tls.ca_cert, tls.verify) == (
        (str(held / "cert.pem"), str(held / "key.pem")), str(held / "ca.pem"), False
    )  # fmt: skip


def test_a_certificate_without_its_key_is_refused(folder: Path) -> None:
    held = folder / "tls" / save("bench", "tcp://192.0.2.1:2376") / "docker"
    held.mkdir(parents=True)
    (held / "cert.pem").touch()
    with pytest.raises(ConfigError, match="certificates of the Docker context 'bench'"):
        find_context("bench")


def test_one_that_is_not_there_is_refused_and_those_are_named_that_are() -> None:
    save("bench", LOCAL)
    with pytest.raises(ConfigError, match=r"'bunch' is none of the Docker contexts: bench, default; nor an address"):
        find_context("bunch")


@pytest.mark.parametrize("content", ["nonsense", "{}", '{"Name": "bench", "Endpoints": {}}'])
def test_a_file_that_is_none_is_refused_by_its_name(folder: Path, content: str) -> None:
    key = save("bench", LOCAL)
    meta = folder / "meta" / key / "meta.json"
    meta.write_text(content)
    with pytest.raises(ConfigError, match=str(meta)):
        find_context("bench")
