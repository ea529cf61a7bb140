"""A Docker engine for tests: the one that answers here, or a private one; and Compose, of both versions."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 60.0
COMMAND_LIMIT_S = 110.0


class Engine:
    """An engine, by its address (as DOCKER_HOST)."""

    def __init__(self, address: str) -> None:
        # Compose 1 is a Python package called `compose`, too: it must not find ours.
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VSND_"))}
        self.environment["DOCKER_HOST"] = address

    def run(
        self, *command: str, limit_s: float = COMMAND_LIMIT_S, said: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command that talks to the engine; `said` is what it reads."""
        return subprocess.run(
            command, env=self.environment, input=said, capture_output=True, text=True, check=False, timeout=limit_s
        )

    def docker(self, *arguments: str, limit_s: float = COMMAND_LIMIT_S) -> str:
        """What a docker command says; it must not fail."""
        done = self.run("docker", *arguments, limit_s=limit_s)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        """All that is known of a container or an image."""
        found: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return found


class Project:
    """A Compose project, which is removed at the end with all that belongs to it."""

    def __init__(
        self, engine: Engine, compose: tuple[str, ...], name: str, more: Mapping[str, str], *files: Path
    ) -> None:
        self.engine = engine
        self.name = name
        self._more = more
        given = [argument for file in (ROOT / "compose" / "compose.yaml", *files) for argument in ("-f", str(file))]
        self._command = (*compose, *given, "-p", name)

    def run(self, *arguments: str, limit_s: float = COMMAND_LIMIT_S) -> "subprocess.CompletedProcess[str]":
        """A Compose command."""
        environment = {**self.engine.environment, **self._more}
        return subprocess.run(
            [*self._command, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=limit_s
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """The same, still running."""
        environment = {**self.engine.environment, **self._more}
        return subprocess.Popen(
            [*self._command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def container(self, service: str) -> str:
        """The id of the service's one container."""
        return self.engine.docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={self.name}",
                                  "--filter", f"label=com.docker.compose.service={service}")  # fmt: skip

    def left(self) -> list[str]:
        """Containers, volumes and networks that bear its name."""
        label = f"label=com.docker.compose.project={self.name}"
        listings = (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q"))
        return [line for listing in listings for line in self.engine.docker(*listing, "--filter", label).split()]


@contextmanager
def found_or_private() -> Iterator[Engine]:
    """The engine that the docker client finds here; else one of our own, ended when done; else the test is skipped."""
    if shutil.which("docker") is None:
        pytest.skip("no docker: apt install docker.io docker-compose")
    found = Engine(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    if found.run("docker", "version").returncode == 0:
        yield found
    else:
        with private_engine() as own:
            yield own


@contextmanager
def private_engine() -> Iterator[Engine]:
    """One of our own, ended when done; the test is skipped where we may not start one."""
    if os.geteuid() or shutil.which("dockerd") is None:
        pytest.skip("an engine of our own takes root and dockerd (apt install docker.io)")
    folder = Path(tempfile.mkdtemp(prefix="vsnd-e"))  # short: a socket's path has 107 characters at most
    engine = Engine(f"unix://{folder}/docker.sock")
    places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
    # In a network of its own: two engines in one would take docker0 and its firewall rules from each other.  A Swarm's
    # manager wants it to have a loopback.
    raised = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "dockerd"]
    command = [*raised, "dockerd", *places, "-H", f"unix://{folder}/docker.sock"]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline_s = time.monotonic() + START_LIMIT_S
        while engine.run("docker", "version").returncode:
            if daemon.poll() is not None or time.monotonic() > deadline_s:
                pytest.skip(f"dockerd does not start: {(folder / 'log').read_text().splitlines()[-1]}")
            time.sleep(0.1)
        yield engine
    finally:
        daemon.terminate()
        daemon.wait(30)
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in (place for place in mounted if place.startswith(f"{folder}/")):  # it leaves a network namespace
            subprocess.run(["umount", place], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def compose_commands(engine: Engine, folder: Path) -> dict[str, tuple[str, ...]]:
    """How to run each Compose that there is, by its version: "1" and "2".  Compose 2 may be unpacked into `folder`."""
    commands: dict[str, tuple[str, ...]] = {}
    if shutil.which("docker-compose") and "version 1" in engine.run("docker-compose", "version").stdout:
        commands["1"] = ("docker-compose",)
    if engine.run("docker", "compose", "version").returncode:
        if engine.run(str(Path(__file__).parent / "get_compose2.sh"), str(folder)).returncode:
            return commands
        return {**commands, "2": ("docker", "--config", str(folder), "compose")}
    return {**commands, "2": ("docker", "compose")}
