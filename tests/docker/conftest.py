"""One engine and one image for all tests here."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.docker.engine import ROOT, Engine, Project, compose_commands, found_or_private

MakeProject = Callable[..., Project]

LIMIT_S = 400
"""The first test of all makes the image, of packages that may have to be fetched."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder that time."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with found_or_private() as found:
        yield found


@pytest.fixture(scope="session")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image of this tree, on a base of this machine's packages."""
    name, base = f"vsnd-test-{os.getpid()}", f"vsnd-test-{os.getpid()}-base"
    wheels = tmp_path_factory.mktemp("wheelhouse")
    environment = {**engine.environment, "PYTHON": sys.executable}
    for script, *arguments in (("make_base.sh", "installed", base), ("make_wheelhouse.sh", str(wheels))):
        command = [str(ROOT / "compose" / script), *arguments]
        made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        if made.returncode:
            pytest.skip(f"{script}: {(made.stderr or made.stdout).strip().splitlines()[-1]}")
    dockerfile = str(ROOT / "compose" / "Dockerfile")
    build = ["build", "--network", "none", "--force-rm", "-t", name, "--build-arg", f"BASE={base}", "-f", dockerfile]
    engine.docker(*build, str(wheels), limit_s=300)
    yield name
    engine.docker("image", "rm", name, base)
    engine.docker("image", "prune", "--force", "--filter", "label=vsnd.stage=install")  # the classic builder keeps it


@pytest.fixture(scope="session")
def composes(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, ...]]:
    return compose_commands(engine, tmp_path_factory.mktemp("compose2"))


@pytest.fixture(scope="module")
def make_project(engine: Engine, image: str, composes: dict[str, tuple[str, ...]]) -> Iterator[MakeProject]:
    """Makes Compose projects with the given version, environment and further files; in the end nothing is left."""
    made: list[Project] = []
    (ROOT / "out" / "wheelhouse").mkdir(parents=True, exist_ok=True)  # Compose 1 wants it, though it builds nothing

    def make(version: str, more: Mapping[str, str] | None = None, *files: Path) -> Project:
        if version not in composes:
            pytest.skip(f"no Compose {version}")
        name = f"vsndtest{os.getpid()}n{len(made)}"
        project = Project(engine, composes[version], name, {"VSND_IMAGE": image, **(more or {})}, *files)
        made.append(project)
        return project

    yield make
    for project in made:
        project.run("down", "-v", "--timeout", "5")
    assert [project.left() for project in made] == [[] for _ in made]
