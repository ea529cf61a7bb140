import re
import tomllib

import pytest

from tests.docker.engine import ROOT, Engine

pytestmark = pytest.mark.timeout(400)  # the first of all makes the image

OCTETS_MAX = 260_000_000
LIBRARIES = """
import ctypes, msgspec, numpy, soundfile, soxr
from libpulse.libpulse_ctypes import PulseCTypes
PulseCTypes()
assert numpy.dot(numpy.ones(4), numpy.ones(4)) == 4
assert soundfile.__libsndfile_version__
assert len(soxr.resample(numpy.zeros(480, numpy.float32), 48000, 16000)) == 160
for library in ("libasound.so.2", "libpulse.so.0", "libatomic.so.1"):
    ctypes.CDLL(library)
print("all there")
"""


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def inside(engine: Engine, image: str, *command: str) -> str:
    """What a command says in a container that may do nothing."""
    bounds = ("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
    return engine.docker("run", "--rm", *bounds, image, *command)


def test_the_dockerfile_names_the_version_of_the_project() -> None:
    assert re.findall(r"^ARG VERSION=(.*)$", (ROOT / "compose" / "Dockerfile").read_text(), re.M) == [version()]


def test_its_label_is_the_version_that_it_says(engine: Engine, image: str) -> None:
    labels = engine.inspect(image)["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == version()
    assert inside(engine, image, "vsnd", "version") == f"vsnd {version()}"


def test_it_is_small(engine: Engine, image: str) -> None:
    size_octets = engine.inspect(image)["Size"]
    print(f"{size_octets / 1e6:.0f} MB")
    assert size_octets < OCTETS_MAX


def test_nobody_is_root_in_it(engine: Engine, image: str) -> None:
    assert inside(engine, image, "id", "-u") == "1000"


def test_every_library_works_without_a_file_being_written(engine: Engine, image: str) -> None:
    assert inside(engine, image, "python", "-c", LIBRARIES) == "all there"


def test_what_built_it_is_not_in_it(engine: Engine, image: str) -> None:
    found = inside(engine, image, "python", "-c", "import importlib.util as u; print(u.find_spec('pip'))")
    assert found == "None"
    assert inside(engine, image, "sh", "-c", "ls -d /wheelhouse /pip* 2>/dev/null || echo nothing") == "nothing"


def test_a_base_made_in_an_unknown_way_is_refused_in_one_line(engine: Engine) -> None:
    done = engine.run(str(ROOT / "compose" / "make_base.sh"), "magic")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "want installed or debootstrap" in done.stderr
