"""`docker compose -f compose/compose.yaml up`, as a user types it, with both versions of Compose."""

import signal
import time
from pathlib import Path

import pytest
import soundfile

from backend.latency.result import Result, read_result
from compose.scenario import RECORDINGS, SCENARIOS, StreamSpec, read_scenario
from tests.backend.devices.pulse.servers import PulseAudio
from tests.docker.conftest import MakeProject
from tests.docker.engine import ROOT, Project
from tests.processes.correlation import lag_of, mono

LAB = read_scenario(SCENARIOS / "lab.toml")
GUESTS = tuple(guest.name for guest in LAB.guests)


def bring(project: Project, folder: Path) -> Path:
    """Dom0's output, copied to `folder`."""
    project.engine.docker("cp", f"{project.container('dom0')}:/out", str(folder / "out"))
    return folder / "out"


def assert_all_was_played(result: Result) -> None:
    """Every stream went on from its beginning to the end of the scenario."""
    assert [guest.name for guest in result.guests] == list(GUESTS)
    for guest, spec in zip(result.guests, LAB.guests, strict=True):
        for stream, asked in zip(guest.streams, spec.streams, strict=True):
            assert stream.frames_played >= (LAB.duration_s - asked.begins_s) * asked.rate_hz


def run(project: Project) -> None:
    """Up, until all have ended by themselves."""
    done = project.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    for service in ("dom0", *GUESTS):
        state = project.engine.inspect(project.container(service))["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 0), done.stdout


@pytest.fixture(scope="module", params=["1", "2"])
def out(request: pytest.FixtureRequest, make_project: MakeProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the lab leaves."""
    project = make_project(request.param)
    run(project)
    return bring(project, tmp_path_factory.mktemp("lab"))


@pytest.mark.parametrize("stream", [guest.streams[0] for guest in LAB.guests], ids=GUESTS)
def test_the_mix_holds_every_recording_at_a_constant_place(out: Path, stream: StreamSpec) -> None:
    sound = mono(RECORDINGS / str(stream.plays))
    half = len(sound) // 2
    once = mono(out / "mix.wav")[: len(sound) + round((stream.begins_s + 0.5) * 48_000)]  # before it begins again
    (first, clear_first), (second, clear_second) = lag_of(sound[:half], once), lag_of(sound[half : 2 * half], once)
    assert min(clear_first, clear_second) > 1.5, "not to be heard"
    assert abs(second - first - half) <= 2, "it drifts"


def test_the_result_has_every_guest_with_its_delays(out: Path) -> None:
    result = read_result(out / "result.json")
    assert result.run.world == "docker"
    assert_all_was_played(result)
    for stream in (stream for guest in result.guests for stream in guest.streams):
        assert (stream.playback_delay_ns is not None) == (stream.direction == "playback")
        assert stream.period_lateness_ns is not None
    assert (result.trace.dropped_records, result.trace.damaged_files) == (0, [])
    assert (out / "report.html").stat().st_size > 100_000


def test_a_sound_server_is_played_on_through_its_socket(make_project: MakeProject, tmp_path: Path) -> None:
    pytest.importorskip("libpulse", reason="no libpulse: pip install 'vsnd[pulse]'")
    server = PulseAudio(tmp_path)
    try:
        project = make_project("1", {"VSND_SOUND": "pulse", "PULSE_SOCKET": str(server.socket)})
        run(project)
        result = read_result(bring(project, tmp_path) / "result.json")
    finally:
        server.close()
    assert {device.name: device.kind for device in result.devices}["speaker"] == "pulse"
    assert_all_was_played(result)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(("sound", "passed_in"), [("pulse", "/run/pulse/native"), ("alsa", "/dev/snd")])
def test_what_a_sound_needs_is_passed_in(make_project: MakeProject, version: str, sound: str, passed_in: str) -> None:
    shown = make_project(version, {"VSND_SOUND": sound}).run("config").stdout
    assert passed_in in shown
    assert str(ROOT / "compose" / "docker" / f"{sound}.toml") in shown


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_sound_that_is_none_is_refused(make_project: MakeProject, version: str) -> None:
    done = make_project(version, {"VSND_SOUND": "gramophone"}).run("config")
    assert done.returncode
    assert "gramophone" in done.stderr


@pytest.mark.parametrize("version", ["1", "2"])
def test_ctrl_c_ends_all_of_it_and_leaves_the_sound_whole(
    make_project: MakeProject, version: str, tmp_path: Path
) -> None:
    project = make_project(version)
    with project.start("up") as up:
        while project.engine.run("docker", "exec", project.container("dom0"), "test", "-e", "/out/mix.wav").returncode:
            assert up.poll() is None
            time.sleep(0.2)
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=60)
    states = [project.engine.inspect(project.container(service))["State"] for service in ("dom0", *GUESTS)]
    assert [state["Running"] for state in states] == [False] * 4
    assert soundfile.info(bring(project, tmp_path) / "mix.wav").samplerate == 48000


def test_a_folder_may_take_the_result_instead_of_the_volume(make_project: MakeProject, tmp_path: Path) -> None:
    shown = make_project("1", {"VSND_OUT": str(tmp_path)}).run("config").stdout
    assert f"{tmp_path}:/out" in shown
