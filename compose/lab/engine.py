"""The Docker engine: finding it, and its errors in our words.  All foreign exceptions are translated here."""

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from docker import DockerClient
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.tls import TLSConfig
from requests import RequestException
from urllib3.exceptions import HTTPError

from backend.config import ConfigError
from compose.worlds.api import RunError

T = TypeVar("T")

ANSWER_LIMIT_S = 60
"""An engine that takes longer for one thing is as good as none."""

AT_ONCE = 8
"""So many things are asked of an engine at a time: it is quicker so, and has ten connections in all."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers."""

    address: str
    """As in DOCKER_HOST."""
    client: DockerClient


def connect(address: str = "", tls: TLSConfig | None = None) -> Engine:
    """The engine at that address, or that which the `docker` command would use.  Raises ConfigError where none is."""
    address = address or usual_address()
    try:
        client = DockerClient(base_url=address, timeout=ANSWER_LIMIT_S, tls=tls or False)
        client.ping()
    except (DockerException, RequestException, OSError) as error:
        raise ConfigError(
            f"no Docker engine answers at {address} ({reason(error)}); "
            "start one (sudo dockerd), or name another in DOCKER_HOST, such as unix:///run/docker.sock"
        ) from error
    return Engine(address, client)


def usual_address() -> str:
    """As the `docker` command finds it: DOCKER_HOST, else the current context."""
    if named := os.environ.get("DOCKER_HOST"):
        return named
    context = ContextAPI.get_current_context()
    return str(getattr(context, "Host", "") or "unix:///var/run/docker.sock")


@contextmanager
def engine_errors(doing: str) -> Generator[None]:
    """What the engine says is wrong becomes a RunError that says what we were doing."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise RunError(f"{doing}: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """The innermost of what it says: libraries wrap one refusal in several."""
    explanation = getattr(error, "explanation", None)
    if explanation:
        return str(explanation)
    while isinstance(error.__context__, OSError | DockerException | HTTPError):
        error = error.__context__
    return str(getattr(error, "strerror", None) or error)


def each(act: Callable[[T], object], things: Iterable[T]) -> None:
    """Do it to all of them, several at a time; then raise what the first that failed raised."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = [pool.submit(act, thing) for thing in things]
    for one in done:
        one.result()
