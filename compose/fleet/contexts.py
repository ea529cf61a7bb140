"""Docker's contexts: engines that have names, as `docker context create` leaves them in files.

    ~/.docker/contexts/meta/SHA256_OF_NAME/meta.json    the address
    ~/.docker/contexts/tls/SHA256_OF_NAME/docker/       ca.pem, cert.pem, key.pem

Read here since the SDK looks for them beside ~/.docker/config.json, and where that is not, as often it is not, in the
folder that one happens to be in.
"""

import os
from hashlib import sha256
from pathlib import Path

import msgspec
from docker.errors import TLSParameterError
from docker.tls import TLSConfig

from backend.config import ConfigError

DEFAULT = "default"
"""The context that no file says anything of."""
LOCAL = "unix:///var/run/docker.sock"
"""Where it is, unless DOCKER_HOST says."""


class Endpoint(msgspec.Struct, frozen=True, rename={"host": "Host", "skip_verify": "SkipTLSVerify"}):
    """How to reach an engine."""

    host: str = LOCAL
    skip_verify: bool = False


class Endpoints(msgspec.Struct, frozen=True):
    """Of all that a context may be of."""

    docker: Endpoint


class Context(msgspec.Struct, frozen=True, rename={"name": "Name", "endpoints": "Endpoints"}):
    """A `meta.json`."""

    name: str
    endpoints: Endpoints


def find_context(name: str) -> tuple[str, TLSConfig | None]:
    """The address of that context's engine, and by which certificates.  Raises ConfigError."""
    if name == DEFAULT:
        return os.environ.get("DOCKER_HOST") or LOCAL, None
    key = sha256(name.encode()).hexdigest()
    path = _folder() / "meta" / key / "meta.json"
    if not path.is_file():
        raise ConfigError(
            f"engine: {name!r} is none of the Docker contexts: {', '.join(_names())}; nor an address, with ://"
        )
    endpoint = _read(path).endpoints.docker
    try:
        return endpoint.host, _tls(_folder() / "tls" / key / "docker", endpoint)
    except TLSParameterError as error:
        raise ConfigError(f"engine: the certificates of the Docker context {name!r}: {error}") from error


def _folder() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "contexts"


def _read(path: Path) -> Context:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Context)
    except msgspec.DecodeError as error:
        raise ConfigError(f"engine: {path}: no Docker context: {error}") from error


def _names() -> list[str]:
    return sorted([DEFAULT, *(_read(path).name for path in _folder().glob("meta/*/meta.json"))])


def _tls(folder: Path, endpoint: Endpoint) -> TLSConfig | None:
    """None where there are no certificates."""
    ca, cert, key = (folder / f"{name}.pem" for name in ("ca", "cert", "key"))
    if not ca.is_file() and not cert.is_file():
        return None
    return TLSConfig(
        client_cert=(str(cert), str(key)) if cert.is_file() else None,
        ca_cert=str(ca) if ca.is_file() else None,
        verify=not endpoint.skip_verify,
    )
