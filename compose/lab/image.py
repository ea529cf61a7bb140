"""The image that all containers are made of: found on the engine, or built there.

An image must hold the very code that runs here, for the parts inside and outside speak to each other.  So it bears a
digest of that code, and is looked for by it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, BuildError, DockerException, ImageNotFound
from docker.models.images import Image

from backend.config import ConfigError
from compose.lab.engine import Engine, engine_errors
from compose.version import vsnd_version
from compose.worlds.api import RunError

CODE = "vsnd.code"
"""The label with the digest."""

PACKAGES = ("ringproto", "hosts", "backend", "frontend", "compose")
TREE = Path(__file__).parents[2]

BASE_NAME, BASE_TAG = "python", "3.11-slim-bookworm"
BASE = f"{BASE_NAME}:{BASE_TAG}"
OWN_BASE = "vsnd-base"
"""What make_base.sh makes where no registry can be reached."""

BUILD_LIMIT_S = 600

Say = Callable[[str], None]


def code_digest() -> str:
    """Of all files of our packages."""
    digest = sha256()
    for name in PACKAGES:
        folder = Path(str(import_module(name).__file__)).parent
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{name}/{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def ready_image(engine: Engine, say: Say) -> Image:
    """The image of this code; it is built where there is none.  Raises ConfigError, RunError."""
    digest = code_digest()
    return find_image(engine, digest) or _build(engine, digest, say)


def find_image(engine: Engine, digest: str) -> Image | None:
    """The image of the code with that digest, where the engine has it.  Raises RunError."""
    with engine_errors("looking for the image"):
        found = engine.client.images.list(filters={"label": f"{CODE}={digest}"})
    return found[0] if found else None


def _build(engine: Engine, digest: str, say: Say) -> Image:
    if not (TREE / "pyproject.toml").is_file():
        raise ConfigError(
            f"no image on the engine holds vsnd {vsnd_version()} ({CODE}={digest}), and an installed vsnd cannot build "
            "one: run this in vsnd's source tree, or docker load an image made there"
        )
    client = engine.client
    before = _dangling(client)
    with tempfile.TemporaryDirectory(prefix="vsnd-wheels-") as wheels:
        say("Building the image: wheels")
        _script("make_wheelhouse.sh", engine, wheels)
        base = _base(engine, say)
        say(f"Building the image on {base}")
        image = _from_wheels(client, Path(wheels), base, digest)
    for leftover in _dangling(client) - before - {image.id}:
        _drop(client, leftover)
    return image


def _from_wheels(client: DockerClient, wheels: Path, base: str, digest: str) -> Image:
    with engine_errors("building the image"):
        try:
            image, _ = client.images.build(
                path=str(wheels),
                dockerfile=str(TREE / "compose" / "Dockerfile"),
                tag=f"vsnd:{vsnd_version()}",
                buildargs={"BASE": base, "VERSION": vsnd_version()},
                labels={CODE: digest},
                network_mode="none" if base == OWN_BASE else None,
                rm=True,
                forcerm=True,
                timeout=BUILD_LIMIT_S,
            )
        except BuildError as error:
            said = [str(line.get("stream", "")).strip() for line in error.build_log]
            last = next((line for line in reversed(said) if line and not line.startswith("--->")), "")
            raise RunError(f"building the image failed: {error.msg} ({last})") from error
    return image


def _base(engine: Engine, say: Say) -> str:
    """What the image is built on: what is there already, else from a registry, else from this machine's packages."""
    for name in (BASE, OWN_BASE):
        try:
            engine.client.images.get(name)
        except ImageNotFound:
            continue
        return name
    say(f"Pulling {BASE}")
    try:
        engine.client.images.pull(BASE_NAME, BASE_TAG)
    except DockerException:
        say("No registry can be reached; making a base from installed packages")
        _script("make_base.sh", engine, "installed", OWN_BASE)
        return OWN_BASE
    return BASE


def _script(name: str, engine: Engine, *arguments: str) -> None:
    path = TREE / "compose" / name
    environment = {**os.environ, "DOCKER_HOST": engine.address, "PYTHON": sys.executable}  # fmt: skip
    done = subprocess.run(  # noqa: S603  # our own script
        [str(path), *arguments], env=environment, capture_output=True, text=True, check=False, timeout=BUILD_LIMIT_S
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise RunError(f"{path.name} failed: {last}")


def _dangling(client: DockerClient) -> set[str | None]:
    with engine_errors("looking for the image"):
        return {image.id for image in client.images.list(filters={"dangling": True})}


def _drop(client: DockerClient, image_id: str | None) -> None:
    """Remove an image, unless somebody uses it."""
    try:
        client.images.remove(str(image_id))
    except APIError:
        return
