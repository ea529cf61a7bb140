"""`vsnd lab` as a user has it: up, looked at, played on, and taken down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")


from compose.lab.engine import connect
from compose.lab.image import ready_image
from compose.lab.labels import RUN
from compose.lab.standing import LAB, doing, find_parts
from compose.scenario import RECORDINGS
from tests.docker.engine import Engine
from tests.docker.vsnd import left, run, scenario, start, wait_for


@pytest.fixture(scope="module", autouse=True)
def standing(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lab that is up; the folder of what it leaves."""
    folder = tmp_path_factory.mktemp("lab")
    address = engine.environment["DOCKER_HOST"]
    if find_parts(connect(address)):
        pytest.skip(f"a lab is up on {address}: vsnd lab down")
    ready_image(connect(address), print)
    (folder / "two.toml").write_text(scenario(3))
    done = run(engine, "lab", "up", str(folder / "two.toml"), "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    yield folder
    run(engine, "lab", "down", "--out", str(folder / "out"))
    assert left(engine) == []


def test_status_says_what_runs_and_what_it_does(engine: Engine) -> None:
    done = run(engine, "lab", "status")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if "vsnd-lab-" in line}
    assert set(lines) == {"dom0", "music", "telephone"}
    assert all("running" in line for line in lines.values())
    assert "idle" in lines["music"]


def test_a_guest_plays_a_file_as_often_as_one_likes(engine: Engine, standing: Path) -> None:
    """Each time it comes as a new domain, and finds a new card."""
    for _ in range(2):
        done = run(engine, "lab", "play", "music", str(RECORDINGS / "announcement.flac"))
        assert done.returncode == 0, done.stderr
        assert "underruns" in done.stdout


def test_playing_ends_with_who_asked_for_it(engine: Engine) -> None:
    found = connect(engine.environment["DOCKER_HOST"])

    def busy() -> str:
        return next(doing(found, part) for part in find_parts(found) if part.guest and part.guest.name == "music")

    with start(engine, "lab", "play", "1", str(RECORDINGS / "melody.flac")) as playing:
        wait_for(lambda: "play" in busy())
        second = run(engine, "lab", "play", "music", str(RECORDINGS / "melody.flac"))
        assert second.returncode == 2
        assert "music is busy" in second.stderr
        playing.send_signal(2)
        playing.communicate(timeout=30)
    assert playing.returncode == 130
    wait_for(lambda: not busy())


def test_a_shell_is_inside_that_guest(engine: Engine) -> None:
    done = run(engine, "lab", "shell", "telephone", said="cat /etc/hostname; ls /machine\n")
    assert done.stdout.split() == ["guest-2", "dom2"]


def test_an_unknown_guest_is_said_in_one_line(engine: Engine) -> None:
    done = run(engine, "lab", "play", "nobody", str(RECORDINGS / "melody.flac"))
    assert done.returncode == 2
    assert done.stderr == "vsnd: 'nobody' is none of the lab's: dom0, music, telephone\n"


def test_a_guest_that_does_not_play_is_said_in_one_line(engine: Engine) -> None:
    done = run(engine, "lab", "play", "telephone", str(RECORDINGS / "melody.flac"))
    assert done.returncode == 2
    assert done.stderr == "vsnd: telephone has no stream that plays\n"


def test_there_is_one_lab(engine: Engine, tmp_path: Path) -> None:
    done = run(engine, "lab", "up", "demo", "--out", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == "vsnd: a lab is up already (two); first: vsnd lab down\n"


def test_down_saves_what_is_left_and_removes_the_rest(engine: Engine, standing: Path, tmp_path: Path) -> None:
    """Another one, whose guests play by themselves, in the place of that of the other tests."""
    done = run(engine, "lab", "down", "--out", str(tmp_path / "first"))
    assert done.returncode == 0, done.stderr
    assert left(engine) == []
    assert run(engine, "lab", "status").returncode == 2
    up = run(engine, "lab", "up", str(standing / "two.toml"), "--out", str(tmp_path / "out"), "--playing")
    assert up.returncode == 0, up.stderr
    found = connect(engine.environment["DOCKER_HOST"])
    wait_for(lambda: not any(doing(found, part) for part in find_parts(found)))
    done = run(engine, "lab", "down", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names >= {"mix.wav", "take.wav", "guest-1.json", "backend.json", "backend.vtrace", "containers.json"}
    assert engine.docker("ps", "-aq", "--filter", f"label={RUN}={LAB}") == ""
    assert left(engine) == []
