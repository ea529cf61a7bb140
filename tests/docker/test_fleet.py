"""Two hosts, each an engine of its own on this machine; then a Swarm of one node."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

from backend.latency.result import read_result
from compose.fleet.report import Fleet, read_fleet
from compose.lab.engine import connect
from compose.lab.image import CODE, code_digest, find_image, ready_image
from compose.lab.labels import MAKER, PART
from compose.scenario import RECORDINGS
from tests.docker.engine import ROOT, Engine, private_engine
from tests.docker.vsnd import left, run, scenario, start, wait_for
from tests.processes.correlation import lag_of, mono

# Of the first test, an engine of its own and the image on it are part.
pytestmark = pytest.mark.timeout(300)

SECONDS = 2
STACK = "vsndtest"


@pytest.fixture(scope="module")
def other() -> Iterator[Engine]:
    with private_engine() as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def _built(engine: Engine) -> None:
    """The image takes half a minute, which no test below is given."""
    ready_image(connect(engine.environment["DOCKER_HOST"]), print)


def fleet(left_engine: str, right_engine: str, seconds: float = SECONDS, top: str = "") -> str:
    hosts = (("left", left_engine, 1), ("right", right_engine, 2))
    said = (f'[[hosts]]\nname = "{name}"\nengine = "{where}"\nguests = [{guest}]\n' for name, where, guest in hosts)
    return scenario(seconds, top=top) + "".join(said)


def address(engine: Engine) -> str:
    return engine.environment["DOCKER_HOST"]


def boxes(engine: Engine) -> int:
    return len(engine.docker("ps", "-q", "--filter", f"label={MAKER}").split())


@pytest.fixture(scope="module")
def finished(engine: Engine, other: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which the right host is a Docker context's."""
    folder = tmp_path_factory.mktemp("fleet")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DOCKER_CONFIG", str(folder / "docker"))
        made = ["docker", "context", "create", "bench", "--docker", f"host={address(other)}"]
        subprocess.run(made, check=True, capture_output=True)
        (folder / "two.toml").write_text(fleet(address(engine), "bench"))
        done = run(engine, "run", str(folder / "two.toml"), "--world", "docker", "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    assert "left" in done.stdout
    assert "right" in done.stdout
    return folder / "out"


@pytest.fixture(scope="module")
def reported(finished: Path) -> Fleet:
    return read_fleet(finished / "fleet.json")


def test_each_host_plays_its_guests_and_leaves_a_folder_as_any_run(finished: Path) -> None:
    for name, guest in (("left", "music"), ("right", "telephone")):
        result = read_result(finished / name / "result.json")
        assert [each.name for each in result.guests] == [guest]
        assert (result.run.scenario, result.run.world) == (f"two on {name}", "docker")
        assert result.trace.dropped_records == 0
        assert (finished / name / "report.html").is_file()
    lag_of(mono(finished / "left" / "mix.wav"), mono(RECORDINGS / "melody.flac"))


def test_the_page_above_them_leads_to_each_hosts_report(finished: Path, reported: Fleet) -> None:
    page = (finished / "report.html").read_text()
    for host in reported.hosts:
        assert f'href="{host.runs[0].folder}/report.html"' in page
        assert (finished / host.runs[0].folder / "report.html").is_file()
    assert [(host.name, host.lost) for host in reported.hosts] == [("left", ""), ("right", "")]


def test_two_engines_of_one_machine_have_one_clock_and_so_it_is_measured(finished: Path, reported: Fleet) -> None:
    for host in reported.hosts:
        timing = host.runs[0].timing
        assert timing is not None
        for clocks in (timing.before, timing.after):
            assert abs(clocks.monotonic.ahead_ns) <= clocks.monotonic.within_ns
        assert timing.before.at_ns <= timing.go_ns <= timing.after.at_ns
    assert "left and right are one machine" in (finished / "report.html").read_text()


def test_the_image_was_copied_and_nothing_else_is_left(engine: Engine, other: Engine, finished: Path) -> None:
    copied = find_image(connect(address(other)), code_digest())
    assert copied is not None
    assert copied.labels[CODE] == code_digest()
    assert left(engine) == left(other) == []


def test_it_is_built_again_from_what_is_on_disk(engine: Engine, finished: Path, reported: Fleet) -> None:
    for page in (finished / "report.html", finished / "left" / "result.json"):
        page.unlink()
    done = run(engine, "report", str(finished), "--fail-if", "guest.music.underruns > 1000")
    assert done.returncode == 0, done.stderr
    assert read_fleet(finished / "fleet.json") == reported
    assert (finished / "report.html").is_file()


def test_ctrl_c_removes_everything_everywhere(engine: Engine, other: Engine, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(fleet(address(engine), address(other), 60))
    out = tmp_path / "out"
    with start(engine, "run", str(tmp_path / "long.toml"), "--world", "docker", "--out", str(out)) as running:
        wait_for(lambda: boxes(engine) == boxes(other) == 3)  # a clock, Dom0, a guest
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=100)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert left(engine) == left(other) == []


def test_a_swarm_plays_on_each_node(other: Engine, tmp_path: Path) -> None:
    """By the commands of docs/fleet.md.  It is the other engine's, which is ours."""
    if find_image(connect(address(other)), code_digest()) is None:
        pytest.skip("the image was not copied")
    (tmp_path / "all.toml").write_text(scenario(SECONDS))
    image = find_image(connect(address(other)), code_digest())
    assert image is not None
    other.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    said = {"VSND_IMAGE": image.tags[0], "VSND_SCENARIO": str(tmp_path / "all.toml")}
    stack = ["docker", "stack", "deploy", "-c", str(ROOT / "compose" / "stack.yaml"), "--resolve-image", "never", STACK]
    try:
        subprocess.run(stack, env={**other.environment, **said}, check=True, capture_output=True, timeout=60)
        done = other.run(str(ROOT / "compose" / "collect.sh"), STACK, str(tmp_path / "swarm"))
        assert done.returncode == 0, done.stderr
    finally:
        other.docker("stack", "rm", STACK)
        wait_for(lambda: STACK not in other.docker("network", "ls"))
        other.docker("swarm", "leave", "--force")
    (node,) = (tmp_path / "swarm").iterdir()
    built = run(other, "report", str(tmp_path / "swarm"), "--hosts")
    assert built.returncode == 0, built.stderr
    result = read_result(node / "result.json")
    assert [guest.name for guest in result.guests] == ["music", "telephone"]
    assert all(stream.frames_played for guest in result.guests for stream in guest.streams)
    assert "Nobody measured these hosts" in (tmp_path / "swarm" / "report.html").read_text()


def test_a_host_that_is_lost_costs_the_others_nothing(engine: Engine, other: Engine, tmp_path: Path) -> None:
    """The last test here: it ends the other engine, while its guest plays in the first of two runs."""
    (tmp_path / "two.toml").write_text(fleet(address(engine), address(other), 3, 'pacing = ["irq", "timer"]\n'))
    out = tmp_path / "out"
    pid = int(Path(address(other).removeprefix("unix://")).with_name("pid").read_text())
    with start(engine, "run", str(tmp_path / "two.toml"), "--world", "docker", "--out", str(out)) as running:
        wait_for(lambda: "guest-2" in other.docker("ps", "--format", f'{{{{.Label "{PART}"}}}}'))
        os.kill(pid, signal.SIGTERM)
        _, errors = running.communicate(timeout=100)
    assert running.returncode == 1
    assert "host right was lost: " in errors
    gone = json.loads((out / "fleet.json").read_bytes())["hosts"]
    assert [(host["name"], len(host["runs"]), bool(host["lost"])) for host in gone] == [
        ("left", 2, False),
        ("right", 0, True),
    ]
    assert "Host right was lost" in (out / "report.html").read_text()
    assert (out / "left" / "comparison.json").is_file()
    assert left(engine) == []
