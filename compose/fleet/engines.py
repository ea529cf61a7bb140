"""The hosts' engines: by a Docker context's name or an address, as the scenario says; and the image on each of them.

The image is made, where it must be, on the first host's engine, and copied from there: an engine gives an image as an
archive and takes it as one, so no registry is needed, and all hosts run the same code.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

from docker.models.images import Image

from backend.config import ConfigError
from compose.fleet.contexts import find_context
from compose.fleet.spec import HostSpec
from compose.lab.engine import Engine, connect, engine_errors
from compose.lab.image import code_digest, find_image
from compose.worlds.api import RunError

PIECE_OCTETS = 1 << 20


def find_engine(host: HostSpec) -> Engine:
    """The engine of that host.  Raises ConfigError naming the host where there is no such context, or none answers."""
    try:
        if "://" in host.engine:
            return connect(host.engine)
        return connect(*find_context(host.engine))
    except ConfigError as error:
        raise ConfigError(f"host {host.name}: {error}") from error


def need_image(engine: Engine) -> Image:
    """The image of this code, which must be there.  Raises RunError."""
    image = find_image(engine, code_digest())
    if image is None:
        raise RunError(f"the engine at {engine.address} has not got the image")
    return image


def copy_image(image: Image, engine: Engine, on_copied: Callable[[int], None]) -> None:
    """The same image on that engine, unless it is there; `on_copied` hears how many octets went.  Raises RunError."""
    with engine_errors(f"copying the image to {engine.address}"):
        if find_image(engine, code_digest()) is None:
            pieces = _counted(image.save(PIECE_OCTETS, named=True), on_copied)
            engine.client.images.load(cast("Any", pieces))  # its stub does not know that pieces will do
    need_image(engine)


def _counted(pieces: Iterator[bytes], on_copied: Callable[[int], None]) -> Iterator[bytes]:
    octets = 0
    for piece in pieces:
        yield piece
        octets += len(piece)
        on_copied(octets)
