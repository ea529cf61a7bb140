"""`vsnd run --world docker` as a user starts it: real containers, real time."""

import json
import signal
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("docker", reason="no Docker SDK: pip install 'vsnd[lab]'")

import soundfile

from backend.config import ConfigError
from backend.latency.result import Result, read_result
from compose.lab.engine import connect
from compose.lab.image import CODE, code_digest, ready_image
from compose.lab.labels import MAKER, sweep
from compose.scenario import RECORDINGS
from compose.worlds.api import RunError
from tests.backend.devices.pulse.servers import PulseAudio
from tests.docker.engine import Engine
from tests.docker.vsnd import left, run, scenario, start, wait_for
from tests.processes.correlation import lag_of, mono

SECONDS = 3
LIMITED = """cpu_limit = 0.15
memory_mb = 200
[guests.realtime]
cpus = [0]"""


@pytest.fixture(scope="module", autouse=True)
def _built(engine: Engine) -> None:
    """The image takes half a minute, which no test below is given."""
    ready_image(connect(engine.environment["DOCKER_HOST"]), print)


@pytest.fixture(scope="module")
def finished(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "two.toml").write_text(scenario(SECONDS, LIMITED, top='load = ["busy"]\nloads.busy.kind = "cpu"\n'))
    done = run(engine, "run", str(folder / "two.toml"), "--world", "docker", "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    assert left(engine) == []
    return folder / "out"


@pytest.fixture(scope="module")
def result(finished: Path) -> Result:
    return read_result(finished / "result.json")


def test_the_result_is_that_of_any_world(result: Result) -> None:
    assert result.run.world == "docker"
    assert [guest.name for guest in result.guests] == ["music", "telephone"]
    assert result.trace.dropped_records == 0
    assert result.trace.damaged_files == []
    music, take = (guest.streams[0] for guest in result.guests)
    assert music.playback_delay_ns is not None
    assert take.capture_delay_ns is not None


def test_every_guest_played_and_recorded_all_of_it(result: Result) -> None:
    music, take = (guest.streams[0] for guest in result.guests)
    assert music.frames_played >= SECONDS * 44100
    assert take.frames_played >= SECONDS * 48000


def test_what_a_guest_plays_is_heard(finished: Path) -> None:
    _, clear = lag_of(mono(RECORDINGS / "melody.flac")[48000:72000], mono(finished / "mix.wav"))
    assert clear > 2


def test_what_a_guest_records_is_taken_out(finished: Path) -> None:
    taken, _ = soundfile.read(finished / "take.wav", always_2d=True)
    assert len(taken) == SECONDS * 48000
    assert abs(taken).max() > 0.05


def test_limits_of_the_scenario_hold_and_are_said(result: Result) -> None:
    music = result.guests[0].container
    assert music is not None
    assert (music.cpu_limit, music.cpus, music.memory_limit_octets) == (0.15, [0], 200 << 20)
    assert music.throttled_ns, "starting Python takes more than that of a processor"
    assert music.throttled_periods


def test_every_container_says_what_it_took(result: Result) -> None:
    containers = [*(guest.container for guest in result.guests), result.backend.container]
    for container in containers:
        assert container is not None
        assert container.image.startswith("sha256:")
        assert container.cpu_ns
        assert container.memory_peak_octets is None or container.memory_peak_octets > 1 << 20


def test_a_neighbour_that_computes_is_a_container_too(finished: Path, result: Result) -> None:
    assert result.run.load_cpu_s
    ended = json.loads((finished / "logs" / "containers.json").read_bytes())
    assert {container["name"] for container in ended} >= {"dom0", "guest-1", "guest-2", "load-0"}
    assert {container["exit_code"] for container in ended} == {0}


def test_all_logs_are_collected(finished: Path) -> None:
    assert "domain 1: connected" in (finished / "logs" / "backend.log").read_text()
    names = {path.name for path in (finished / "logs").glob("*.log")}
    assert names >= {"host.log", "backend.log", "dom0.log", "guest-1.log", "guest-2.log", "load-0.log"}


def test_a_guest_that_floods_is_a_container_too(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "flood.toml").write_text(scenario(2, top='load = ["flood"]\n'))
    done = run(engine, "run", str(tmp_path / "flood.toml"), "--world", "docker", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert read_result(tmp_path / "out" / "result.json").run.load_requests
    assert left(engine) == []


def test_a_guest_without_memory_is_said_in_one_line(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(scenario(2, "memory_mb = 16"))
    done = run(engine, "run", str(tmp_path / "small.toml"), "--world", "docker", "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "guest-1 did not start: it was killed (status 137) for using more memory than it may" in done.stderr
    assert left(engine) == []
    ended = json.loads((tmp_path / "out" / "logs" / "containers.json").read_bytes())
    assert [container["out_of_memory"] for container in ended if container["name"] == "guest-1"] == [True]


def test_ctrl_c_leaves_nothing_but_logs(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(scenario(60))
    running = start(engine, "run", str(tmp_path / "long.toml"), "--world", "docker", "--out", str(tmp_path / "out"))
    with running:
        wait_for(lambda: len(engine.docker("ps", "-q", "--filter", f"label={MAKER}").split()) == 3)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert left(engine) == []
    assert (tmp_path / "out" / "logs" / "backend.log").exists()


def test_what_a_killed_run_leaves_ends_by_itself_and_is_removed_by_the_next(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text(scenario(60))

    def alive() -> int:
        return len(engine.docker("ps", "-q", "--filter", f"label={MAKER}").split())

    with start(engine, "run", str(tmp_path / "long.toml"), "--world", "docker", "--out", str(tmp_path / "out")) as one:
        wait_for(lambda: alive() == 3)
        one.kill()
    wait_for(lambda: alive() == 0)
    assert left(engine)
    assert len(sweep(connect(engine.environment["DOCKER_HOST"]).client)) == 1
    assert left(engine) == []


def test_no_engine_is_said_in_one_line(tmp_path: Path) -> None:
    nobody = Engine(f"unix://{tmp_path}/docker.sock")
    done = run(nobody, "run", "demo", "--world", "docker", "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"no Docker engine answers at unix://{tmp_path}/docker.sock" in done.stderr
    assert "DOCKER_HOST" in done.stderr


def test_an_installed_vsnd_says_that_there_is_no_image(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compose.lab.image.code_digest", lambda: "0123")
    monkeypatch.setattr("compose.lab.image.TREE", tmp_path)
    with pytest.raises(ConfigError, match=f"no image.*{CODE}=0123.*docker load"):
        ready_image(connect(engine.environment["DOCKER_HOST"]), print)


def test_an_image_that_cannot_be_built_is_said_in_one_line(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compose").mkdir()
    (tmp_path / "pyproject.toml").touch()
    script = tmp_path / "compose" / "make_wheelhouse.sh"
    script.write_text("#!/bin/sh\necho some\necho no wheels today >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr("compose.lab.image.code_digest", lambda: "0123")
    monkeypatch.setattr("compose.lab.image.TREE", tmp_path)
    with pytest.raises(RunError, match=r"make_wheelhouse.sh failed: no wheels today"):
        ready_image(connect(engine.environment["DOCKER_HOST"]), print)


def test_an_image_is_built_once(engine: Engine) -> None:
    found = connect(engine.environment["DOCKER_HOST"])
    said: list[str] = []
    first, second = (ready_image(found, said.append) for _ in range(2))
    assert first.id == second.id
    assert said == []
    assert first.labels[CODE] == code_digest()


def test_dom0_plays_on_the_sound_server_that_is_there(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped lab, whose speaker is a PulseAudio server's where one answers."""
    with tempfile.TemporaryDirectory(prefix="v") as folder:  # short: a socket's path has 107 characters at most
        server = PulseAudio(Path(folder))
        try:
            monkeypatch.setenv("PULSE_SERVER", server.url)
            done = run(engine, "run", "lab", "--world", "docker", "--out", f"{folder}/out")
            assert done.returncode == 0, done.stderr
            devices = read_result(Path(folder) / "out" / "result.json").devices
        finally:
            server.close()
    kinds = {device.name: device.kind for device in devices}
    assert kinds == {"speaker": "pulse", "microphone (capture)": "clocked"}
    assert left(engine) == []
